"""ListResources: pages of what agents publish."""

import pytest
from grpclib.const import Status
from rds_enrollment.teleport.wire.auth_service_pb2 import ListResourcesRequest, ListResourcesResponse

from hack.sandbox.aws.tasks import Reachability
from hack.sandbox.teleport.heartbeats import Host, database_server, database_service, target_health
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, Client, refused
from tests.unit.sandbox_teleport.world import LABELS, ManualClock, database

SELECTOR = {key: (value,) for key, value in LABELS.items()}


def host(number: int) -> Host:
    return Host(f"host-{number:04}", f"ip-{number}", "18.0.0", True, (SELECTOR,))


def publish(sandbox: TeleportSandbox, clock: ManualClock, hosts: int, *names: str) -> None:
    """Heartbeats that expire after a minute."""
    expires = clock.now.replace(minute=clock.now.minute + 1)
    for number in range(hosts):
        sandbox.resources.database_services.put(database_service(host(number), expires))
        for name in names:
            health = target_health("x:1", Reachability(True), clock.now, None)
            sandbox.resources.database_servers.put(
                database_server(host(number), database(name), health, expires)
            )


async def pages(bot: Client, kind: str, limit: int) -> list[ListResourcesResponse]:
    found: list[ListResourcesResponse] = []
    key = ""
    while not found or key:
        request = ListResourcesRequest(ResourceType=kind, Namespace="default", Limit=limit, StartKey=key)
        found.append(await bot.auth.ListResources(request, timeout=TIMEOUT))
        key = found[-1].NextKey
    return found


async def test_two_agents_of_one_database_are_two_db_servers(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client
) -> None:
    publish(sandbox, clock, 2, "orders", "billing")
    found = [
        [(each.DatabaseServer.Spec.HostID, each.DatabaseServer.Metadata.Name) for each in page.Resources]
        for page in await pages(bot, "db_server", 3)
    ]
    assert found == [
        [("host-0000", "billing"), ("host-0000", "orders"), ("host-0001", "billing")],
        [("host-0001", "orders")],
    ]


@pytest.mark.parametrize(
    ("limit", "sizes"), [(0, [1000, 1]), (500, [500, 500, 1]), (1001, [1001]), (5000, [1001])]
)
async def test_a_page_has_1000_unless_a_limit_is_given(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client, limit: int, sizes: list[int]
) -> None:
    publish(sandbox, clock, 1001)
    assert [len(page.Resources) for page in await pages(bot, "db_service", limit)] == sizes


async def test_expired_heartbeats_vanish(sandbox: TeleportSandbox, clock: ManualClock, bot: Client) -> None:
    publish(sandbox, clock, 1, "orders")
    clock.advance(59)
    for kind in ("db_server", "db_service"):
        assert [len(page.Resources) for page in await pages(bot, kind, 0)] == [1]
    clock.advance(1)
    for kind in ("db_server", "db_service"):
        assert [len(page.Resources) for page in await pages(bot, kind, 0)] == [0]


async def test_a_negative_limit_is_refused(bot: Client) -> None:
    with refused(Status.INVALID_ARGUMENT, "negative"):
        await bot.auth.ListResources(
            ListResourcesRequest(ResourceType="db_server", Limit=-1), timeout=TIMEOUT
        )


async def test_another_namespace_is_refused(bot: Client) -> None:
    request = ListResourcesRequest(ResourceType="db_server", Namespace="other")
    with refused(Status.INVALID_ARGUMENT, "namespace"):
        await bot.auth.ListResources(request, timeout=TIMEOUT)


async def test_another_kind_is_said_not_to_be_here(bot: Client) -> None:
    with refused(Status.UNIMPLEMENTED, "'node'"):
        await bot.auth.ListResources(ListResourcesRequest(ResourceType="node"), timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("field", "name"),
    [(b"\x32\x01x", "PredicateExpression"), (b"\x2a\x00", "Labels"), (b"\x48\x01", "NeedTotalCount")],
)
async def test_an_option_that_is_not_here_is_refused_and_never_ignored(
    bot: Client, field: bytes, name: str
) -> None:
    request = ListResourcesRequest(ResourceType="db_server")
    request.MergeFromString(field)
    with refused(Status.UNIMPLEMENTED, name):
        await bot.auth.ListResources(request, timeout=TIMEOUT)
