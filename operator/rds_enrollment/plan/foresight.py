"""What a plan would come to: its writes in order, each planned on the assumption that the ones before it worked.

A plan names the writes that can be made now; those that build on them follow once they were read back. Here nothing is
written, so what they would bring about is assumed.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from rds_enrollment.api.base import clip
from rds_enrollment.api.common import MAX_PLANNED_STEPS, PlannedStep
from rds_enrollment.plan.part import Part, steps_of
from rds_enrollment.plan.steps import Step

W = TypeVar("W")

_ROUNDS = 8
_DESCRIPTION_BYTES = 512


def foresee(
    world: W, plan: Callable[[W], Sequence[Part]], assume: Callable[[W, Step], W]
) -> tuple[Step, ...]:
    """All steps that `plan` leads to. `assume` gives the world after a step, or the same one when it does not know:
    what depends on that step is not foreseen then."""
    foreseen: list[Step] = []
    for _ in range(_ROUNDS):
        new = [step for step in steps_of(plan(world)) if step not in foreseen]
        if not new:
            break
        foreseen += new
        for step in new:
            world = assume(world, step)
    return tuple(foreseen)


def described(steps: Sequence[Step]) -> tuple[PlannedStep, ...]:
    """The first of the steps as a status tells them."""
    return tuple(
        PlannedStep(name=step.name, description=clip(step.words, _DESCRIPTION_BYTES))
        for step in steps[:MAX_PLANNED_STEPS]
    )
