"""`rds-enrollment diagnose`, and `kubectl rds-enrollment diagnose`."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from rds_enrollment.cli.adapters import open_adapters
from rds_enrollment.cli.output import Form, output_flag, print_data, print_text
from rds_enrollment.runtime.flags import flags_of
from rds_enrollment.runtime.settings import Settings, load

if TYPE_CHECKING:
    from rds_enrollment.controllers.deployment_report import Inquiry
    from rds_enrollment.controllers.deployment_views import DeploymentReport

_SETTINGS = (
    "teleport_address",
    "teleport_identity",
    "teleport_connection",
    "teleport_ca_file",
    "owner_id",
    "assume_roles",
    "host_addresses",
)
_UNHEALTHY = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is printed for programs."""

    healthy: bool
    deployments: "tuple[DeploymentReport, ...]"


@click.command("diagnose")
@click.argument("name")
@click.option("-n", "--namespace", help="Namespace of NAME (default: that of the kubeconfig's context).")
@click.option("--database", help="Only the way to this database, by its name in Teleport.")
@click.option("--db-user", help="Log in as this user of the database, through Teleport. With --db-name.")
@click.option("--db-name", help="Log in to this database of the server. With --db-user.")
@output_flag
@flags_of(*_SETTINGS)
def command(
    name: str,
    namespace: str | None,
    database: str | None,
    db_user: str | None,
    db_name: str | None,
    output: Form,
    **options: Any,
) -> None:
    """Look now, and say why agents or databases of NAME are not well: a DatabaseServiceDeployment, or an RdsEnrollment
    with all that it has.

    AWS, Teleport and Kubernetes are read as a reconcile reads them, with the caller's own credentials: boto3's
    (AWS_PROFILE, ...), the identity file, and KUBECONFIG. Nothing is written. The exit code is 0 when all is well, and
    2 when it is not.

    With --db-user and --db-name a login is tried at each PostgreSQL database, through Teleport's proxy and an agent, as
    its own connection test does. The identity needs a role for it, and the right to ask for certificates; Teleport
    writes the sessions into its audit log.
    """
    from rds_enrollment.cli.diagnosis import draw
    from rds_enrollment.controllers.deployment_report import Inquiry, Login

    if bool(db_user) is not bool(db_name):
        raise click.UsageError("a login needs both, --db-user and --db-name")
    login = Login(db_user, db_name) if db_user and db_name else None
    found = asyncio.run(_look(load(options), namespace, name, Inquiry(database, login)))
    healthy = all(report.healthy for report in found)
    if output == "table":
        print_text(draw(found))
    else:
        print_data(Diagnosis(healthy, found), output)
    if not healthy:
        raise click.exceptions.Exit(_UNHEALTHY)


async def _look(
    settings: Settings, namespace: str | None, name: str, asked: "Inquiry"
) -> "tuple[DeploymentReport, ...]":
    from rds_enrollment.controllers.database_service_deployment import DatabaseServiceDeploymentController
    from rds_enrollment.controllers.deployment_report import reports_on
    from rds_enrollment.kubernetes.config import current_namespace

    async with open_adapters(settings) as adapters:
        controller = DatabaseServiceDeploymentController(adapters)
        return await reports_on(controller, namespace or current_namespace(), name, asked)
