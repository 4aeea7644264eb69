"""`rds-enrollment plan`."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from rds_enrollment.cli.adapters import open_adapters
from rds_enrollment.cli.output import Form, output_flag, print_data, print_text
from rds_enrollment.plan.text import printable
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.flags import flags_of
from rds_enrollment.runtime.settings import Settings, load

if TYPE_CHECKING:
    from rds_enrollment.controllers.preview import Preview

_SETTINGS = (
    "teleport_address",
    "teleport_identity",
    "teleport_connection",
    "teleport_ca_file",
    "teleport_edition",
    "owner_id",
    "assume_roles",
    "host_addresses",
)
PENDING, FAILED = 2, 1
_SIGNS = {"create": "+", "change": "~", "delete": "-"}
_COLOURS = {"create": "green", "change": "yellow", "delete": "red"}
_ACTIONS = {
    **dict.fromkeys(("Create", "Register", "Authorize", "Add"), "create"),
    **dict.fromkeys(("Delete", "Deregister", "Revoke", "Disassociate", "Untag", "Disown"), "delete"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write. `action`: create, change or delete."""

    action: str
    step: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedObject:
    """What would be written for one object, and what is in the way."""

    kind: str
    namespace: str
    name: str
    changes: tuple[Change, ...]
    hindrances: tuple[str, ...]
    remarks: tuple[str, ...]
    idle: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What is printed for programs."""

    objects: tuple[PlannedObject, ...]


class _PlanCommand(click.Command):
    """Whoever reads the exit code must not take a wrong call for pending changes."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise FatalError(error.format_message(), exit_code=FAILED) from error


@click.command("plan", cls=_PlanCommand)
@click.option(
    "-f", "--filename", "paths", multiple=True, required=True, help="File, folder or - ; may be repeated."
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Of manifests that name none.")
@output_flag
@flags_of(*_SETTINGS)
def command(paths: tuple[str, ...], namespace: str, output: Form, **options: Any) -> None:
    """Show what applying manifests would change in AWS and Teleport, and write nothing.

    AWS and Teleport are read as the operator reads them, with the caller's own credentials; no cluster is asked: the
    manifests stand for all its objects, so give those that refer to each other together. Exit code 0: nothing would
    change; 2: something would; 1: it could not be told, or something is in the way.
    """
    planned = Planned(tuple(map(_told, asyncio.run(_plan(_settings(options), paths, namespace)))))
    if output == "table":
        print_text(draw(planned))
    else:
        print_data(planned, output)
    if any(item.hindrances for item in planned.objects):
        raise FatalError("not everything can be done: see the lines that begin with !", exit_code=FAILED)
    if any(item.changes for item in planned.objects):
        raise click.exceptions.Exit(PENDING)


def _settings(options: dict[str, Any]) -> Settings:
    try:
        return load(options)
    except FatalError as error:
        raise FatalError(str(error), exit_code=FAILED) from error


async def _plan(settings: Settings, paths: Sequence[str], namespace: str) -> list["Preview"]:
    from rds_enrollment.cli.manifests import read_manifests
    from rds_enrollment.controllers.preview import preview_all
    from rds_enrollment.kubernetes.manifests import ManifestObjects

    objects = ManifestObjects((it.document for it in read_manifests(paths)), namespace=namespace)
    try:
        async with open_adapters(settings, objects) as adapters:
            return await preview_all(adapters, objects)
    except FatalError as error:
        raise FatalError(str(error), exit_code=FAILED) from error


def _told(preview: "Preview") -> PlannedObject:
    return PlannedObject(
        kind=preview.kind,
        namespace=preview.namespace,
        name=preview.name,
        changes=tuple(
            Change(action=_action(step.words), step=step.name, description=step.words)
            for step in preview.steps
        ),
        hindrances=tuple(f"{outcome.reason}: {outcome.message}" for outcome in preview.hindrances),
        remarks=tuple(preview.remarks),
        idle=preview.idle,
    )


def _action(words: str) -> str:
    return _ACTIONS.get(words.partition(" ")[0], "change")


def draw(planned: Planned) -> str:
    """Lines with colours; whoever prints them takes these out where they are not wanted."""
    return "\n".join(_lines(planned))


def _lines(planned: Planned) -> Iterator[str]:
    counts = Counter(change.action for item in planned.objects for change in item.changes)
    for item in planned.objects:
        note = f" ({item.idle})" if item.idle else "" if item.changes or item.hindrances else " (as wanted)"
        yield f"{item.kind} {item.namespace}/{item.name}{note}"
        for change in item.changes:
            yield _coloured(f"{_SIGNS[change.action]} {change.description}", _COLOURS[change.action])
        for hindrance in item.hindrances:
            yield _coloured(f"! {hindrance}", "red")
        yield from (f"  i {printable(remark)}" for remark in item.remarks)
    yield ""
    yield f"Plan: {', '.join(f'{counts[action]} to {action}' for action in _SIGNS)}."


def _coloured(words: str, colour: str) -> str:
    return click.style(f"  {printable(words)}", fg=colour)
