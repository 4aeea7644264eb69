"""Parts: a plan cut along the conditions. Each part says how its condition stands and what it would write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, of_outcome, waiting_for
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.plan.steps import Step


@dataclass(frozen=True, slots=True)
class Part:
    """One condition's share of a pass. With steps left it cannot be done: nothing is read back yet."""

    condition: ConditionType
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    outcome: Outcome | None = None
    """What keeps the part from going on, when it is not just time."""
    done: bool = False
    """What is wished was read back: the thing as wanted, or (of a teardown) its absence."""
    stands: bool = False
    """Whether the verdict holds whatever becomes of the writes, which only find out more."""


def writing(condition: ConditionType, *steps: Step) -> Part:
    """A part that has something to write."""
    planned = ", ".join(f"{step.name} ({step.target})" for step in steps)
    return Part(condition, Verdict.unknown(Reason.IN_PROGRESS, f"To do: {planned}."), steps)


def satisfied(condition: ConditionType, message: str) -> Part:
    """A part whose wish was read back."""
    return Part(condition, Verdict.ok(message), done=True)


def removed(condition: ConditionType, message: str) -> Part:
    """A part of a teardown whose absence was read back."""
    return Part(condition, Verdict.no(Reason.DELETING, message), done=True)


def refused(condition: ConditionType, reason: Reason, message: str) -> Part:
    """A part that cannot go on until somebody acts."""
    return Part(condition, Verdict.no(reason, message), outcome=Blocked(reason, message))


def progressing(condition: ConditionType, reason: Reason, message: str) -> Part:
    """A part that something outside is busy with: time will tell."""
    return Part(condition, Verdict.no(reason, message))


def held(condition: ConditionType, cause: str) -> Part:
    """A part that waits for another one."""
    return Part(condition, waiting_for(cause))


def observed_only(part: Part, why: str) -> Part:
    """A part whose steps are not taken, and why. What hinders it is told first."""
    if not part.steps or part.outcome is not None:
        return part
    todo = ", ".join(f"{step.name} ({step.target})" for step in part.steps)
    message = f"Not done, because {why}: {todo}."
    return replace(part, verdict=Verdict.no(Reason.OBSERVE_ONLY, message))


def unseen(condition: ConditionType, what: Unseen, attempts: int) -> Part:
    """A part whose facts could not be read."""
    if what.outcome is None:
        return held(condition, "the conditions before it")
    return Part(condition, of_outcome(what.outcome, attempts), outcome=what.outcome)


def steps_of(parts: Iterable[Part]) -> tuple[Step, ...]:
    """All steps, in the parts' order."""
    return tuple(step for part in parts for step in part.steps)


def verdicts_of(
    parts: Iterable[Part], failures: Mapping[ConditionType, Outcome], attempts: int
) -> dict[ConditionType, Verdict]:
    """Each part's verdict, overruled by the failure of its own writes, unless it stands: then both are told."""
    verdicts: dict[ConditionType, Verdict] = {}
    standing: set[ConditionType] = set()
    for part in parts:
        verdicts[part.condition] = part.verdict
        if part.stands:
            standing.add(part.condition)
    for condition, outcome in failures.items():
        failed = of_outcome(outcome, attempts)
        told = verdicts.get(condition) if condition in standing else None
        verdicts[condition] = replace(told, message=f"{told.message} ({failed.message})") if told else failed
    return verdicts


def outcomes_of(parts: Iterable[Part], failures: Mapping[ConditionType, Outcome]) -> tuple[Outcome, ...]:
    """Everything that kept the pass from its end, apart from time."""
    hindered = [part.outcome for part in parts if part.outcome is not None]
    return (*hindered, *failures.values())


def all_done(parts: Iterable[Part], failures: Mapping[ConditionType, Outcome]) -> bool:
    """Whether every part's wish was read back."""
    return not failures and all(part.done for part in parts)
