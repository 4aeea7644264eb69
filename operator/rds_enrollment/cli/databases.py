"""`rds-enrollment databases`, and `kubectl rds-enrollment databases`."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from rds_enrollment.cli.adapters import open_adapters
from rds_enrollment.cli.output import output_flag, table
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.flags import flags_of
from rds_enrollment.runtime.settings import Settings, load

if TYPE_CHECKING:
    from rds_enrollment.api.rds_enrollment import DiscoveredDatabase
    from rds_enrollment.controllers.enrollment_report import EnrollmentReport

_SETTINGS = (
    "teleport_address",
    "teleport_identity",
    "teleport_connection",
    "teleport_ca_file",
    "owner_id",
    "assume_roles",
)
_COLUMNS = ("name", "identifier", "region", "vpcId", "state", "reason", "message")
_FILTERS = ("state", "reason", "region", "vpc_id")


@click.command("databases")
@click.argument("name")
@click.option(
    "-n", "--namespace", help="Namespace of the enrolment (default: that of the kubeconfig's context)."
)
@click.option(
    "--state", multiple=True, help="Only those in this state, such as Conflicting; may be repeated."
)
@click.option(
    "--reason", multiple=True, help="Only those with this reason, such as NameTaken; may be repeated."
)
@click.option("--region", multiple=True, help="Only those of this AWS region; may be repeated.")
@click.option("--vpc-id", multiple=True, help="Only those of this VPC; may be repeated.")
@output_flag
@flags_of(*_SETTINGS)
def command(name: str, namespace: str | None, output: str, **options: Any) -> None:
    """List all databases of the RdsEnrollment NAME with their state and reason, the troubled first.

    AWS, Teleport and Kubernetes are read as a reconcile reads them, with the caller's own credentials: boto3's
    (AWS_PROFILE, ...), the identity file, and KUBECONFIG. Nothing is written. What could not be read is told on
    standard error, and the exit code is 1.
    """
    wanted = {field: frozenset(text.lower() for text in options.pop(field)) for field in _FILTERS}
    report = asyncio.run(_look(load(options), namespace, name))
    rows = (row for row in report.databases if _is_wanted(row, wanted))
    for line in _FORMS[output](rows):
        click.echo(line)
    sys.stdout.flush()
    if report.gaps:
        raise FatalError(f"not everything was seen: {'; '.join(gap.message for gap in report.gaps)}")


async def _look(settings: Settings, namespace: str | None, name: str) -> "EnrollmentReport":
    from rds_enrollment.controllers.enrollment_report import report_on
    from rds_enrollment.controllers.rds_enrollment import RdsEnrollmentController
    from rds_enrollment.kubernetes.config import current_namespace

    async with open_adapters(settings) as adapters:
        return await report_on(RdsEnrollmentController(adapters), namespace or current_namespace(), name)


def _is_wanted(row: "DiscoveredDatabase", wanted: dict[str, frozenset[str]]) -> bool:
    return all(
        not values or str(getattr(row, field) or "").lower() in values for field, values in wanted.items()
    )


def _table(rows: Iterable["DiscoveredDatabase"]) -> Iterator[str]:
    return table(_COLUMNS, map(_cells, rows))


def _cells(row: "DiscoveredDatabase") -> tuple[str, ...]:
    said = row.model_dump(mode="json", by_alias=True)
    return tuple(str(said[column] or "") for column in _COLUMNS)


def _json(rows: Iterable["DiscoveredDatabase"]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield f"{before}{row.model_dump_json(by_alias=True, exclude_none=True)}"
        before = ","
    yield "]" if before == "," else "[]"


def _yaml(rows: Iterable["DiscoveredDatabase"]) -> Iterator[str]:
    import yaml

    empty = True
    for row in rows:
        empty = False
        said = [row.model_dump(mode="json", by_alias=True, exclude_none=True)]
        yield yaml.safe_dump(said, sort_keys=False, allow_unicode=True).rstrip()
    if empty:
        yield "[]"


_FORMS: dict[str, Callable[[Iterable["DiscoveredDatabase"]], Iterator[str]]] = {
    "table": _table,
    "json": _json,
    "yaml": _yaml,
}
