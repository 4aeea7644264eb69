"""An object whose spec this release cannot read: it is Stalled, and nothing is written for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from rds_enrollment.api.common import CommonStatus, ObjectMeta
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.plan.conditions import Verdict, merge, stalled_by
from rds_enrollment.plan.outcome import Terminal
from rds_enrollment.runtime.reconciler import Result


def faults(error: ValidationError) -> str:
    """What is wrong with which fields, in one line."""
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())


async def report_invalid(
    adapters: Adapters, raw: Mapping[str, Any], error: ValidationError, required: Sequence[ConditionType]
) -> Result:
    """Say which fields are wrong. The next change of the object starts a new pass. Raises Outcome.

    One that is being deleted keeps its finalizer until it is corrected: what it made is found by its spec.
    """
    outcome = Terminal(Reason.INVALID_SPEC, f"The object cannot be read: {faults(error)}. Correct it.")
    metadata = ObjectMeta.model_validate(raw["metadata"])
    previous = CommonStatus.model_validate(raw.get("status") or {})
    conditions = merge(
        previous.conditions,
        {ConditionType.READY: Verdict.no(outcome.reason, outcome.message), **stalled_by(outcome)},
        required=required,
        generation=metadata.generation,
        now=adapters.now(),
    )
    common = CommonStatus(conditions=conditions, observed_generation=metadata.generation)
    wire = common.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    await adapters.objects.write_status(dict(raw), {**(raw.get("status") or {}), **wire})
    return Result()
