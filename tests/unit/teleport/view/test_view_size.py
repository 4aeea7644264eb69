"""Ten thousand databases: memory, answers above 4 MiB, pages where the server has them."""

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rds_enrollment
from grpclib.const import Status
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.events import Delete, Put
from rds_enrollment.teleport.kinds import Kind, hold
from rds_enrollment.teleport.memory import Memory
from rds_enrollment.teleport.wire.auth_service_pb2 import ListDatabasesResponse
from rds_enrollment.teleport.wire.database_pb2 import AWS, RDS, DatabaseSpecV3, DatabaseV3, DatabaseV3List
from rds_enrollment.teleport.wire.resource_pb2 import Metadata

from tests.unit.teleport.fake_auth import FakeTeleport
from tests.unit.teleport.view.view_world import ENROLLMENT_MARK, server

NOW = datetime(2030, 1, 1, tzinfo=UTC)
COUNT = 10_000
SAMPLE = 2_000
"""Enough to measure what one costs."""
MIB = 2**20
LIMIT = 40 * MIB
"""For all of them with two replicas each."""
OURS = str(Path(rds_enrollment.__file__).parent / "*")
"""Threads of other tests' servers in this process allocate as well."""


def an_object(number: int) -> DatabaseV3:
    """As large as they are in earnest: 20 labels, half of them the same everywhere."""
    same = {f"common-{index}": "a value that all of them have" for index in range(10)}
    own = {f"own-{index}": f"{index} of database {number}" for index in range(9)}
    return DatabaseV3(
        Metadata=Metadata(Name=f"db-{number}", Labels={**same, **own, OWNER_MARK: ENROLLMENT_MARK}),
        Spec=DatabaseSpecV3(
            Protocol="postgres",
            URI=f"db-{number}.c0ffee.eu-west-1.rds.amazonaws.com:5432",
            AWS=AWS(
                Region="eu-west-1",
                AccountID="123456789012",
                RDS=RDS(
                    InstanceID=f"db-{number}",
                    ResourceID=f"db-RESOURCE{number}",
                    VPCID="vpc-0a",
                    Subnets=["subnet-0a", "subnet-0b", "subnet-0c"],
                    SecurityGroups=["sg-0a"],
                ),
            ),
        ),
    )


def test_ten_thousand_databases_with_two_replicas_each_are_held_in_bounded_memory() -> None:
    """Each comes twice: what is held grows with the objects, not with the events."""
    memory = Memory()
    gc.collect()
    tracemalloc.start()
    try:
        for beat in range(10):
            expires = NOW + timedelta(minutes=beat)
            for number in range(beat, SAMPLE, 10):
                message = an_object(number)
                for _ in range(2):
                    memory.apply(Put(hold(message)))
                for host in ("host-1", "host-2"):
                    memory.apply(Put(hold(server(host, message, expires))))
        gc.collect()
        ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, OURS)])
    finally:
        tracemalloc.stop()
    held = sum(trace.size for trace in ours.traces)
    assert len(list(memory.all(Kind.DATABASE))) == SAMPLE
    assert len(list(memory.all(Kind.DATABASE_SERVER))) == 2 * SAMPLE
    assert held * COUNT / SAMPLE < LIMIT, f"{held * COUNT / SAMPLE / MIB:.0f} MiB"


def test_expiring_leaves_nothing_behind() -> None:
    memory = Memory()
    message = an_object(1)
    memory.apply(Put(hold(message)))
    memory.apply(Put(hold(server("h", message, NOW + timedelta(minutes=1)))))
    memory.apply(Put(hold(server("h", message, NOW + timedelta(minutes=5)))))
    assert memory.expire(NOW + timedelta(minutes=1)) == []
    assert memory.seconds_to_expiry(NOW) == 300
    (change,) = memory.expire(NOW + timedelta(minutes=5))
    assert (change.kind, change.key, change.after) == (Kind.DATABASE_SERVER, "h/db-1", None)
    assert memory.seconds_to_expiry(NOW) is None
    assert memory.apply(Delete(Kind.DATABASE_SERVER, "h/db-1")).matters is False


async def test_an_answer_above_4_mib_is_read(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.auth.databases = {f"db-{number}": an_object(number) for number in range(COUNT)}
    size = DatabaseV3List(Databases=teleport.auth.databases.values()).ByteSize()
    assert size > 4 * MIB
    assert len(await client.databases()) == COUNT
    assert teleport.journal.rpcs() == ["ListDatabases", "GetDatabases"]


async def test_pages_are_preferred_where_the_server_has_them(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    teleport.auth.has_list_databases = True
    teleport.auth.databases = {f"db-{number}": an_object(number) for number in range(5)}
    assert await client.databases() == [read_database(an_object(number)) for number in range(5)]
    assert teleport.journal.rpcs() == ["ListDatabases"] * 3


async def test_a_server_that_loses_its_pages_half_way_gives_everything_once(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    """As when the next page is asked of an older server behind the same address."""
    teleport.auth.has_list_databases = True
    teleport.auth.databases = {f"db-{number}": an_object(number) for number in range(5)}
    pages = 0

    async def count() -> None:
        nonlocal pages
        pages += 1
        teleport.auth.has_list_databases = pages < 2

    teleport.journal.before["ListDatabases"] = count
    assert sorted(each.name for each in await client.databases()) == [f"db-{number}" for number in range(5)]


async def test_pages_that_do_not_end_are_not_followed_for_ever(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    teleport.auth.has_list_databases = True
    teleport.auth.next_keys = {"": "same", "same": "same"}
    with pytest.raises(Transient, match="do not end"):
        await client.databases()


async def test_a_page_with_unknown_fields_is_not_believed(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    """Its objects might be in one of them."""
    teleport.auth.has_list_databases = True
    teleport.auth.databases = {"db-1": an_object(1)}
    teleport.auth.odd_page = ListDatabasesResponse.FromString(b"\x1a\x01x")
    assert [each.name for each in await client.databases()] == ["db-1"]
    assert teleport.journal.rpcs() == ["ListDatabases", "GetDatabases"]


async def test_a_denial_of_the_pages_is_a_denial(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.journal.fail("ListDatabases", Status.PERMISSION_DENIED)
    with pytest.raises(Blocked, match="ListDatabases"):
        await client.databases()
