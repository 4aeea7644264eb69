"""A cluster with a live view that looks at it, and the means to disturb the two."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.follower import Pace
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.kinds import Kind
from rds_enrollment.teleport.view import LiveView
from rds_enrollment.teleport.wakes import TeleportWakes
from rds_enrollment.teleport.ways import Direct
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import database, token

if TYPE_CHECKING:
    from hack.sandbox.teleport.resources import Collection

PACE = Pace(poll=0.1, check=0.05, renewal=3600.0)
HANG_SECONDS = 30.0
"""A hang detector."""
OWNER_ID = "prod"
ENROLLMENT = Key("RdsEnrollment", "databases", "payments")
DEPLOYMENT = Key("DatabaseServiceDeployment", "databases", "eu-west-1-vpc-0a")
INTEGRATION = Key("AwsOidcIntegration", "databases", "prod-aws")
ENROLLMENT_MARK = f"{OWNER_ID}/rdsenroll/databases/payments"
DEPLOYMENT_MARK = f"{OWNER_ID}/dbsvc/databases/eu-west-1-vpc-0a"
REGION, VPC = "eu-west-1", "vpc-0a"


def owned_database(name: str = "orders", mark: str = ENROLLMENT_MARK) -> DatabaseV3:
    return database(name, **{OWNER_MARK: mark})


def expiry(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def service(host_id: str, expires: datetime, vpc_id: str = VPC) -> DatabaseServiceV1:
    """The heartbeat of an agent for one VPC."""
    message = DatabaseServiceV1()
    message.Header.Metadata.Name = host_id
    message.Header.Metadata.Expires.CopyFrom(expiry(expires))
    message.Spec.Hostname = f"ip-{host_id}"
    labels = message.Spec.ResourceMatchers.add().Labels
    for label, value in {"account-id": "123456789012", "region": REGION, "vpc-id": vpc_id}.items():
        labels.Values[label].Values.append(value)
    return message


def server(host_id: str, of: DatabaseV3, expires: datetime, status: str = "healthy") -> DatabaseServerV3:
    """An agent's heartbeat for one database."""
    message = DatabaseServerV3()
    message.Metadata.Name = of.Metadata.Name
    message.Metadata.Expires.CopyFrom(expiry(expires))
    message.Spec.HostID = host_id
    message.Spec.Database.CopyFrom(of)
    message.Status.TargetHealth.Status = status
    return message


class ManualTime:
    """An aware clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass
class World:
    """Everything around one view."""

    sandbox: TeleportSandbox
    client: TeleportClient
    view: LiveView
    clock: ManualTime
    woken: list[Mapping[Key, float]] = field(default_factory=list)
    """Which objects, and in how many seconds."""

    async def until(self, condition: Callable[[], object], seconds: float = HANG_SECONDS) -> None:
        """Look again and again until it is so; fails when it is not in time."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
            await asyncio.sleep(0.005)

    async def in_step(self) -> None:
        await self.until(lambda: self.view.live == frozenset(Kind))

    def held(self, kind: Kind) -> dict[str, str]:
        """Key and revision of what the view has in memory."""
        return {each.key: each.revision for each in self.view._memory.all(kind)}

    def stored(self, kind: Kind) -> dict[str, str]:
        """Key and revision of what the cluster has."""
        resources = self.sandbox.resources
        collections: dict[Kind, Collection[Any]] = {
            Kind.DATABASE: resources.databases,
            Kind.DATABASE_SERVER: resources.database_servers,
            Kind.DATABASE_SERVICE: resources.database_services,
            Kind.TOKEN: resources.tokens,
            Kind.INTEGRATION: resources.integrations,
        }
        collection = collections[kind]
        return {collection.key(each): collection.metadata(each).Revision for each in collection.list()}

    def is_exact(self) -> bool:
        """Whether the memory is what the cluster has."""
        return all(self.held(kind) == self.stored(kind) for kind in Kind)

    def all_woken(self) -> set[Key]:
        return {key for due in self.woken for key in due}

    async def quiet(self) -> None:
        """Wait until every event so far was taken in: a token that nobody cares for is the last of them."""
        name = f"marker-{len(self.stored(Kind.TOKEN))}"
        self.sandbox.resources.tokens.put(token(name))
        await self.until(lambda: name in self.held(Kind.TOKEN))


def _deployments_in(region: str, vpc_id: str) -> Iterable[Key]:
    return [DEPLOYMENT] if (region, vpc_id) == (REGION, VPC) else []


@asynccontextmanager
async def open_world(sandbox: TeleportSandbox, clock: ManualTime, pace: Pace) -> AsyncIterator[World]:
    """A view that runs. The block may begin before it is in step."""
    identity = IdentityFile(sandbox.identity_file, lambda: datetime.now(UTC))
    client = TeleportClient(Direct(Address.parse(sandbox.address), identity))
    woken: list[Mapping[Key, float]] = []
    view = LiveView(
        client,
        wakes=TeleportWakes(OWNER_ID, _deployments_in),
        wake=woken.append,
        now=clock,
        rng=random.Random(7),  # noqa: S311 - jitter
        pace=pace,
    )
    running = asyncio.create_task(view.run())
    try:
        yield World(sandbox, client, view, clock, woken)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        client.close()
