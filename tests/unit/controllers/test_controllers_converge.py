"""The loop of one pass, over a plan that is a list of things still to be written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.converge import MAX_CONFLICTS, MAX_ROUNDS, Converged, converge
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Terminal, Transient, Waiting
from rds_enrollment.plan.part import Part, satisfied, writing
from rds_enrollment.plan.steps import Step

ROLE = ConditionType.ROLE_READY
TOKEN = ConditionType.JOIN_TOKEN_READY
DATABASES = ConditionType.DATABASES_ENROLLED


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


@dataclass
class World:
    """Things that are to be made, in order, and how each attempt to make one of them ends."""

    wanted: Mapping[ConditionType, Sequence[str]]
    ends: Mapping[str, Sequence[Outcome | None]] = field(default_factory=dict)
    """Outcomes of the attempts at a thing, one after the other, the last one for ever; None is success."""
    made: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    looks: int = 0
    lost: frozenset[str] = frozenset()
    """Things that are never read back."""
    independent: bool = False

    async def observe(self) -> tuple[str, ...]:
        self.looks += 1
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
        return await converge(self.observe, self.plan, self.apply)

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
    assert world.looks == 2
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
    assert world.tried == ["role", "role", "policy", "token"]
    assert world.looks == 3
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


async def test_what_failed_is_not_tried_again_in_the_same_pass() -> None:
    failed = Transient(Reason.AWS_UNAVAILABLE, "503")
    conflict = Conflict(Reason.CONFLICT, "again")
    world = World(
        {ROLE: ["role"], TOKEN: ["token"]}, {"role": [failed, None], "token": [conflict, conflict, None]}
    )
    await world.converge()
    assert world.tried == ["role", "token", "token", "token"]


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
    with pytest.raises(ZeroDivisionError):
        await converge(world.observe, world.plan, apply)
