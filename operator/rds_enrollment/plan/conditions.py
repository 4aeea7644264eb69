"""From verdicts to conditions: the rules that all three kinds share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rds_enrollment.api.conditions import (
    Conditions,
    ConditionStatus,
    find_condition,
    remove_condition,
    set_condition,
)
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.outcome import Conflict, Outcome, Terminal, Transient

TRANSIENT_ATTEMPTS = 3
"""A passing fault is not worth a condition's flip before it was met this many times in a row."""
_SUMMARY = frozenset({ConditionType.READY, ConditionType.STALLED})
"""Conditions that sum up the others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one pass has to say of one condition.

    A `soft` verdict does not lower a condition that is True of the same generation.
    """

    status: ConditionStatus
    reason: Reason
    message: str
    soft: bool = False

    @classmethod
    def ok(cls, message: str, reason: Reason = Reason.SUCCEEDED) -> "Verdict":
        return cls(ConditionStatus.TRUE, reason, message)

    @classmethod
    def no(cls, reason: Reason, message: str) -> "Verdict":
        return cls(ConditionStatus.FALSE, reason, message)

    @classmethod
    def unknown(cls, reason: Reason, message: str, *, soft: bool = False) -> "Verdict":
        return cls(ConditionStatus.UNKNOWN, reason, message, soft)


def of_outcome(outcome: Outcome, attempts: int) -> Verdict:
    """The verdict on a condition whose read or write ended in `outcome`, for the `attempts`-th time in a row."""
    if isinstance(outcome, Transient | Conflict):
        return Verdict.unknown(outcome.reason, outcome.message, soft=attempts < TRANSIENT_ATTEMPTS)
    return Verdict.no(outcome.reason, outcome.message)


def waiting_for(cause: str) -> Verdict:
    """The verdict on a condition that was not looked at because `cause` is not there yet."""
    return Verdict.unknown(Reason.PENDING, f"Waits for {cause}.", soft=True)


def merge(
    previous: Conditions,
    verdicts: Mapping[ConditionType, Verdict],
    *,
    required: Sequence[ConditionType],
    generation: int,
    now: datetime,
) -> Conditions:
    """All conditions after a pass: each verdict's, Ready from the `required` ones, and kstatus's pair.

    A required condition that has no verdict and was never set is Unknown. A terminal outcome shows as Stalled:
    whoever reports it adds Stalled to `verdicts`. A verdict on Ready itself overrules the required ones, and says
    that nobody is reconciling.
    """
    ordinary: dict[ConditionType, Verdict] = {
        kind: verdict for kind, verdict in verdicts.items() if kind not in _SUMMARY
    }
    conditions = previous
    for kind in required:
        if kind not in ordinary and find_condition(previous, kind) is None:
            ordinary[kind] = Verdict.unknown(Reason.PENDING, "Not looked at yet.")
    for kind, verdict in ordinary.items():
        conditions = _settled(conditions, kind, verdict, generation, now)
    overruled, stalled = verdicts.get(ConditionType.READY), verdicts.get(ConditionType.STALLED)
    ready = overruled or _ready(conditions, required, generation)
    conditions = _set(conditions, ConditionType.READY, ready, generation, now)
    busy = overruled is None and stalled is None and ready.status != ConditionStatus.TRUE
    reconciling = Verdict(ConditionStatus.TRUE, ready.reason, ready.message) if busy else None
    conditions = _abnormal(conditions, ConditionType.RECONCILING, reconciling, generation, now)
    return _abnormal(conditions, ConditionType.STALLED, stalled, generation, now)


def stalled_by(outcome: Outcome | None) -> dict[ConditionType, Verdict]:
    """The Stalled verdict of a terminal outcome; nothing for any other."""
    if not isinstance(outcome, Terminal):
        return {}
    return {ConditionType.STALLED: Verdict(ConditionStatus.TRUE, outcome.reason, outcome.message)}


def is_true(conditions: Conditions, kind: ConditionType) -> bool:
    """Whether the condition is there and True."""
    found = find_condition(conditions, kind)
    return found is not None and found.status == ConditionStatus.TRUE


def _settled(
    conditions: Conditions, kind: ConditionType, verdict: Verdict, generation: int, now: datetime
) -> Conditions:
    """A soft verdict gives way to a condition that is True. What was true of another spec says nothing of this one."""
    current = find_condition(conditions, kind)
    if (
        verdict.soft
        and current is not None
        and current.status == ConditionStatus.TRUE
        and current.observed_generation == generation
    ):
        return conditions
    return _set(conditions, kind, verdict, generation, now)


def _ready(conditions: Conditions, required: Sequence[ConditionType], generation: int) -> Verdict:
    found = [condition for kind in required if (condition := find_condition(conditions, kind))]
    for status in (ConditionStatus.FALSE, ConditionStatus.UNKNOWN):
        for condition in found:
            if condition.status == status:
                message = f"{condition.type}: {condition.message}"
                return Verdict(condition.status, _known(condition.reason), message)
    stale = next((condition for condition in found if condition.observed_generation != generation), None)
    if stale is not None:
        return Verdict.unknown(Reason.PENDING, f"{stale.type}: Not looked at since the spec changed.")
    return Verdict.ok("Everything is in place and was read back.")


def _known(reason: str) -> Reason:
    """A condition that this pass did not touch may carry a reason of another release."""
    return Reason(reason) if reason in set(Reason) else Reason.PENDING


def _abnormal(
    conditions: Conditions, kind: ConditionType, verdict: Verdict | None, generation: int, now: datetime
) -> Conditions:
    if verdict is None:
        return remove_condition(conditions, kind)
    return _set(conditions, kind, verdict, generation, now)


def _set(
    conditions: Conditions, kind: ConditionType, verdict: Verdict, generation: int, now: datetime
) -> Conditions:
    return set_condition(conditions, kind, verdict.status, verdict.reason, verdict.message, generation, now)
