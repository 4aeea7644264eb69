"""The end of a pass: the status is written once, when it differs; changed conditions become events; a wish when
to be called again."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from rds_enrollment.api.common import CommonStatus, Resource
from rds_enrollment.api.conditions import Condition, Conditions, ConditionStatus, find_condition
from rds_enrollment.api.reasons import PREFLIGHT, PROGRESS, UNANNOUNCED, WARNINGS, ConditionType, Reason
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.plan.conditions import Verdict, is_true, merge, stalled_by
from rds_enrollment.plan.drift import settled_after
from rds_enrollment.plan.foresight import described
from rds_enrollment.plan.outcome import Conflict, Outcome, Scheduled, Terminal, Waiting
from rds_enrollment.plan.steps import Step
from rds_enrollment.runtime.reconciler import Result

S = TypeVar("S", bound=CommonStatus)

RESYNC_JITTER = 0.1
"""Resyncs are spread by this share of the period, so that objects created together part."""
INFORMING_POLLS = 12
"""An object that is Ready and has something to tell all the same is looked at every so many poll periods."""
QUEUED_POLLS = 4
"""An object that waits for others is looked at every so many poll periods."""
FIRST_LOOK_SECONDS = 1.0
"""After this time what AWS has just begun is looked at again; then each time that it has taken twice as long, until
polls are a poll period apart. What takes a second is not told fifteen later."""
_ACTION = "Reconcile"


@dataclass(frozen=True, slots=True)
class News:
    """Something that the status tells and no condition's change; `reason` is that of its event."""

    reason: str
    message: str


def finished_status(
    resource: Resource,
    status: S,
    verdicts: Mapping[ConditionType, Verdict],
    outcomes: Iterable[Outcome],
    *,
    required: Sequence[ConditionType],
    adapters: Adapters,
    aim: str | None = None,
    planned: Sequence[Step] = (),
) -> S:
    """`status` with the pass's conditions, generation and the echo of a requested reconcile.

    `aim` is the digest of what is wanted, where the pass has seen all of it; `planned` are the writes that are not
    made because the object is only observed.
    """
    stalled = next((outcome for outcome in outcomes if isinstance(outcome, Terminal)), None)
    conditions = merge(
        status.conditions,
        {**verdicts, **stalled_by(stalled)},
        required=required,
        generation=resource.metadata.generation,
        now=adapters.now(),
    )
    return status.model_copy(
        update={
            "conditions": conditions,
            "observed_generation": resource.metadata.generation,
            "last_handled_reconcile_at": resource.reconcile_requested_at,
            "plan": described(planned),
            "settled_digest": settled_after(
                status.settled_digest, aim, ready=is_true(conditions, ConditionType.READY)
            ),
        }
    )


async def publish(
    adapters: Adapters,
    raw: Mapping[str, Any],
    before: Conditions,
    status: CommonStatus,
    news: Sequence[News] = (),
) -> None:
    """Write the status, and an event for each condition that changed and for what is new besides. Raises Outcome."""
    obj = dict(raw)
    if await _written(adapters, obj, status.on_the_wire()) is obj:
        return
    known = {condition.type: (condition.status, condition.reason) for condition in before}
    changed = (
        condition
        for condition in status.conditions
        if known.get(condition.type) != (condition.status, condition.reason)
    )
    await asyncio.gather(
        *(_tell(adapters, obj, condition) for condition in changed if _is_news(condition)),
        *(adapters.events.record(obj, "Normal", item.reason, item.message, _ACTION) for item in news),
    )


async def _written(adapters: Adapters, obj: dict[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """The object after the write; what a pass found out counts, too, when the spec has changed meanwhile: the tags and
    roles that it left in AWS are known by the status alone."""
    try:
        return await adapters.objects.write_status(obj, status)
    except Conflict:
        metadata = obj["metadata"]
        now = await adapters.objects.get(obj["kind"], metadata["namespace"], metadata["name"])
        if now is None or now["metadata"]["uid"] != metadata["uid"] or now.get("status") != obj.get("status"):
            raise
        return await adapters.objects.write_status(now, status)


def _is_news(condition: Condition) -> bool:
    """Ready and Reconciling repeat what other conditions say; only Ready's success is told."""
    if condition.type == ConditionType.READY:
        return condition.status is ConditionStatus.TRUE
    return condition.type != ConditionType.RECONCILING and condition.status is not ConditionStatus.UNKNOWN


async def _tell(adapters: Adapters, obj: dict[str, Any], condition: Condition) -> None:
    good = condition.status is ConditionStatus.TRUE and condition.type != ConditionType.STALLED
    if good and condition.reason not in WARNINGS:
        await adapters.events.record(obj, "Normal", condition.type, condition.message, _ACTION)
        return
    kind: Literal["Normal", "Warning"] = "Normal" if condition.reason in PROGRESS else "Warning"
    message = f"{condition.type}: {condition.message}"
    await adapters.events.record(obj, kind, condition.reason, message, _ACTION)


def requeue(adapters: Adapters, conditions: Conditions, outcomes: Sequence[Outcome], resync: float) -> Result:
    """When to look again, from how the pass ended."""
    hindrances = [outcome for outcome in outcomes if not isinstance(outcome, Scheduled)]
    result = _requeue(adapters, conditions, hindrances, resync)
    begins = [outcome.after for outcome in outcomes if isinstance(outcome, Scheduled)]
    if result.requeue_after is None or not begins:
        return result
    return replace(result, requeue_after=min(result.requeue_after, *begins))


def _requeue(
    adapters: Adapters, conditions: Conditions, outcomes: Sequence[Outcome], resync: float
) -> Result:
    waits = [outcome.after for outcome in outcomes if isinstance(outcome, Waiting)]
    failed = [outcome for outcome in outcomes if not isinstance(outcome, Terminal | Waiting)]
    if failed:
        return Result(failed=True)
    if waits:
        return Result(requeue_after=min(waits))
    ready = is_true(conditions, ConditionType.READY)
    if not outcomes and not ready and not _is_observed_only(conditions):
        return Result(requeue_after=min(resync, _until_next_look(adapters, conditions)))
    if ready and any(condition.reason == Reason.ROLLOUT_QUEUED for condition in conditions):
        return Result(requeue_after=min(resync, QUEUED_POLLS * adapters.poll_seconds))
    if ready and any(condition.status is not ConditionStatus.TRUE for condition in conditions):
        resync = min(resync, INFORMING_POLLS * adapters.poll_seconds)
    return Result(requeue_after=resync * adapters.rng.uniform(1 - RESYNC_JITTER, 1 + RESYNC_JITTER))


def _until_next_look(adapters: Adapters, conditions: Conditions) -> float:
    """Seconds, of an object that is not Ready and that nothing hinders."""
    poll = adapters.poll_seconds
    if _only_preflight(conditions):
        return INFORMING_POLLS * poll
    if all(condition.reason not in UNANNOUNCED for condition in conditions):
        return poll
    changed = max(condition.last_transition_time for condition in conditions)
    return min(poll, max(FIRST_LOOK_SECONDS, (adapters.now() - changed).total_seconds()))


def _only_preflight(conditions: Conditions) -> bool:
    """Whether nothing is on its way, and what is left is a finding in the network."""
    lowered = {condition.reason for condition in conditions if condition.status is not ConditionStatus.TRUE}
    return bool(lowered) and lowered <= PREFLIGHT


def _is_observed_only(conditions: Conditions) -> bool:
    """Nothing is on its way by our hand: what others do is looked at with each resync."""
    ready = find_condition(conditions, ConditionType.READY)
    return ready is not None and ready.reason == Reason.OBSERVE_ONLY
