"""Tells the metrics of objects how the passes over them ended."""

from collections.abc import Mapping
from dataclasses import dataclass

from rds_enrollment.kubernetes.object_metrics import ObjectMetrics
from rds_enrollment.runtime.reconciler import Key, Reconciler, Result


def measured(reconcilers: Mapping[str, Reconciler], metrics: ObjectMetrics) -> Mapping[str, Reconciler]:
    """The same reconcilers by kind, with their results told to `metrics`."""
    return {kind: _Measured(reconciler, metrics) for kind, reconciler in reconcilers.items()}


@dataclass(frozen=True, slots=True)
class _Measured:
    reconciler: Reconciler
    metrics: ObjectMetrics

    async def reconcile(self, key: Key) -> Result:
        result = await self.reconciler.reconcile(key)
        if result.gone:
            self.metrics.gone(key)  # the watch may have missed it
        elif not result.failed:
            self.metrics.synced(key)
        return result
