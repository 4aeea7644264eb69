"""Metrics of our objects, computed from what the watch delivered when they are scraped.

An object that is gone takes its series along. The series of single objects can be switched off; sums over all objects
stay, and are bounded by the words of the API.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from rds_enrollment.api.reasons import DIAGNOSES
from rds_enrollment.kubernetes.object_state import ObjectState, read_state
from rds_enrollment.plan.versions import order
from rds_enrollment.runtime.reconciler import Key

_READY_SECONDS = (5, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
_OBJECT = ("kind", "namespace", "name")


class ObjectMetrics(Collector):
    """Fed by the watch's thread and the passes, scraped by the event loop."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        per_object: bool,
        wall: Callable[[], float],
    ) -> None:
        """`wall` is Unix time in seconds."""
        self._per_object = per_object
        self._wall = wall
        self._cluster_version: Callable[[], str | None] = lambda: None
        self._lock = threading.Lock()
        self._states: dict[Key, ObjectState] = {}
        self._synced: dict[Key, float] = {}
        self._never_ready: set[str] = set()
        self._first_ready = Histogram(
            "rds_enrollment_first_time_to_ready_seconds",
            "Time from an object's creation until it was Ready for the first time.",
            ("kind",),
            buckets=_READY_SECONDS,
            registry=registry,
        )
        registry.register(self)

    def compare_agents_with(self, cluster_version: Callable[[], str | None]) -> None:
        """Have the agents' versions compared with Teleport's, None as long as that is not known."""
        self._cluster_version = cluster_version

    def delivered(self, kind: str, obj: Mapping[str, Any], *, deleted: bool) -> None:
        """The watch delivered a version of an object, or the end of it."""
        state = read_state(kind, obj)
        if deleted:
            self.gone(state.key)
            return
        with self._lock:
            self._states[state.key] = state
        self._time_to_ready(state)

    def gone(self, key: Key) -> None:
        """The object does not exist any more."""
        with self._lock:
            state = self._states.pop(key, None)
            self._synced.pop(key, None)
        if state is not None:
            self._never_ready.discard(state.uid)

    def synced(self, key: Key) -> None:
        """A pass over the object ended without a failure."""
        with self._lock:
            if key in self._states:
                self._synced[key] = self._wall()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._lock:
            states, synced = list(self._states.values()), dict(self._synced)
        yield from _sums(states)
        if self._per_object:
            yield _conditions(states)
            yield _deletions(states)
            yield _syncs(synced)
            yield _databases(states)
            yield _skews(states, self._cluster_version())

    def _time_to_ready(self, state: ObjectState) -> None:
        """Only objects that were seen before their first pass count: of others it is not known whether they were
        Ready before."""
        if not state.conditions:
            self._never_ready.add(state.uid)
        elif state.ready_since is not None and state.uid in self._never_ready:
            self._never_ready.discard(state.uid)
            self._first_ready.labels(state.key.kind).observe(max(0.0, state.ready_since - state.created))


def _sums(states: list[ObjectState]) -> Iterator[GaugeMetricFamily]:
    resources = GaugeMetricFamily(
        "rds_enrollment_resources", "Objects by condition.", labels=("kind", "type", "status", "reason")
    )
    found = Counter(
        (state.key.kind, condition.type, condition.status, condition.reason)
        for state in states
        for condition in state.conditions
    )
    for labels, count in sorted(found.items()):
        resources.add_metric(labels, count)
    yield resources
    yield _diagnoses(states)
    databases = GaugeMetricFamily(
        "rds_enrollment_databases",
        "Databases of all enrolments by state; the states overlap: discovered ones are enrolled, skipped or in "
        "conflict, and enrolled ones are reachable or not.",
        labels=("state",),
    )
    sums: Counter[str] = Counter()
    for state in states:
        sums.update(state.databases)
    for name, count in sorted(sums.items()):
        databases.add_metric([name], count)
    yield databases


def _diagnoses(states: list[ObjectState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_diagnosis",
        "Objects with a condition that a known cause lowers, by that cause.",
        labels=("kind", "reason"),
    )
    found = Counter(
        (state.key.kind, reason)
        for state in states
        for reason in {item.reason for item in state.conditions if item.status != "True"} & DIAGNOSES
    )
    for labels, count in sorted(found.items()):
        family.add_metric(labels, count)
    return family


def _conditions(states: list[ObjectState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_resource_condition",
        "Always 1: the conditions of an object, with the status and the reason that each has now.",
        labels=(*_OBJECT, "type", "status", "reason"),
    )
    for state in states:
        for condition in state.conditions:
            family.add_metric([*_names(state.key), condition.type, condition.status, condition.reason], 1)
    return family


def _deletions(states: list[ObjectState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_resource_deletion_timestamp_seconds",
        "When the deletion of an object that is still there was asked for.",
        labels=_OBJECT,
    )
    for state in states:
        if state.deletion_requested is not None:
            family.add_metric(_names(state.key), state.deletion_requested)
    return family


def _syncs(synced: Mapping[Key, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_last_successful_sync_timestamp_seconds",
        "When a pass over an object last ended without a failure.",
        labels=_OBJECT,
    )
    for key, time in synced.items():
        family.add_metric(_names(key), time)
    return family


def _databases(states: list[ObjectState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_enrollment_databases",
        "Databases of an RdsEnrollment by state; the states overlap.",
        labels=("namespace", "name", "state"),
    )
    for state in states:
        for name, count in state.databases.items():
            family.add_metric([state.key.namespace, state.key.name, name], count)
    return family


def _skews(states: list[ObjectState], cluster_version: str | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rds_enrollment_agent_version_skew",
        "Major version of the Teleport cluster less that of a deployment's agents: above 1 they are too old for it, "
        "below 0 they are newer than it.",
        labels=("namespace", "name"),
    )
    cluster = order(cluster_version) if cluster_version else None
    for state in states:
        agents = order(state.agent_version) if state.agent_version else None
        if cluster is not None and agents is not None:
            family.add_metric([state.key.namespace, state.key.name], cluster[0] - agents[0])
    return family


def _names(key: Key) -> list[str]:
    return [key.kind, key.namespace, key.name]
