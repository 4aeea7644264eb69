"""From verdicts to conditions: the rules that all three kinds share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rds_enrollment.api.conditions import Condition, set_condition
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.outcome import Conflict, Outcome, Terminal, Transient

Status = Literal["True", "False", "Unknown"]

TRANSIENT_ATTEMPTS = 3
"""A passing fault is not worth a condition's flip before it was met this many times in a row."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one pass has to say of one condition.

    A `soft` verdict does not lower a condition that is True.
    """

    status: Status
    reason: Reason
    message: str
    soft: bool = False

    @classmethod
    def ok(cls, message: str, reason: Reason = Reason.SUCCEEDED) -> "Verdict":
        return cls("True", reason, message)

    @classmethod
    def no(cls, reason: Reason, message: str) -> "Verdict":
        return cls("False", reason, message)

    @classmethod
    def unknown(cls, reason: Reason, message: str, *, soft: bool = False) -> "Verdict":
        return cls("Unknown", reason, message, soft)


def of_outcome(outcome: Outcome, attempts: int) -> Verdict:
    """The verdict on a condition whose read or write ended in `outcome`, for the `attempts`-th time in a row."""
    if isinstance(outcome, Transient | Conflict):
        return Verdict.unknown(outcome.reason, outcome.message, soft=attempts < TRANSIENT_ATTEMPTS)
    return Verdict.no(outcome.reason, outcome.message)


def waiting_for(cause: str) -> Verdict:
    """The verdict on a condition that was not looked at because `cause` is not there yet."""
    return Verdict.unknown(Reason.PENDING, f"Waits for {cause}.", soft=True)


def merge(
    previous: Iterable[Condition],
    verdicts: Mapping[ConditionType, Verdict],
    *,
    required: Sequence[ConditionType],
    generation: int,
    now: datetime,
) -> tuple[Condition, ...]:
    """All conditions after a pass: each verdict's, Ready from the `required` ones, and kstatus's pair.

    A terminal outcome shows as Stalled; whoever reports it adds Stalled to `verdicts`.
    """
    conditions = tuple(previous)
    for kind, verdict in verdicts.items():
        if kind is not ConditionType.STALLED:
            conditions = _settled(conditions, kind, verdict, generation, now)
    ready = _ready(conditions, required)
    conditions = _settled(conditions, ConditionType.READY, ready, generation, now)
    stalled = verdicts.get(ConditionType.STALLED)
    reconciling = None if stalled or ready.status == "True" else _reconciling(ready)
    conditions = _abnormal(conditions, ConditionType.RECONCILING, reconciling, generation, now)
    return _abnormal(conditions, ConditionType.STALLED, stalled, generation, now)


def stalled_by(outcome: Outcome | None) -> dict[ConditionType, Verdict]:
    """The Stalled verdict of a terminal outcome; nothing for any other."""
    if not isinstance(outcome, Terminal):
        return {}
    return {ConditionType.STALLED: Verdict("True", outcome.reason, outcome.message)}


def find(conditions: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """The condition of that type, if there is one."""
    return next((condition for condition in conditions if condition.type == kind), None)


def is_true(conditions: Iterable[Condition], kind: ConditionType) -> bool:
    """Whether the condition is there and True."""
    found = find(conditions, kind)
    return found is not None and found.status == "True"


def _settled(
    conditions: tuple[Condition, ...], kind: ConditionType, verdict: Verdict, generation: int, now: datetime
) -> tuple[Condition, ...]:
    current = find(conditions, kind)
    if verdict.soft and current is not None and current.status == "True":
        verdict = Verdict("True", Reason(current.reason), current.message)
    return set_condition(conditions, kind, verdict.status, verdict.reason, verdict.message, generation, now)


def _ready(conditions: Iterable[Condition], required: Sequence[ConditionType]) -> Verdict:
    by_type = {condition.type: condition for condition in conditions}
    found = [by_type[kind] for kind in required]
    for status in ("False", "Unknown"):
        for condition in found:
            if condition.status == status:
                message = f"{condition.type}: {condition.message}"
                return Verdict(status, Reason(condition.reason), message)
    return Verdict.ok("Everything is in place and was read back.")


def _reconciling(ready: Verdict) -> Verdict:
    return Verdict("True", ready.reason, ready.message)


def _abnormal(
    conditions: tuple[Condition, ...],
    kind: ConditionType,
    verdict: Verdict | None,
    generation: int,
    now: datetime,
) -> tuple[Condition, ...]:
    if verdict is None:
        return tuple(condition for condition in conditions if condition.type != kind)
    return set_condition(conditions, kind, verdict.status, verdict.reason, verdict.message, generation, now)
