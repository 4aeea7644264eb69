"""One look at ten thousand databases, beside boto3 with its own parser that merely pages through the same pages."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import boto3
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec, RdsEnrollmentStatus
from rds_enrollment.aws import rds
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.steps.teleport import CreateDatabase
from rds_enrollment.runtime.garbage import spare_the_event_loop

from hack.bench.processes import serving
from hack.bench.samples import Comparison
from hack.sandbox.aws.rds_pages import ACCOUNT

COUNT = 10_000
ROUNDS = 3
REGION = "us-west-1"
_LAG_SECONDS = 0.005
"""Pause between two looks at the event loop's clock."""
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


def measure() -> list[Comparison]:
    """Time of a pass without changes; its effect on the event loop. The garbage collector is as rare as in the
    operator, for the floor, too."""
    with _listed(COUNT):
        account = Account(AwsClients(), None)
        databases = enrolled(account)
        spare_the_event_loop()
        ours, floor = [], []
        lags, idle = Lags(), Lags()
        for _ in range(ROUNDS):
            floor.append(_timed(_page_through))
            ours.append(_timed(lambda: _look(account, databases)))
        for _ in range(ROUNDS):
            asyncio.run(lags.sample(lambda: asyncio.to_thread(_look, account, databases)))
            asyncio.run(idle.sample(lambda: asyncio.sleep(1.0)))
    return [
        Comparison("look at 10,000 databases, request to plan and status", ours, floor, target=0.75),
        Comparison("event loop's lag meanwhile; floor: idle", lags.late, idle.late, aim="p99 below 50 ms"),
        Comparison("the process's own CPU in such a lag, at most", lags.cpu, idle.cpu, aim="p99 below 50 ms"),
    ]


def enrolled(account: AwsAccount) -> tuple[Database, ...]:
    """What Teleport holds when everything is enrolled."""
    steps = [step for part in plan(WANTED, _world(account, ())) for step in part.steps]
    return tuple(step.database for step in steps if isinstance(step, CreateDatabase))


def _look(account: AwsAccount, databases: tuple[Database, ...]) -> None:
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


def _page_through() -> None:
    client = boto3.Session().client("rds", region_name=REGION)
    pages = client.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 100})
    if sum(len(page["DBInstances"]) for page in pages) != COUNT:
        raise RuntimeError("the pages do not hold the estate")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Lags:
    """How late an event loop was, and what of it cannot be another process's doing."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.cpu: list[float] = []
        """CPU that this process used from the beginning of each pause to its late end, in seconds."""

    async def sample(self, work: Callable[[], Awaitable[None]]) -> None:
        """Look at the clock again and again while `work` runs."""
        running = asyncio.ensure_future(work())
        while not running.done():
            used, due = time.process_time(), time.perf_counter() + _LAG_SECONDS
            await asyncio.sleep(_LAG_SECONDS)
            late = max(time.perf_counter() - due, 0.0)
            self.late.append(late)
            self.cpu.append(min(late, time.process_time() - used))
        await running


def page_server(count: int) -> AbstractContextManager[str]:
    """The URL of an RDS that lists so many instances, from a process of its own."""
    return serving("hack.bench.rds_server", str(count))


@contextmanager
def _listed(count: int) -> Iterator[None]:
    """boto3's RDS is a page server."""
    with page_server(count) as url:
        os.environ.update(
            AWS_ENDPOINT_URL_RDS=url,
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106 - nothing checks it
            AWS_EC2_METADATA_DISABLED="true",
            NO_PROXY="127.0.0.1",
        )
        yield
