"""Parts: a plan cut along the conditions. Each part says how its condition stands and what it would write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, of_outcome, waiting_for
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.steps import Step


@dataclass(frozen=True, slots=True)
class Part:
    """One condition's share of a pass. With steps left, the condition cannot be True: nothing is read back yet."""

    condition: ConditionType
    verdict: Verdict
    steps: tuple[Step, ...] = ()

    @property
    def ready(self) -> bool:
        return self.verdict.status == ConditionStatus.TRUE


def writing(condition: ConditionType, *steps: Step) -> Part:
    """A part that has something to write."""
    planned = ", ".join(f"{step.name} ({step.target})" for step in steps)
    return Part(condition, Verdict.unknown(Reason.IN_PROGRESS, f"To do: {planned}."), steps)


def satisfied(condition: ConditionType, message: str) -> Part:
    """A part whose wish was read back."""
    return Part(condition, Verdict.ok(message))


def refused(condition: ConditionType, reason: Reason, message: str) -> Part:
    """A part that cannot go on until somebody acts, or something ends."""
    return Part(condition, Verdict.no(reason, message))


def held(condition: ConditionType, cause: str) -> Part:
    """A part that waits for another one."""
    return Part(condition, waiting_for(cause))


def unseen(condition: ConditionType, what: Unseen, attempts: int) -> Part:
    """A part whose facts could not be read."""
    if what.outcome is None:
        return held(condition, "the conditions before it")
    return Part(condition, of_outcome(what.outcome, attempts))


def steps_of(parts: Iterable[Part]) -> tuple[Step, ...]:
    """All steps, in the parts' order."""
    return tuple(step for part in parts for step in part.steps)


def verdicts_of(
    parts: Iterable[Part], failures: Mapping[ConditionType, Outcome], attempts: int
) -> dict[ConditionType, Verdict]:
    """Each part's verdict, overruled by the failure of its own writes."""
    verdicts = {part.condition: part.verdict for part in parts}
    verdicts.update({condition: of_outcome(outcome, attempts) for condition, outcome in failures.items()})
    return verdicts
