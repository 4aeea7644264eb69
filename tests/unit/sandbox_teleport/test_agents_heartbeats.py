"""What agents publish, and when it goes."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, timedelta

import pytest
import yaml
from rds_enrollment.teleport.wire.auth_service_pb2 import ListResourcesRequest
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

from hack.sandbox.teleport.heartbeats import AWS_OIDC_AGENT_LABEL
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, Client, connect
from tests.unit.sandbox_teleport.world import (
    LABELS,
    ORDERS,
    TASK,
    FakeAws,
    ManualClock,
    command,
    config,
    database,
    task,
    token,
)

TTL = 600


@pytest.fixture
def sandbox(aws: FakeAws, clock: ManualClock) -> Iterator[TeleportSandbox]:
    """A cluster that one running task has joined."""
    with TeleportSandbox(tasks=aws, clock=clock) as sandbox:
        sandbox.resources.tokens.put(token())
        aws.tasks = [task()]
        sandbox.agents.tick()
        clock.advance(0.3)
        sandbox.agents.tick()
        yield sandbox


@pytest.fixture
async def bot(sandbox: TeleportSandbox) -> AsyncIterator[Client]:
    async with connect(sandbox.address, sandbox.identity_file) as client:
        yield client


async def services(bot: Client) -> list[DatabaseServiceV1]:
    answer = await bot.auth.ListResources(ListResourcesRequest(ResourceType="db_service"), timeout=TIMEOUT)
    return [each.DatabaseService for each in answer.Resources]


async def servers(bot: Client) -> list[DatabaseServerV3]:
    answer = await bot.auth.ListResources(ListResourcesRequest(ResourceType="db_server"), timeout=TIMEOUT)
    return [each.DatabaseServer for each in answer.Resources]


async def test_an_agent_publishes_what_it_is_and_what_it_serves(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client
) -> None:
    (service,) = await services(bot)
    assert service.Header.Kind == "db_service"
    assert service.Header.Metadata.Name == sandbox.agents.joined[TASK].host_id
    assert dict(service.Header.Metadata.Labels) == {AWS_OIDC_AGENT_LABEL: "true"}
    assert service.Header.Metadata.Expires.ToDatetime(UTC) == clock.now + timedelta(seconds=TTL)
    assert service.Spec.Hostname == "ip-10-0-1-17.us-west-1.compute.internal"
    (matcher,) = service.Spec.ResourceMatchers
    assert {key: list(each.Values) for key, each in matcher.Labels.Values.items()} == {
        key: [value] for key, value in LABELS.items()
    }


async def test_an_agent_of_another_kind_of_deployment_has_no_label(
    sandbox: TeleportSandbox, aws: FakeAws, clock: ManualClock, bot: Client
) -> None:
    aws.tasks = [task(f"{TASK}-2", environment={}, private_dns_name="")]
    sandbox.agents.tick()
    clock.advance(0.3)
    sandbox.agents.tick()
    (service,) = await services(bot)
    assert (dict(service.Header.Metadata.Labels), service.Spec.Hostname) == ({}, "ip-10-0-1-17")


async def test_a_database_gets_a_server_at_the_next_tick_and_loses_it_again(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    (server,) = await servers(bot)
    host = sandbox.agents.joined[TASK]
    assert (server.Kind, server.Version, server.Metadata.Name) == ("db_server", "v3", "orders")
    assert (server.Spec.HostID, server.Spec.Hostname, server.Spec.Version) == (
        host.host_id,
        host.hostname,
        "18.0.0",
    )
    assert server.Spec.Database.Metadata.Labels["teleport.dev/origin"] == "dynamic"
    assert server.Metadata.Expires.ToDatetime(UTC) == clock.now + timedelta(seconds=TTL)
    await bot.auth.DeleteDatabase(ResourceRequest(Name="orders"), timeout=TIMEOUT)
    sandbox.agents.tick()
    assert await servers(bot) == []


async def test_a_changed_database_shows_at_the_next_tick(sandbox: TeleportSandbox, bot: Client) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    await bot.auth.UpdateDatabase(database(team="data"), timeout=TIMEOUT)
    sandbox.agents.tick()
    (server,) = await servers(bot)
    assert server.Spec.Database.Metadata.Labels["team"] == "data"
    await bot.auth.UpdateDatabase(database(**{"vpc-id": "vpc-other"}), timeout=TIMEOUT)
    sandbox.agents.tick()
    assert await servers(bot) == []


@pytest.mark.parametrize("label", sorted(LABELS))
async def test_a_database_that_misses_one_label_is_not_served(
    sandbox: TeleportSandbox, bot: Client, label: str
) -> None:
    await bot.auth.CreateDatabase(database(**{label: "another"}), timeout=TIMEOUT)
    sandbox.agents.tick()
    assert await servers(bot) == []


async def test_a_wildcard_serves_every_database(
    sandbox: TeleportSandbox, aws: FakeAws, clock: ManualClock, bot: Client
) -> None:
    everything = config(db_service={"enabled": "yes", "resources": [{"labels": {"*": "*"}}]})
    aws.tasks = [task(f"{TASK}-2", command=command(yaml.safe_dump(everything)))]
    await bot.auth.CreateDatabase(database(region="elsewhere"), timeout=TIMEOUT)
    sandbox.agents.tick()
    clock.advance(0.3)
    sandbox.agents.tick()
    assert [each.Metadata.Name for each in await servers(bot)] == ["orders"]


async def test_two_tasks_are_two_servers_of_one_database(
    sandbox: TeleportSandbox, aws: FakeAws, clock: ManualClock, bot: Client
) -> None:
    aws.tasks = [task(), task(f"{TASK}-2")]
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    clock.advance(0.3)
    sandbox.agents.tick()
    found = await servers(bot)
    assert {each.Spec.HostID for each in found} == {host.host_id for host in sandbox.agents.joined.values()}
    assert [each.Metadata.Name for each in found] == ["orders", "orders"]


async def test_health_is_what_the_task_can_reach(
    sandbox: TeleportSandbox, aws: FakeAws, clock: ManualClock, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    first = (await servers(bot))[0].Status.TargetHealth
    assert (first.Status, first.Address, first.Protocol) == ("healthy", f"{ORDERS}:5432", "TCP")
    assert (first.TransitionReason, first.TransitionError) == ("threshold_reached", "")
    assert first.Message == "1 health check passed"
    changed = clock.now
    clock.advance(2)
    aws.errors[ORDERS, 5432] = "dial tcp 10.0.1.9:5432: i/o timeout"
    sandbox.agents.tick()
    second = (await servers(bot))[0].Status.TargetHealth
    assert (second.Status, second.TransitionError) == ("unhealthy", "dial tcp 10.0.1.9:5432: i/o timeout")
    assert first.TransitionTimestamp.ToDatetime(UTC) == changed
    assert second.TransitionTimestamp.ToDatetime(UTC) == clock.now
    clock.advance(2)
    sandbox.agents.tick()
    third = (await servers(bot))[0].Status.TargetHealth
    assert third.TransitionTimestamp == second.TransitionTimestamp


async def test_heartbeats_are_renewed_at_their_interval(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.timing.heartbeat_interval = timedelta(seconds=300)
    sandbox.agents.timing.heartbeat_ttl = timedelta(seconds=400)
    clock.advance(2)
    sandbox.agents.tick()
    beat = clock.now
    for seconds, last in ((299, beat), (1, beat + timedelta(seconds=300))):
        clock.advance(seconds)
        sandbox.agents.tick()
        expected = last + timedelta(seconds=400)
        assert [each.Header.Metadata.Expires.ToDatetime(UTC) for each in await services(bot)] == [expected]
        assert [each.Metadata.Expires.ToDatetime(UTC) for each in await servers(bot)] == [expected]


async def test_a_graceful_stop_takes_the_heartbeats_along(
    sandbox: TeleportSandbox, aws: FakeAws, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    aws.tasks = []
    sandbox.agents.tick()
    assert (await services(bot), await servers(bot)) == ([], [])


@pytest.mark.parametrize("drains", [True, False], ids=["crash", "stop without signal rewriting"])
async def test_after_any_other_end_the_heartbeats_stay_until_they_expire(
    sandbox: TeleportSandbox, aws: FakeAws, clock: ManualClock, bot: Client, drains: bool
) -> None:
    words = task().command if drains else task().command[3:]
    sandbox.agents.stops_gracefully = not drains
    aws.tasks = [task(f"{TASK}-2", command=words)]
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.agents.tick()
    clock.advance(0.3)
    sandbox.agents.tick()
    host = sandbox.agents.joined[f"{TASK}-2"].host_id
    aws.tasks = []
    sandbox.agents.tick()
    clock.advance(TTL - 1)
    sandbox.agents.tick()
    assert host in [each.Header.Metadata.Name for each in await services(bot)]
    assert host in [each.Spec.HostID for each in await servers(bot)]
    clock.advance(1)
    assert (await services(bot), await servers(bot)) == ([], [])


def test_the_status_of_a_server_is_always_on_the_wire(sandbox: TeleportSandbox) -> None:
    sandbox.resources.databases.put(database())
    sandbox.agents.tick()
    (server,) = sandbox.resources.database_servers.list()
    assert server.HasField("Status")
    assert server.Status.HasField("TargetHealth")


def test_a_task_source_that_fails_once_delays_a_database_by_a_tick_only(
    sandbox: TeleportSandbox, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.agents.stop()
    with monkeypatch.context() as patch:
        patch.setattr(aws, "can_reach", _unreachable)
        sandbox.resources.databases.put(database())
        with pytest.raises(OSError, match="refused"):
            sandbox.agents.tick()
        assert sandbox.resources.database_servers.list() == []
    sandbox.agents.tick()
    assert [each.Metadata.Name for each in sandbox.resources.database_servers.list()] == ["orders"]


def _unreachable(*_: object) -> None:
    raise OSError("connection refused")
