"""Metrics of the work queue, under the names that controller-runtime and client-go made usual.

Existing dashboards for Kubernetes controllers work with them unchanged.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


def new_registry() -> CollectorRegistry:
    """A registry of its own, with what Prometheus's Python client says about the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class QueueMetrics:
    """The metrics of one queue. `name` is the label `name` of the workqueue_ metrics."""

    def __init__(self, registry: CollectorRegistry, name: str) -> None:
        self._registry = registry
        self._name = name
        self.adds = self._counter("workqueue_adds_total", "Keys added to the queue.")
        self.retries = self._counter("workqueue_retries_total", "Keys added again because their pass failed.")
        self.waited = self._histogram("workqueue_queue_duration_seconds", "Time a key waited for its turn.")
        self.worked = self._histogram("workqueue_work_duration_seconds", "Time a pass took.")
        self._reconciles = Counter(
            "controller_runtime_reconcile_total",
            "Passes by controller and result.",
            ("controller", "result"),
            registry=registry,
        )
        self._errors = Counter(
            "controller_runtime_reconcile_errors_total",
            "Passes that failed, by controller.",
            ("controller",),
            registry=registry,
        )
        self._panics = Counter(
            "controller_runtime_reconcile_panics_total",
            "Passes that ended in an unforeseen exception (a bug), by controller.",
            ("controller",),
            registry=registry,
        )
        self._times = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Length of a pass by controller.",
            ("controller",),
            buckets=_SECONDS,
            registry=registry,
        )

    def watch(
        self, *, depth: Callable[[], float], unfinished: Callable[[], float], longest: Callable[[], float]
    ) -> None:
        """Gauges that are computed when they are scraped."""
        self._gauge("workqueue_depth", "Keys that wait.", depth)
        self._gauge(
            "workqueue_unfinished_work_seconds", "Time spent so far in all running passes.", unfinished
        )
        self._gauge(
            "workqueue_longest_running_processor_seconds", "Time spent so far in the oldest pass.", longest
        )

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """One pass ended. `result`: success, error, requeue or requeue_after, as in controller-runtime."""
        self._reconciles.labels(controller, result).inc()
        self._times.labels(controller).observe(seconds)
        self.worked.observe(seconds)
        if result == "error":
            self._errors.labels(controller).inc()

    def panicked(self, controller: str) -> None:
        """A pass raised what nobody foresaw."""
        self._panics.labels(controller).inc()

    def _counter(self, metric: str, text: str) -> Counter:
        return Counter(metric, text, ("name",), registry=self._registry).labels(self._name)

    def _histogram(self, metric: str, text: str) -> Histogram:
        return Histogram(metric, text, ("name",), buckets=_SECONDS, registry=self._registry).labels(
            self._name
        )

    def _gauge(self, metric: str, text: str, value: Callable[[], float]) -> None:
        Gauge(metric, text, ("name",), registry=self._registry).labels(self._name).set_function(value)
