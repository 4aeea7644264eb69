"""Tells of corrected drift: one event a pass, and a metric."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.plan.steps import Step

DRIFT_CORRECTED = "DriftCorrected"
"""The event's reason."""
_SHOWN = 10
_ACTION = "Reconcile"


class DriftReporter:
    """Counts and tells what was put back."""

    def __init__(self, events: Recorder, registry: CollectorRegistry) -> None:
        self._events = events
        self._corrected = Counter(
            "rds_enrollment_drift_corrected_total",
            "Writes that put back what had drifted, by kind of object and step.",
            ("kind", "step"),
            registry=registry,
        )

    async def tell(self, obj: dict[str, Any], corrected: Sequence[Step]) -> None:
        """One event for all that a pass put back; none when it was nothing."""
        if not corrected:
            return
        for step in corrected:
            self._corrected.labels(obj["kind"], step.name).inc()
        said = "; ".join(step.words for step in corrected[:_SHOWN])
        more = f"; and {len(corrected) - _SHOWN} more" if len(corrected) > _SHOWN else ""
        await self._events.record(obj, "Normal", DRIFT_CORRECTED, f"Put back: {said}{more}.", _ACTION)
