"""The loop of one pass: observe, plan, apply, until nothing is left to write."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.part import Part, steps_of
from rds_enrollment.plan.steps import Step

logger = logging.getLogger(__name__)

W = TypeVar("W")

MAX_ROUNDS = 12
"""More than the longest chain of dependent writes; what is left after them waits for the next pass."""


@dataclass(frozen=True, slots=True)
class Converged(Generic[W]):
    """Where a pass ended. Parts without steps were read back; `failures` are of this pass's own writes."""

    world: W
    parts: Sequence[Part]
    failures: Mapping[ConditionType, Outcome]


async def converge(
    observe: Callable[[], Awaitable[W]],
    plan: Callable[[W], Sequence[Part]],
    apply: Callable[[Step], Awaitable[None]],
) -> Converged[W]:
    """Apply what the plan says and look again. A failed write stops its own condition only."""
    failures: dict[ConditionType, Outcome] = {}
    for _ in range(MAX_ROUNDS):
        world = await observe()
        parts = plan(world)
        steps = [step for step in steps_of(parts) if step.condition not in failures]
        if not steps:
            break
        await _apply_all(steps, apply, failures)
    return Converged(world, parts, failures)


async def _apply_all(
    steps: Sequence[Step],
    apply: Callable[[Step], Awaitable[None]],
    failures: dict[ConditionType, Outcome],
) -> None:
    for step in steps:
        if step.condition in failures:
            continue
        try:
            await apply(step)
        except Conflict as conflict:
            logger.info(
                "%s: %s", step.name, conflict.message, extra={"step": step.name, "target": step.target}
            )
            return
        except Outcome as outcome:
            failures[step.condition] = outcome
            logger.warning(
                "%s: %s", step.name, outcome.message, extra={"step": step.name, "target": step.target}
            )
        else:
            logger.info("%s done", step.name, extra={"step": step.name, "target": step.target})
