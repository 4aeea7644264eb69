"""The loop of one pass: observe, plan, apply, until nothing is left to write.

A pass reads everything once. After its writes it reads back what those conditions are judged by that it wrote for, and
nothing else: what it saw of the rest a moment ago stands until the next pass.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, Protocol, TypeAlias, TypeVar

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.part import Part, steps_of
from rds_enrollment.plan.steps import Step

logger = logging.getLogger(__name__)

W = TypeVar("W")
W_co = TypeVar("W_co", covariant=True)

_End: TypeAlias = tuple[Step, Outcome | None]
"""A write that was tried, and what became of it; None: it was made."""

Changed: TypeAlias = Collection[ConditionType] | None
"""The conditions that were written for since the last look; None when anything may have changed."""

MAX_ROUNDS = 12
"""More than the longest chain of dependent writes; what is left after them waits for the next pass."""
MAX_CONFLICTS = 3
"""Conflicts of one write within a pass before it counts as failed."""


class Observe(Protocol[W_co]):
    """Looks at the world. What was read in the same pass is read again only where `changed` concerns it."""

    async def __call__(self, changed: Changed = None) -> W_co: ...


@dataclass(slots=True)
class Failures:
    """Writes of one pass that ended in an outcome. None of them is tried again before the next pass."""

    by_condition: dict[ConditionType, Outcome] = field(default_factory=dict)
    """The first one of each condition."""
    by_target: dict[str, Outcome] = field(default_factory=dict)
    """By what the step would have written."""
    _conflicts: Counter[str] = field(default_factory=Counter)

    def conflict(self, step: Step, conflict: Conflict) -> None:
        """Look again: but what stays in conflict is something that the operator cannot see, such as an object that
        its role may not read."""
        self._conflicts[step.target] += 1
        if self._conflicts[step.target] >= MAX_CONFLICTS:
            self.add(step, conflict)

    def add(self, step: Step, outcome: Outcome) -> None:
        """The step ended so, and is not tried again within the pass."""
        self.by_condition.setdefault(step.condition, outcome)
        self.by_target[step.target] = outcome

    def stop(self, step: Step) -> bool:
        """Whether this step must not be tried: it failed, or one that it builds on did."""
        return step.target in self.by_target or (not step.independent and step.condition in self.by_condition)


@dataclass(frozen=True, slots=True)
class Converged(Generic[W]):
    """Where a pass ended. Parts without steps were read back."""

    world: W
    parts: Sequence[Part]
    failures: Failures
    applied: Sequence[Step] = ()
    """The writes that were made, in the plan's order."""


async def converge(
    observe: Observe[W],
    plan: Callable[[W], Awaitable[Sequence[Part]]],
    apply: Callable[[Step], Awaitable[None]],
    *,
    at_once: int,
) -> Converged[W]:
    """Apply what the plan says and look again, until nothing is left that may be tried.

    At most `at_once` steps are under way at a time. What `apply` raises other than Outcome (a bug, the loss of the
    Lease) ends the pass, in an ExceptionGroup, and cancels what is under way.
    """
    failures, writer = Failures(), _Writer(apply, at_once)
    changed: Changed = None
    for _ in range(MAX_ROUNDS):
        world = await observe(changed)
        parts = await plan(world)
        steps = [step for step in steps_of(parts) if not failures.stop(step)]
        if not steps:
            break
        as_seen = await writer.write(steps, failures)
        changed = {step.condition for step in steps} if as_seen else None
    return Converged(world, parts, failures, writer.applied)


async def look(observe: Observe[W], plan: Callable[[W], Awaitable[Sequence[Part]]]) -> Converged[W]:
    """One look and the plan for it, of which nothing is applied."""
    world = await observe()
    return Converged(world, await plan(world), Failures())


class _Writer:
    """Makes the writes of one pass."""

    def __init__(self, apply: Callable[[Step], Awaitable[None]], at_once: int) -> None:
        self._apply = apply
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)
        self.applied: list[Step] = []

    async def write(self, steps: Sequence[Step], failures: Failures) -> bool:
        """Make these writes: those for one condition in their order, conditions side by side.

        What became of them counts in the plan's order, whichever ended first: a status must not flap by that. Returns
        whether the world was as it had been seen: False after a conflict.
        """
        for _, together in groupby(steps, key=lambda step: step.awaited):
            ended = await self._chains(together)
            for step, outcome in ended:
                self._ended(step, outcome, failures)
            if _in_conflict(ended):
                return False
        return True

    async def _chains(self, steps: Iterable[Step]) -> list[_End]:
        async with asyncio.TaskGroup() as group:
            chains = [
                group.create_task(self._chain(list(chain)))
                for _, chain in groupby(steps, key=lambda step: step.condition)
            ]
        return [end for chain in chains for end in chain.result()]

    async def _chain(self, steps: Iterable[Step]) -> list[_End]:
        """The writes for one condition, neighbours that are independent side by side."""
        ended: list[_End] = []
        for independent, neighbours in groupby(steps, key=lambda step: step.independent):
            if independent:
                ended += await self._side_by_side(list(neighbours))
            elif all(outcome is None for _, outcome in ended):
                ended += await self._one_by_one(neighbours)
            if _in_conflict(ended):
                break  # the world is not as the steps after this one take it to be
        return ended

    async def _one_by_one(self, steps: Iterable[Step]) -> list[_End]:
        """Up to the first that fails: those after it build on it."""
        ended: list[_End] = []
        for step in steps:
            ended.append((step, await self._try(step)))
            if ended[-1][1] is not None:
                break
        return ended

    async def _side_by_side(self, steps: Sequence[Step]) -> list[_End]:
        outcomes: list[Outcome | None] = [None] * len(steps)
        waiting = iter(enumerate(steps))

        async def work() -> None:
            for index, step in waiting:
                outcomes[index] = await self._try(step)

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self._at_once, len(steps))):
                workers.create_task(work())
        return list(zip(steps, outcomes, strict=True))

    async def _try(self, step: Step) -> Outcome | None:
        async with self._slots:
            return await self._write(step)

    async def _write(self, step: Step) -> Outcome | None:
        what = {"step": step.name, "target": step.target}
        try:
            await self._apply(step)
        except Conflict as conflict:
            logger.info("%s: %s", step.name, conflict.message, extra=what)
            return conflict
        except Outcome as outcome:
            logger.warning("%s: %s", step.name, outcome.message, extra=what)
            return outcome
        logger.info("%s done", step.name, extra=what)
        return None

    def _ended(self, step: Step, outcome: Outcome | None, failures: Failures) -> None:
        if outcome is None:
            self.applied.append(step)
        elif isinstance(outcome, Conflict):
            failures.conflict(step, outcome)
        else:
            failures.add(step, outcome)


def _in_conflict(ended: Iterable[_End]) -> bool:
    return any(isinstance(outcome, Conflict) for _, outcome in ended)
