"""The live view when its stream is dropped, refused, late or broken."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.events import Delete, Init, Put, read_event
from rds_enrollment.teleport.kinds import Kind
from rds_enrollment.teleport.wire.event_pb2 import PUT, Event

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import integration, token
from tests.unit.teleport.view.view_world import (
    ENROLLMENT,
    PACE,
    ManualTime,
    World,
    open_world,
    owned_database,
    server,
    service,
)

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
