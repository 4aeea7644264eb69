"""Metrics of the work queue, under the names and labels that controller-runtime and client-go made usual.

Existing dashboards for Kubernetes controllers work with them unchanged. The names are those of controller-runtime's
pkg/internal/metrics (workqueue.go) and pkg/internal/controller/metrics (metrics.go); the buckets are our own: a pass is
made of calls over a network, and takes milliseconds to minutes.
"""

import platform
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_LABELS = ("name", "controller")

ByController = Callable[[], Mapping[str, float]]
"""A value for each controller that has one; read when the metrics are scraped."""


def new_registry(version: str) -> CollectorRegistry:
    """A registry of its own, with what Prometheus's Python client says about the process, and our version."""
    # They are a second series for each counter, which no query of ours reads.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    Gauge(
        "rds_enrollment_build_info",
        "Always 1; the labels tell the version of the operator and of Python.",
        ("version", "python_version"),
        registry=registry,
    ).labels(version, platform.python_version()).set(1)
    return registry


class QueueMetrics:
    """The metrics of one queue. `name` is the label `name` of the workqueue_ metrics."""

    def __init__(self, registry: CollectorRegistry, name: str) -> None:
        self._registry = registry
        self._name = name
        self._controllers: set[str] = set()
        self._adds = self._counter("workqueue_adds_total", "Keys added to the queue.", _LABELS)
        self._retries = self._counter(
            "workqueue_retries_total", "Keys added again because their pass failed.", _LABELS
        )
        self._waited = self._histogram(
            "workqueue_queue_duration_seconds", "Time a key waited for its turn.", _LABELS
        )
        self._worked = self._histogram("workqueue_work_duration_seconds", "Time a pass took.", _LABELS)
        self._reconciles = self._counter(
            "controller_runtime_reconcile_total",
            "Passes by controller and result.",
            ("controller", "result"),
        )
        self._errors = self._counter(
            "controller_runtime_reconcile_errors_total", "Passes that failed, by controller.", ("controller",)
        )
        self._panics = self._counter(
            "controller_runtime_reconcile_panics_total",
            "Passes that ended in an unforeseen exception (a bug), by controller.",
            ("controller",),
        )
        self._times = self._histogram(
            "controller_runtime_reconcile_time_seconds", "Length of a pass by controller.", ("controller",)
        )

    def watch(
        self,
        *,
        depth: ByController,
        unfinished: ByController,
        longest: ByController,
        slow: Callable[[], int],
        failing: Callable[[], int],
    ) -> None:
        """Gauges that are computed when they are scraped. `slow` and `failing` count lanes."""
        Gauge(
            "workqueue_slow_lanes",
            "Integrations over whose objects passes are made one at a time, because the last one took long.",
            ("name",),
            registry=self._registry,
        ).labels(self._name).set_function(slow)
        Gauge(
            "workqueue_failing_lanes",
            "Integrations whose objects give way to others while these wait, because the last pass failed.",
            ("name",),
            registry=self._registry,
        ).labels(self._name).set_function(failing)
        self._gauge("workqueue_depth", "Keys that wait.", _LABELS, depth)
        self._gauge(
            "workqueue_unfinished_work_seconds",
            "Time spent so far in all running passes.",
            _LABELS,
            unfinished,
        )
        self._gauge(
            "workqueue_longest_running_processor_seconds",
            "Time spent so far in the oldest pass.",
            _LABELS,
            longest,
        )

    def added(self, controller: str) -> None:
        """A key began to wait. The counters of its controller exist from now on, at zero."""
        if controller not in self._controllers:
            self._controllers.add(controller)
            self._retries.labels(self._name, controller)
            self._errors.labels(controller)
            self._panics.labels(controller)
        self._adds.labels(self._name, controller).inc()

    def taken(self, controller: str, waited: float) -> None:
        """A worker took a key that had waited so many seconds."""
        self._waited.labels(self._name, controller).observe(waited)

    def retried(self, controller: str) -> None:
        """A failed pass is to be repeated."""
        self._retries.labels(self._name, controller).inc()

    def reconciled(self, controller: str, result: str, seconds: float) -> None:
        """One pass ended. `result`: success, error, requeue or requeue_after, as in controller-runtime."""
        self._reconciles.labels(controller, result).inc()
        self._times.labels(controller).observe(seconds)
        self._worked.labels(self._name, controller).observe(seconds)
        if result == "error":
            self._errors.labels(controller).inc()

    def panicked(self, controller: str) -> None:
        """A pass raised what nobody foresaw."""
        self._panics.labels(controller).inc()

    def _counter(self, metric: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(metric, text, labels, registry=self._registry)

    def _histogram(self, metric: str, text: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(metric, text, labels, buckets=_SECONDS, registry=self._registry)

    def _gauge(self, metric: str, text: str, labels: tuple[str, ...], values: ByController) -> None:
        def collect() -> Iterator[GaugeMetricFamily]:
            family = GaugeMetricFamily(metric, text, labels=labels)
            now = values()
            for controller in sorted(self._controllers | now.keys()):
                family.add_metric([self._name, controller], now.get(controller, 0.0))
            yield family

        self._registry.register(_Collected(collect))


class _Collected(Collector):
    """What a function makes of each scrape."""

    def __init__(self, collect: Callable[[], Iterator[GaugeMetricFamily]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[GaugeMetricFamily]:
        return self._collect()
