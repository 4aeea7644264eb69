"""The live view against the sandbox's auth server: answers, wakes, what happens when the stream does not hold."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import MaintenanceWindow
from rds_enrollment.plan.outcome import Blocked, Conflict, Transient
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, UpdateDatabase
from rds_enrollment.teleport import listings
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.events import Delete, Init, Put, read_event
from rds_enrollment.teleport.follower import Pace
from rds_enrollment.teleport.kinds import Held, Kind
from rds_enrollment.teleport.wire.event_pb2 import PUT, Event
from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import integration, token
from tests.unit.teleport.view_world import (
    DEPLOYMENT,
    DEPLOYMENT_MARK,
    ENROLLMENT,
    ENROLLMENT_MARK,
    ManualTime,
    World,
    open_world,
    owned_database,
    server,
    service,
)

CONDITION = ConditionType.DATABASES_ENROLLED
PACE = Pace(poll=0.1, check=0.05, renewal=3600.0)
WRITE_CALLS = {"proto.AuthService/CreateDatabase", "proto.AuthService/UpdateDatabase"}


@pytest.fixture
def clock() -> ManualTime:
    return ManualTime()


@pytest.fixture
def sandbox(clock: ManualTime) -> Iterator[TeleportSandbox]:
    with TeleportSandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def world(sandbox: TeleportSandbox, clock: ManualTime) -> AsyncIterator[World]:
    """In step with an empty cluster."""
    async with open_world(sandbox, clock, PACE) as world:
        await world.in_step()
        yield world


async def test_what_was_there_before_is_answered_without_a_call(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    soon = clock() + timedelta(minutes=10)
    stored = sandbox.resources.databases.put(owned_database())
    sandbox.resources.tokens.put(token("t"))
    sandbox.resources.integrations.put(integration("i"))
    sandbox.resources.database_services.put(service("host", soon))
    sandbox.resources.database_servers.put(server("host", stored, soon))
    async with open_world(sandbox, clock, PACE) as world:
        await world.in_step()
        await world.view.cluster()
        before = sandbox.calls

        assert await world.view.databases() == [read_database(stored)]
        found = await world.view.get_token("t")
        assert found is not None
        assert found.join_method == "iam"
        assert await world.view.get_token("u") is None
        assert await world.view.get_integration("i") is not None
        assert [agent.host_id for agent in await world.view.agents()] == ["host"]
        assert [each.health.status for each in await world.view.database_servers()] == ["healthy"]
        assert (await world.view.cluster()).name == sandbox.cluster_name
        assert sandbox.calls == before


async def test_events_change_the_answers(world: World) -> None:
    resources = world.sandbox.resources
    soon = world.clock() + timedelta(minutes=10)
    first = resources.databases.put(owned_database("a"))
    resources.databases.put(owned_database("b"))
    resources.database_servers.put(server("h1", first, soon))
    resources.database_servers.put(server("h2", first, soon))
    resources.databases.discard("b")
    resources.database_servers.discard("h1/a")
    await world.until(world.is_exact)

    assert [each.name for each in await world.view.databases()] == ["a"]
    assert [each.host_id for each in await world.view.database_servers()] == ["h2"]


async def test_only_whom_it_concerns_is_woken(world: World) -> None:
    resources = world.sandbox.resources
    soon = world.clock() + timedelta(minutes=10)
    resources.databases.put(owned_database("theirs", "other/rdsenroll/databases/payments"))
    resources.databases.put(owned_database("odd", "prod/no-kind/a/b"))
    resources.tokens.put(token("plain"))
    resources.database_services.put(service("h1", soon, vpc_id="vpc-other"))
    await world.quiet()
    assert world.all_woken() == set()

    resources.databases.put(owned_database())
    await world.until(lambda: world.all_woken() == {ENROLLMENT})

    world.woken.clear()
    resources.database_services.put(service("h2", soon))
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})

    world.woken.clear()
    ours = token("ours")
    ours.Metadata.Labels[OWNER_MARK] = DEPLOYMENT_MARK
    resources.tokens.put(ours)
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})


async def test_a_renewal_wakes_nobody_and_a_change_of_health_does(world: World) -> None:
    resources = world.sandbox.resources
    stored = resources.databases.put(owned_database())
    soon, later = (world.clock() + timedelta(minutes=minutes) for minutes in (10, 20))
    resources.database_services.put(service("h", soon))
    resources.database_servers.put(server("h", stored, soon))
    await world.quiet()
    world.woken.clear()

    resources.database_services.put(service("h", later))
    resources.database_servers.put(server("h", stored, later))
    await world.quiet()
    assert world.woken == []
    assert [agent.expires for agent in await world.view.agents()] == [later]

    resources.database_servers.put(server("h", stored, later, "unhealthy"))
    await world.until(lambda: world.all_woken() == {ENROLLMENT})


async def test_a_heartbeat_expires_by_its_own_time(world: World) -> None:
    resources = world.sandbox.resources
    stored = resources.databases.put(owned_database())
    resources.database_services.put(service("h", world.clock() + timedelta(minutes=10)))
    resources.database_servers.put(server("h", stored, world.clock() + timedelta(minutes=20)))
    await world.quiet()
    world.woken.clear()

    world.clock.advance(minutes=9, seconds=59)
    await world.quiet()
    assert len(await world.view.agents()) == 1
    world.clock.advance(seconds=1)
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})
    assert await world.view.agents() == []
    assert len(await world.view.database_servers()) == 1

    world.woken.clear()
    world.clock.advance(minutes=10)
    await world.until(lambda: world.all_woken() == {ENROLLMENT})
    assert await world.view.database_servers() == []


SCRIPT_LENGTH = 9


def play(sandbox: TeleportSandbox, clock: ManualTime) -> None:
    """Eight events over all kinds, three of them deletions."""
    resources = sandbox.resources
    soon = clock() + timedelta(minutes=10)
    resources.databases.put(owned_database("a"))
    resources.databases.discard("old")
    stored = resources.databases.put(owned_database("b"))
    resources.database_services.put(service("h", soon))
    resources.database_servers.put(server("h", stored, soon))
    resources.database_servers.discard("gone/old")
    resources.tokens.discard("old")
    resources.integrations.put(integration("new"))


@pytest.mark.parametrize("events", range(1, SCRIPT_LENGTH + 1))
async def test_a_stream_that_is_dropped_after_any_event_ends_exact(
    sandbox: TeleportSandbox, clock: ManualTime, events: int
) -> None:
    old = sandbox.resources.databases.put(owned_database("old"))
    sandbox.resources.database_servers.put(server("gone", old, clock() + timedelta(minutes=10)))
    sandbox.resources.tokens.put(token("old"))
    sandbox.events.drop_after = events
    async with open_world(sandbox, clock, PACE) as world:
        await world.until(lambda: sandbox.events.open or events == 1)
        play(sandbox, clock)
        await world.until(lambda: sandbox.calls["proto.AuthService/WatchEvents"] > 1)
        sandbox.events.drop_after = None
        await world.in_step()
        await world.until(world.is_exact)
        assert sorted(each.name for each in await world.view.databases()) == ["a", "b"]
        assert await world.view.get_token("old") is None
        assert [each.host_id for each in await world.view.database_servers()] == ["h"]


@pytest.mark.parametrize("moment", range(4))
async def test_what_happens_while_it_lists_is_not_lost(
    sandbox: TeleportSandbox, clock: ManualTime, moment: int
) -> None:
    """Deleted and created between the stream's beginning and each listing."""
    listing = [
        "proto.AuthService/GetDatabases",
        "proto.AuthService/ListResources",
        "proto.AuthService/GetTokens",
    ]
    sandbox.resources.databases.put(owned_database("old"))
    sandbox.resources.tokens.put(token("old"))
    sandbox.latencies = dict.fromkeys(listing, 0.05)
    async with open_world(sandbox, clock, PACE) as world:
        rpc = [*listing, "proto.AuthService/WatchEvents"][moment]
        await world.until(lambda: sandbox.calls[rpc])
        play(sandbox, clock)
        await world.in_step()
        await world.until(world.is_exact)


async def test_a_restart_of_the_server_is_caught_up_with(world: World) -> None:
    resources = world.sandbox.resources
    resources.databases.put(owned_database("a"))
    await world.until(world.is_exact)
    world.sandbox.stop()
    resources.databases.put(owned_database("b"))
    resources.databases.discard("a")
    await world.until(lambda: not world.view.live)
    world.woken.clear()
    world.sandbox.start()
    await world.in_step()
    assert world.is_exact()
    assert world.all_woken() == {ENROLLMENT}


async def test_without_a_stream_it_asks_and_polls(sandbox: TeleportSandbox, clock: ManualTime) -> None:
    sandbox.events.enabled = False
    async with open_world(sandbox, clock, PACE) as world:
        await world.until(lambda: sandbox.calls["proto.AuthService/WatchEvents"] > 1)
        stored = sandbox.resources.databases.put(owned_database())
        assert await world.view.databases() == [read_database(stored)]
        await world.until(lambda: world.all_woken() == {ENROLLMENT})
        assert world.view.live == frozenset()

        sandbox.events.enabled = True
        await world.in_step()
        assert world.is_exact()


async def test_a_kind_that_may_not_be_watched_is_asked_for(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    sandbox.role = sandbox.role.without("token")
    async with open_world(sandbox, clock, PACE) as world:
        await world.until(lambda: world.view.live)
        assert world.view.live == frozenset(Kind) - {Kind.TOKEN}
        with pytest.raises(Exception, match="a rule for token with read"):
            await world.view.get_token("t")
        assert await world.view.databases() == []


async def test_a_kind_that_may_be_watched_and_not_listed_is_asked_for(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    sandbox.resources.tokens.put(token("t"))
    sandbox.role = sandbox.role.without("token", "list")
    async with open_world(sandbox, clock, PACE) as world:
        await world.until(lambda: world.view.live)
        assert Kind.TOKEN not in world.view.live
        assert await world.view.get_token("t") is not None


async def test_it_reads_its_own_writes_while_the_stream_is_behind(world: World) -> None:
    wanted = read_database(owned_database("new"))
    world.sandbox.events.hold()

    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    assert [each.name for each in await world.view.databases()] == ["new"]

    changed = replace(wanted, uri="elsewhere.example.com:5432")
    await world.view.apply(UpdateDatabase(condition=CONDITION, database=changed))
    assert [each.uri for each in await world.view.databases()] == [changed.uri]

    await world.view.apply(DeleteDatabase(condition=CONDITION, database="new", owner=ENROLLMENT_MARK))
    assert await world.view.databases() == []
    assert world.held(Kind.DATABASE) == {}

    world.sandbox.events.release()
    await world.quiet()
    assert await world.view.databases() == []


async def test_once_the_stream_has_caught_up_nothing_is_read_back(world: World) -> None:
    wanted = read_database(owned_database("new"))
    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    await world.until(world.is_exact)
    assert [each.name for each in await world.view.databases()] == ["new"]
    before = world.sandbox.calls
    assert [each.name for each in await world.view.databases()] == ["new"]
    assert world.sandbox.calls == before


async def test_an_own_write_does_not_wake_its_writer_and_a_later_foreign_one_does(world: World) -> None:
    wanted = read_database(owned_database("new"))
    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    await world.view.databases()
    await world.quiet()
    assert world.all_woken() == set()

    foreign = owned_database("new")
    foreign.Spec.URI = "elsewhere.example.com:5432"
    world.sandbox.resources.databases.put(foreign)
    await world.until(lambda: world.all_woken() == {ENROLLMENT})


async def test_a_foreign_change_between_our_write_and_our_look_is_seen(world: World) -> None:
    wanted = read_database(owned_database("new"))
    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    foreign = owned_database("new")
    foreign.Spec.URI = "elsewhere.example.com:5432"
    world.sandbox.resources.databases.put(foreign)
    assert [each.uri for each in await world.view.databases()] == [foreign.Spec.URI]


async def test_many_own_writes_are_read_back_at_once(world: World) -> None:
    world.sandbox.events.hold()
    for number in range(60):
        wanted = read_database(owned_database(f"db-{number}"))
        await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    before = world.sandbox.calls
    assert len(await world.view.databases()) == 60
    spent = world.sandbox.calls - before
    assert spent["proto.AuthService/GetDatabase"] == 0
    assert spent["proto.AuthService/GetDatabases"] == 1

    world.sandbox.events.release()
    await world.until(world.is_exact)
    await world.view.databases()
    before = world.sandbox.calls
    assert len(await world.view.databases()) == 60
    assert world.sandbox.calls == before


async def test_what_has_become_anothers_is_neither_changed_nor_deleted(world: World) -> None:
    theirs = world.sandbox.resources.databases.put(owned_database("a", "other/rdsenroll/x/y"))
    ours = read_database(owned_database("a"))
    with pytest.raises(Conflict, match="changed hands"):
        await world.view.apply(UpdateDatabase(condition=CONDITION, database=ours))
    with pytest.raises(Conflict, match="changed hands"):
        await world.view.apply(DeleteDatabase(condition=CONDITION, database="a", owner=ENROLLMENT_MARK))
    assert world.sandbox.resources.databases.get("a") == theirs


async def test_a_stream_is_renewed_in_time(sandbox: TeleportSandbox, clock: ManualTime) -> None:
    async with open_world(sandbox, clock, replace(PACE, renewal=0.1)) as world:
        await world.until(lambda: sandbox.calls["proto.AuthService/WatchEvents"] >= 3)
        await world.in_step()


async def test_the_cluster_is_asked_for_anew_with_each_stream(world: World) -> None:
    assert (await world.view.cluster()).name == world.sandbox.cluster_name
    world.sandbox.cluster_name = "another.example.com"
    assert (await world.view.cluster()).name != "another.example.com"
    world.sandbox.events.drop()
    await world.until(lambda: not world.view.live)
    assert (await world.view.cluster()).name == "another.example.com"
    await world.in_step()
    assert (await world.view.cluster()).name == "another.example.com"


async def test_user_tasks_are_asked_for_once_in_a_while_and_so_is_a_refusal(world: World) -> None:
    rpc = "teleport.usertasks.v1.UserTaskService/ListUserTasks"
    assert await world.view.user_tasks() == ()
    assert await world.view.user_tasks() == ()
    assert world.sandbox.calls[rpc] == 1


async def test_a_refusal_of_user_tasks_is_remembered(sandbox: TeleportSandbox, clock: ManualTime) -> None:
    sandbox.role = sandbox.role.without("user_task")
    async with open_world(sandbox, clock, PACE) as world:
        for _ in range(2):
            with pytest.raises(Blocked, match="a rule for user_task with list, read"):
                await world.view.user_tasks()
    assert sandbox.calls["teleport.usertasks.v1.UserTaskService/ListUserTasks"] == 1


async def test_the_window_comes_with_the_cluster_and_a_refusal_is_remembered(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    rpc = "proto.AuthService/GetClusterMaintenanceConfig"
    sandbox.maintenance = AgentUpgradeWindow(UTCStartHour=3, Weekdays=["Tuesday"])
    async with open_world(sandbox, clock, PACE) as world:
        assert (await world.view.cluster()).window == MaintenanceWindow(3, frozenset({1}))
        assert sandbox.calls[rpc] == 1
    sandbox.role = sandbox.role.without("cluster_maintenance_config")
    async with open_world(sandbox, clock, PACE) as world:
        for _ in range(2):
            sandbox.events.drop()
            await world.until(lambda: not world.view.live)
            window = (await world.view.cluster()).window
            assert isinstance(window, Unseen)
            assert isinstance(window.outcome, Blocked)
            await world.in_step()
    assert sandbox.calls[rpc] == 2


async def test_a_server_whose_cache_lags_behind_our_write_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Teleport reads from a cache: right after a write it may answer with the state before."""
    wanted = read_database(owned_database("new"))
    real, answers = listings.fetch, 0

    async def lagging(call: Caller, kind: Kind, name: str) -> Held | None:
        nonlocal answers
        answers += 1
        return None if answers < 3 else await real(call, kind, name)

    monkeypatch.setattr("rds_enrollment.teleport.view.fetch", lagging)
    world.sandbox.events.hold()
    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))
    assert [each.name for each in await world.view.databases()] == ["new"]
    assert answers == 3


@pytest.mark.parametrize("nonsense", [b"", b"\x08\x07", b"\x08\x01", b"\x08\x02", b"\x08\x01\x12\x00"])
def test_events_of_no_use_are_passed_over(nonsense: bytes) -> None:
    message = Event.FromString(nonsense)
    assert isinstance(read_event(message, frozenset(Kind)), Init | None)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400), st.binary(max_size=8))
def test_a_broken_event_ends_in_our_own_error_or_in_an_event(noise: bytes, cut: int, patch: bytes) -> None:
    good = Event(Type=PUT, DatabaseServer=server("h", owned_database(), ManualTime()())).SerializeToString()
    content = good[:cut] + patch + good[cut + len(patch) :] + noise
    try:
        message = Event.FromString(content)
    except DecodeError:
        return  # the stream makes a Transient of it
    with suppress(Transient):
        assert isinstance(read_event(message, frozenset(Kind)), Init | Put | Delete | None)


async def test_an_expiry_that_is_no_time_costs_the_stream_and_nothing_else(world: World) -> None:
    odd = service("h", world.clock() + timedelta(minutes=10))
    odd.Header.Metadata.Expires.seconds = 2**60
    with suppress(ValueError, OverflowError):
        world.sandbox.resources.database_services.put(odd)
    await world.until(lambda: world.sandbox.calls["proto.AuthService/WatchEvents"] > 1)
    world.sandbox.resources.database_services._items.clear()
    await world.in_step()
