"""`rds-enrollment version`."""

import click

from rds_enrollment import __version__


@click.command("version")
def command() -> None:
    """Print the version."""
    click.echo(__version__)
