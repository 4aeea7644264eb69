"""The live view and what the operator itself has just written."""

from dataclasses import replace

import pytest
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.outcome import Conflict
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, UpdateDatabase
from rds_enrollment.teleport import listings
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.kinds import Held, Kind

from tests.unit.teleport.view.view_world import (
    ENROLLMENT,
    ENROLLMENT_MARK,
    World,
    owned_database,
)

CONDITION = ConditionType.DATABASES_ENROLLED


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


async def test_who_does_not_write_need_not_wait_for_what_others_read_back(world: World) -> None:
    world.sandbox.resources.databases.put(owned_database("old"))
    await world.until(world.is_exact)
    world.sandbox.events.hold()
    wanted = read_database(owned_database("new"))
    await world.view.apply(CreateDatabase(condition=CONDITION, database=wanted))

    before = world.sandbox.calls
    assert [each.name for each in await world.view.databases_as_told()] == ["old"]
    assert world.sandbox.calls == before

    world.sandbox.events.release()
    await world.quiet()
    assert {each.name for each in await world.view.databases_as_told()} == {"old", "new"}


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
