"""The loop of one pass, over a plan that is a list of things still to be written."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.converge import MAX_CONFLICTS, MAX_ROUNDS, Changed, Converged, converge
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Terminal, Transient, Waiting
from rds_enrollment.plan.part import Part, satisfied, writing
from rds_enrollment.plan.steps import Step
from rds_enrollment.runtime.fence import NotLeadingError

ROLE = ConditionType.ROLE_READY
TOKEN = ConditionType.JOIN_TOKEN_READY
DATABASES = ConditionType.DATABASES_ENROLLED
AT_ONCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Step):
    """Makes one thing."""

    thing: str

    @property
    def target(self) -> str:
        return self.thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Single(Write):
    """Makes one thing that nothing else builds on."""

    independent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited(Write):
    """Makes one thing before all that come after it."""

    awaited: ClassVar[bool] = True


@dataclass
class World:
    """Things that are to be made, in order, and how each attempt to make one of them ends."""

    wanted: Mapping[ConditionType, Sequence[str]]
    ends: Mapping[str, Sequence[Outcome | None]] = field(default_factory=dict)
    """Outcomes of the attempts at a thing, one after the other, the last one for ever; None is success."""
    made: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    asked: list[Changed] = field(default_factory=list)
    """What each look was told to have changed."""
    lost: frozenset[str] = frozenset()
    """Things that are never read back."""
    independent: bool = False

    @property
    def looks(self) -> int:
        return len(self.asked)

    async def observe(self, changed: Changed = None) -> tuple[str, ...]:
        self.asked.append(changed)
        return tuple(thing for thing in self.made if thing not in self.lost)

    async def plan(self, seen: tuple[str, ...]) -> Sequence[Part]:
        return [self._part(condition, seen, things) for condition, things in self.wanted.items()]

    async def apply(self, step: Step) -> None:
        assert isinstance(step, Write)
        self.tried.append(step.thing)
        ends = self.ends.get(step.thing, [None])
        end = ends[min(self.tried.count(step.thing), len(ends)) - 1]
        if end is not None:
            raise end
        self.made.append(step.thing)

    async def converge(self) -> Converged[tuple[str, ...]]:
        return await converge(self.observe, self.plan, self.apply, at_once=AT_ONCE)

    def _part(self, condition: ConditionType, seen: tuple[str, ...], things: Iterable[str]) -> Part:
        step = Single if self.independent else Write
        missing = [step(condition=condition, thing=thing) for thing in things if thing not in seen]
        return writing(condition, *missing) if missing else satisfied(condition, "there")


FAILURES = [
    Terminal(Reason.INVALID_SPEC, "terminal"),
    Blocked(Reason.ACCESS_DENIED, "blocked"),
    Transient(Reason.AWS_THROTTLED, "transient"),
    Waiting(Reason.IAM_PROPAGATING, "waiting", after=5),
]


async def test_nothing_to_write_costs_one_look() -> None:
    world = World({ROLE: []})
    end = await world.converge()
    assert (world.looks, world.tried) == (1, [])
    assert [part.done for part in end.parts] == [True]


async def test_what_was_written_is_read_back() -> None:
    world = World({ROLE: ["role", "policy"], TOKEN: ["token"]})
    end = await world.converge()
    assert world.tried == ["role", "policy", "token"]
    assert world.asked == [None, {ROLE, TOKEN}]
    assert end.world == ("role", "policy", "token")
    assert [part.done for part in end.parts] == [True, True]
    assert end.failures.by_condition == {}


async def test_a_conflict_is_looked_at_again_at_once() -> None:
    world = World(
        {ROLE: ["role", "policy"], TOKEN: ["token"]},
        {"role": [Conflict(Reason.CONFLICT, "somebody was faster"), None]},
    )
    end = await world.converge()
    # Nothing is written on top of what is out of date.
    assert world.tried == ["role", "token", "role", "policy"]
    # Somebody else is at work: nothing of what was seen counts any more.
    assert world.asked == [None, None, {ROLE}]
    assert end.failures.by_condition == {}
    assert all(part.done for part in end.parts)


@pytest.mark.parametrize("outcome", FAILURES, ids=lambda item: type(item).__name__)
async def test_a_failed_step_stops_its_own_condition_alone(outcome: Outcome) -> None:
    world = World({ROLE: ["role", "policy"], TOKEN: ["token", "rule"]}, {"role": [outcome]})
    end = await world.converge()
    assert world.tried == ["role", "token", "rule"]
    assert end.failures.by_condition == {ROLE: outcome}
    assert [part.done for part in end.parts] == [False, True]


@pytest.mark.parametrize("outcome", FAILURES, ids=lambda item: type(item).__name__)
async def test_independent_steps_fail_one_by_one(outcome: Outcome) -> None:
    world = World({DATABASES: ["a", "b", "c"]}, {"a": [outcome], "c": [outcome]}, independent=True)
    end = await world.converge()
    assert world.tried == ["a", "b", "c"]
    assert world.made == ["b"]
    assert end.failures.by_condition == {DATABASES: outcome}
    assert end.failures.by_target == {"a": outcome, "c": outcome}


async def test_a_conflict_of_one_thing_does_not_hold_up_the_others() -> None:
    world = World({DATABASES: ["a", "b"]}, {"a": [Conflict(Reason.CONFLICT, "always")]}, independent=True)
    await world.converge()
    assert world.tried[:2] == ["a", "b"]
    assert world.made == ["b"]


async def test_a_condition_tells_of_its_first_failure() -> None:
    first, second = Blocked(Reason.ACCESS_DENIED, "a"), Blocked(Reason.ACCESS_DENIED, "b")
    world = World({DATABASES: ["a", "b"]}, {"a": [first], "b": [second]}, independent=True)
    end = await world.converge()
    assert end.failures.by_condition[DATABASES] is first


class Doors:
    """Has each write wait until it is let through, in any order."""

    def __init__(self) -> None:
        self.under_way: dict[str, asyncio.Event] = {}
        self.cut: list[str] = []
        """Those that were cancelled."""
        self._changed = asyncio.Event()

    async def apply(self, step: Step) -> None:
        door = self.under_way[step.target] = asyncio.Event()
        self._changed.set()
        try:
            await door.wait()
        except asyncio.CancelledError:
            self.cut.append(step.target)
            raise
        del self.under_way[step.target]
        self._changed.set()

    async def until_under_way(self, *targets: str) -> None:
        async with asyncio.timeout(10):
            while set(self.under_way) != set(targets):
                self._changed.clear()
                await self._changed.wait()


async def test_independent_steps_are_under_way_side_by_side_up_to_the_bound() -> None:
    doors, world = Doors(), World({DATABASES: ["a", "b", "c", "d", "e"]}, independent=True)
    passing = asyncio.create_task(converge(world.observe, world.plan, doors.apply, at_once=AT_ONCE))
    await doors.until_under_way("a", "b", "c")
    doors.under_way["b"].set()
    await doors.until_under_way("a", "c", "d")
    passing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await passing
    assert set(doors.cut) == {"a", "c", "d"}


async def test_conditions_are_written_for_side_by_side_and_each_in_its_order() -> None:
    doors, world = Doors(), World({ROLE: ["role", "policy"], TOKEN: ["token"]})
    passing = asyncio.create_task(converge(world.observe, world.plan, doors.apply, at_once=AT_ONCE))
    await doors.until_under_way("role", "token")
    doors.under_way["role"].set()
    await doors.until_under_way("policy", "token")
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)


@pytest.mark.parametrize("end", [None, Blocked(Reason.ACCESS_DENIED, "no")], ids=["made", "refused"])
async def test_others_wait_for_what_is_awaited_however_it_ends(end: Outcome | None) -> None:
    tried: list[str] = []

    async def plan(seen: tuple[str, ...]) -> Sequence[Part]:
        if tried:
            return [satisfied(ROLE, "there"), satisfied(TOKEN, "there")]
        awaited, other = Awaited(condition=ROLE, thing="first"), Write(condition=TOKEN, thing="second")
        return [writing(ROLE, awaited), writing(TOKEN, other)]

    async def apply(step: Step) -> None:
        tried.append(f"{step.target} begins")
        await asyncio.sleep(0)
        tried.append(f"{step.target} ends")
        if step.target == "first" and end is not None:
            raise end

    await converge(World({}).observe, plan, apply, at_once=AT_ONCE)
    assert tried == ["first begins", "first ends", "second begins", "second ends"]


async def test_the_bound_is_one_for_all_conditions() -> None:
    doors, world = Doors(), World({DATABASES: ["a", "b"], ROLE: ["c", "d"]}, independent=True)
    passing = asyncio.create_task(converge(world.observe, world.plan, doors.apply, at_once=AT_ONCE))
    await doors.until_under_way("a", "b", "c")
    doors.under_way["a"].set()
    await doors.until_under_way("b", "c", "d")
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)


async def test_a_step_that_builds_on_others_waits_for_them_and_those_after_it_for_it() -> None:
    doors, steps = Doors(), [Single, Single, Write, Single]

    async def plan(seen: tuple[str, ...]) -> Sequence[Part]:
        wanted = [kind(condition=DATABASES, thing=name) for kind, name in zip(steps, "abcd", strict=True)]
        return [writing(DATABASES, *wanted)]

    world = World({})
    passing = asyncio.create_task(converge(world.observe, plan, doors.apply, at_once=AT_ONCE))
    await doors.until_under_way("a", "b")
    doors.under_way["a"].set()
    await doors.until_under_way("b")
    doors.under_way["b"].set()
    await doors.until_under_way("c")
    doors.under_way["c"].set()
    await doors.until_under_way("d")
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)


async def test_what_failed_last_is_told_if_it_is_first_in_the_plan() -> None:
    """Otherwise the message would change with each pass, and each would cost a write of the status."""
    ends = {name: asyncio.Event() for name in "ab"}
    failed = {name: Blocked(Reason.ACCESS_DENIED, name) for name in "ab"}

    async def apply(step: Step) -> None:
        if step.target == "a":
            await ends["b"].wait()
        ends[step.target].set()
        raise failed[step.target]

    world = World({DATABASES: ["a", "b"]}, independent=True)
    end = await converge(world.observe, world.plan, apply, at_once=AT_ONCE)
    assert end.failures.by_condition[DATABASES] is failed["a"]


async def test_a_closed_fence_ends_the_pass_and_what_is_under_way() -> None:
    doors, world = Doors(), World({DATABASES: list("abcde")}, independent=True)

    async def apply(step: Step) -> None:
        if step.target == "c":
            raise NotLeadingError("this process does not hold the Lease")
        await doors.apply(step)

    with pytest.raises(ExceptionGroup) as caught:
        await converge(world.observe, world.plan, apply, at_once=AT_ONCE)
    assert caught.group_contains(NotLeadingError)
    assert set(doors.cut) == {"a", "b"}
    assert world.looks == 1


async def test_what_failed_is_not_tried_again_in_the_same_pass() -> None:
    failed = Transient(Reason.AWS_UNAVAILABLE, "503")
    conflict = Conflict(Reason.CONFLICT, "again")
    world = World(
        {ROLE: ["role"], TOKEN: ["token"]}, {"role": [failed, None], "token": [conflict, conflict, None]}
    )
    await world.converge()
    assert world.tried == ["role", "token", "token", "token"]


async def test_what_a_failed_write_may_have_changed_is_read_again_and_nothing_else() -> None:
    failed = Transient(Reason.AWS_UNAVAILABLE, "no answer")
    world = World({ROLE: ["role"], TOKEN: ["token"]}, {"role": [failed]})
    await world.converge()
    assert world.asked == [None, {ROLE, TOKEN}]


async def test_a_conflict_among_independent_steps_voids_what_was_seen() -> None:
    conflict = Conflict(Reason.CONFLICT, "somebody was faster")
    world = World({DATABASES: ["a", "b"]}, {"a": [conflict, None]}, independent=True)
    await world.converge()
    assert world.asked == [None, None, {DATABASES}]


async def test_a_conflict_that_lasts_is_a_failure() -> None:
    """A create that meets an object which the operator cannot read never gets further."""
    conflict = Conflict(Reason.CONFLICT, "always")
    world = World({ROLE: ["role"]}, {"role": [conflict]})
    end = await world.converge()
    assert world.tried == ["role"] * MAX_CONFLICTS
    assert end.failures.by_condition == {ROLE: conflict}


async def test_a_pass_has_an_end() -> None:
    world = World({ROLE: ["role"]}, lost=frozenset({"role"}))
    end = await world.converge()
    assert world.looks == MAX_ROUNDS
    assert world.tried == ["role"] * MAX_ROUNDS
    assert [part.done for part in end.parts] == [False]


async def test_a_bug_is_not_taken_for_an_outcome() -> None:
    async def apply(step: Step) -> None:
        raise ZeroDivisionError

    world = World({ROLE: ["role"]})
    with pytest.raises(ExceptionGroup) as caught:
        await converge(world.observe, world.plan, apply, at_once=AT_ONCE)
    assert caught.group_contains(ZeroDivisionError)
