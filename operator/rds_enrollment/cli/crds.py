"""`rds-enrollment crds`."""

import click


@click.command("crds")
def command() -> None:
    """Print the CustomResourceDefinitions, for `kubectl apply -f -`."""
    import yaml

    from rds_enrollment.api.crds import manifests

    click.echo(yaml.safe_dump_all(manifests(), sort_keys=False), nl=False)
