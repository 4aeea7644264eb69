"""`rds-enrollment gc`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from rds_enrollment.cli.account import account_flags, account_of
from rds_enrollment.cli.adapters import open_adapters
from rds_enrollment.cli.output import Form, output_flag, print_data, table
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.flags import flags_of
from rds_enrollment.runtime.settings import Settings, load

if TYPE_CHECKING:
    from rds_enrollment.controllers.leftovers import Collected
    from rds_enrollment.plan.leftovers import Leftover, Survey

_SETTINGS = (
    "teleport_address",
    "teleport_identity",
    "teleport_connection",
    "teleport_ca_file",
    "owner_id",
    "watch_namespaces",
    "poll_seconds",
)
_COLUMNS = ("state", "place", "resource", "owner", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One leftover. `state`: Left, Waits, Deleted or Failed; `place`: a region, global (IAM) or teleport."""

    state: str
    place: str
    resource: str
    owner: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is printed for programs."""

    leftovers: tuple[Row, ...]


@click.command("gc")
@click.option("--region", "regions", multiple=True, required=True, help="AWS region; may be repeated.")
@click.option("--delete", is_flag=True, help="Remove them. Without it nothing is written.")
@click.option(
    "--empty-cluster",
    is_flag=True,
    help="With --delete: go on although the cluster has no object of the three kinds at all. A cluster that is being"
    " rebuilt looks the same, and its objects would find nothing left.",
)
@account_flags
@output_flag
@flags_of(*_SETTINGS)
def command(delete: bool, empty_cluster: bool, output: Form, **options: Any) -> None:
    """List what this operator made and no object in the cluster belongs to any more, and with --delete remove it.

    What counts is the owner mark, with this operator's --owner-id: on AWS resources of one account and the regions
    named, and on databases, join tokens and integrations in Teleport that are about them. Agents go first and drain
    before what they need. Everything is read with the caller's own credentials: boto3's (AWS_PROFILE, ...), the
    identity file, and KUBECONFIG. What cannot be read in full is not acted on, and the exit code is 1.
    """
    regions, role = options.pop("regions"), (options.pop("role_arn"), options.pop("external_id"))
    listing = asyncio.run(_gc(load(options), regions, role, delete=delete, empty_cluster=empty_cluster))
    if output == "table":
        for line in _table(listing):
            click.echo(line)
    else:
        print_data(listing, output)
    stuck = [row for row in listing.leftovers if row.state != "Deleted"]
    if delete and stuck:
        raise FatalError(f"{len(stuck)} of {len(listing.leftovers)} are still there")


async def _gc(
    settings: Settings,
    regions: tuple[str, ...],
    role: tuple[str | None, str | None],
    *,
    delete: bool,
    empty_cluster: bool,
) -> Listing:
    """Next to the leader, which never touches these: they belong to no object."""
    from rds_enrollment.controllers.leftovers import Leftovers
    from rds_enrollment.plan.leftovers import leftovers

    async with open_adapters(settings) as adapters:
        found = Leftovers(adapters, account_of(adapters, *role), regions, settings.watch_namespaces)
        survey = await found.survey()
        if not delete:
            return Listing(tuple(map(_left, leftovers(survey))))
        _require_objects(survey, empty_cluster=empty_cluster)
        return _collected(await found.collect())


def _require_objects(survey: "Survey", *, empty_cluster: bool) -> None:
    if not survey.living and not empty_cluster:
        raise FatalError(
            "the cluster has no object of the three kinds at all, so that everything would count as left over: nothing "
            "is deleted. If that is meant, say --empty-cluster"
        )


def _left(item: "Leftover") -> Row:
    state = "Left" if item.steps else "Waits"
    return Row(state=state, place=item.place, resource=item.resource, owner=item.owner, message=item.waits)


def _collected(done: "Collected") -> Listing:
    gone = (
        Row(state="Deleted", place=item.place, resource=item.resource, owner=item.owner)
        for item in done.removed
    )
    left = (_unremoved(item, done) for item in done.left)
    return Listing((*gone, *left))


def _unremoved(item: "Leftover", done: "Collected") -> Row:
    failure = done.failures.get(item.identity)
    if failure is None:
        return _left(item)
    return Row(
        state="Failed", place=item.place, resource=item.resource, owner=item.owner, message=failure.message
    )


def _table(listing: Listing) -> Iterator[str]:
    if not listing.leftovers:
        yield "Nothing is left over."
        return
    yield from table(_COLUMNS, ([getattr(row, column) for column in _COLUMNS] for row in listing.leftovers))
