"""The loop of one pass: observe, plan, apply, until nothing is left to write."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.part import Part, steps_of
from rds_enrollment.plan.steps import Step

logger = logging.getLogger(__name__)

W = TypeVar("W")

MAX_ROUNDS = 12
"""More than the longest chain of dependent writes; what is left after them waits for the next pass."""
MAX_CONFLICTS = 3
"""Conflicts of one write within a pass before it counts as failed."""


@dataclass(slots=True)
class Failures:
    """Writes of one pass that ended in an outcome. None of them is tried again before the next pass."""

    by_condition: dict[ConditionType, Outcome] = field(default_factory=dict)
    """The first one of each condition."""
    by_target: dict[str, Outcome] = field(default_factory=dict)
    _conflicts: Counter[str] = field(default_factory=Counter)

    def conflict(self, step: Step, conflict: Conflict) -> None:
        """Look again: but what stays in conflict is something that the operator cannot see, such as an object that
        its role may not read."""
        self._conflicts[step.target] += 1
        if self._conflicts[step.target] >= MAX_CONFLICTS:
            self.add(step, conflict)

    def add(self, step: Step, outcome: Outcome) -> None:
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
    """The writes that were made, in their order."""


async def converge(
    observe: Callable[[], Awaitable[W]],
    plan: Callable[[W], Awaitable[Sequence[Part]]],
    apply: Callable[[Step], Awaitable[None]],
) -> Converged[W]:
    """Apply what the plan says and look again, until nothing is left that may be tried."""
    failures, applied = Failures(), list[Step]()
    for _ in range(MAX_ROUNDS):
        world = await observe()
        parts = await plan(world)
        steps = [step for step in steps_of(parts) if not failures.stop(step)]
        if not steps:
            break
        await _apply_all(steps, apply, failures, applied)
    return Converged(world, parts, failures, applied)


async def look(
    observe: Callable[[], Awaitable[W]], plan: Callable[[W], Awaitable[Sequence[Part]]]
) -> Converged[W]:
    """One look and the plan for it, of which nothing is applied."""
    world = await observe()
    return Converged(world, await plan(world), Failures())


async def _apply_all(
    steps: Sequence[Step],
    apply: Callable[[Step], Awaitable[None]],
    failures: Failures,
    applied: list[Step],
) -> None:
    for step in steps:
        if failures.stop(step):
            continue
        what = {"step": step.name, "target": step.target}
        try:
            await apply(step)
        except Conflict as conflict:
            logger.info("%s: %s", step.name, conflict.message, extra=what)
            failures.conflict(step, conflict)
            if not step.independent:
                return
        except Outcome as outcome:
            failures.add(step, outcome)
            logger.warning("%s: %s", step.name, outcome.message, extra=what)
        else:
            applied.append(step)
            logger.info("%s done", step.name, extra=what)
