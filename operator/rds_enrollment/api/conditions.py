"""Conditions in the form of Kubernetes' metav1.Condition, and pure functions on lists of them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from rds_enrollment.api.base import ApiModel, clip
from rds_enrollment.api.reasons import ConditionType, Reason

MESSAGE_BYTES = 1024


class ConditionStatus(StrEnum):
    """Whether the statement that the condition's type makes holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """One statement about the object."""

    # type and reason are plain strings: another release may have written words that this one does not know.
    type: Annotated[str, Field(max_length=316)]
    """What is stated, in CamelCase."""
    status: ConditionStatus
    """Whether it holds: True, False or Unknown."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, as one CamelCase word whose meaning never changes."""
    message: Annotated[str, Field(max_length=MESSAGE_BYTES)]
    """Why, for people: names the resources by id and what to do next."""
    last_transition_time: AwareDatetime
    """When status last changed."""
    observed_generation: Annotated[int, Field(ge=0)]
    """The metadata.generation that the statement is about."""


Conditions = tuple[Condition, ...]


def find_condition(conditions: Conditions, type_: ConditionType) -> Condition | None:
    """The condition of that type, None when it is not set."""
    return next((condition for condition in conditions if condition.type == type_), None)


def set_condition(
    conditions: Conditions,
    type_: ConditionType,
    status: ConditionStatus,
    reason: Reason,
    message: str,
    generation: int,
    now: datetime,
) -> Conditions:
    """`conditions` with the one of `type_` replaced in its place, or appended.

    lastTransitionTime moves to `now` (aware; whole seconds, as metav1.Time has them) only when `status`
    differs from before. A message over 1 KiB is cut.
    """
    before = find_condition(conditions, type_)
    unchanged_since = before.last_transition_time if before and before.status == status else None
    condition = Condition(
        type=type_.value,
        status=status,
        reason=reason.value,
        message=clip(message, MESSAGE_BYTES),
        last_transition_time=unchanged_since or now.astimezone(UTC).replace(microsecond=0),
        observed_generation=generation,
    )
    if before is None:
        return (*conditions, condition)
    return tuple(condition if present.type == type_ else present for present in conditions)


def remove_condition(conditions: Conditions, type_: ConditionType) -> Conditions:
    """`conditions` without that type: for the abnormal-true ones, which are absent when false."""
    return tuple(condition for condition in conditions if condition.type != type_)
