"""One look at an estate whose databases are all enrolled, from the listing to the status.

An early version of the operator does the same look for comparison: imports here keep to what that version has.
"""

import os
from datetime import UTC, datetime

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec, RdsEnrollmentStatus
from rds_enrollment.aws import rds
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.steps.teleport import CreateDatabase

from hack.sandbox.aws.rds_pages import ACCOUNT

REGION = "us-west-1"
WANTED = WantedEnrollment(
    owner=Owner("bench", "rdsenroll", "teleport", "prod"),
    uid="1",
    account=ACCOUNT,
    spec=RdsEnrollmentSpec.model_validate(
        {"integrationRef": {"name": "prod-aws"}, "regions": [REGION], "databases": {"all": {}}}
    ),
    teleport_cluster="example.teleport.sh",
)


class Account(AwsAccount):
    """Nobody has to be asked whose account it is."""

    def identity(self) -> CallerIdentity:
        return CallerIdentity(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/bench/bench")


def list_from(url: str) -> None:
    """Let boto3's RDS in this process be a page server (`hack.bench.rds_server`)."""
    os.environ.update(
        AWS_ENDPOINT_URL_RDS=url,
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106 - nothing checks it
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1",
    )


def enrolled(account: AwsAccount) -> tuple[Database, ...]:
    """What Teleport holds when everything is enrolled."""
    steps = [step for part in plan(WANTED, _world(account, ())) for step in part.steps]
    return tuple(step.database for step in steps if isinstance(step, CreateDatabase))


def look(account: AwsAccount, databases: tuple[Database, ...]) -> None:
    """One pass. Raises RuntimeError when it finds something to do."""
    world = _world(account, databases)
    parts = plan(WANTED, world)
    observed_status(RdsEnrollmentStatus(), WANTED, world, {})
    if any(part.steps for part in parts):
        raise RuntimeError("the bench's estate was to be converged")


def _world(account: AwsAccount, databases: tuple[Database, ...]) -> EnrollmentWorld:
    return EnrollmentWorld(
        read_at=datetime.now(UTC),
        inventories={REGION: rds.inventory(account, REGION)},
        databases=databases,
        servers=(),
        user_tasks=(),
        deployments=(),
    )
