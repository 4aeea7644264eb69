"""`rds-enrollment export`."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from rds_enrollment.cli.account import account_flags, account_of
from rds_enrollment.cli.adapters import open_adapters
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.flags import flags_of
from rds_enrollment.runtime.settings import Settings, load

if TYPE_CHECKING:
    from rds_enrollment.plan.export import Exported

_SETTINGS = ("teleport_address", "teleport_identity", "teleport_connection", "teleport_ca_file")
_NOBODY = "export"
"""Marks are only told from none at all: whose they are does not matter."""


@click.command("export")
@click.option("--region", "regions", multiple=True, required=True, help="AWS region; may be repeated.")
@click.option(
    "-n", "--namespace", default="teleport", show_default=True, help="Namespace that the manifests are for."
)
@account_flags
@flags_of(*_SETTINGS)
def command(namespace: str, **options: Any) -> None:
    """Print manifests of what Teleport's wizard made in an account, for `kubectl apply -f -`.

    They adopt it as it runs: no task is replaced for it. AWS and Teleport are read with the caller's own credentials,
    no cluster is asked, and nothing is written. What an operator has marked already is left out.
    """
    regions, role = options.pop("regions"), (options.pop("role_arn"), options.pop("external_id"))
    settings = load({**options, "owner_id": _NOBODY})
    exported = asyncio.run(_export(settings, regions, role, namespace))
    if not exported:
        raise FatalError("there is nothing of Teleport's wizard in this account and these regions")
    click.echo("---\n".join(map(_text, exported)), nl=False)


async def _export(
    settings: Settings, regions: tuple[str, ...], role: tuple[str | None, str | None], namespace: str
) -> list["Exported"]:
    from rds_enrollment.controllers.export import look_around
    from rds_enrollment.kubernetes.manifests import ManifestObjects
    from rds_enrollment.plan.export import export

    async with open_adapters(settings, ManifestObjects([], namespace=namespace)) as adapters:
        return export(await look_around(adapters, account_of(adapters, *role), regions), namespace)


def _text(item: "Exported") -> str:
    import yaml

    notes = "".join(f"# {note}\n" for note in item.notes)
    return notes + yaml.safe_dump(dict(item.manifest), sort_keys=False, allow_unicode=True)
