"""Metrics of our objects: what the watch delivered is shown, what is gone goes, and the sums stay small."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.kubernetes.object_metrics import ObjectMetrics
from rds_enrollment.runtime.reconciler import Key

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
ENROLLMENT = Key("RdsEnrollment", "team", "prod")
DEPLOYMENT = Key("DatabaseServiceDeployment", "team", "agents")


def delivered(key: Key, *, uid: str = "1", deletion: datetime | None = None, **status: Any) -> dict[str, Any]:
    metadata = {
        "namespace": key.namespace,
        "name": key.name,
        "uid": uid,
        "creationTimestamp": CREATED.isoformat(),
    }
    if deletion:
        metadata["deletionTimestamp"] = deletion.isoformat()
    return {"metadata": metadata, "status": status} if status else {"metadata": metadata}


def condition(type_: str, status: str, reason: str, after: float = 0.0) -> dict[str, str]:
    since = CREATED + timedelta(seconds=after)
    return {"type": type_, "status": status, "reason": reason, "lastTransitionTime": since.isoformat()}


class Bench:
    """The metrics, fed by hand."""

    def __init__(self, *, per_object: bool = True) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ObjectMetrics(self.registry, per_object=per_object, wall=lambda: 5000.0)

    def deliver(self, key: Key, *, deleted: bool = False, **changes: Any) -> None:
        self.metrics.delivered(key.kind, delivered(key, **changes), deleted=deleted)

    def value(self, metric: str, /, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"rds_enrollment_{metric}", labels)

    def series_about(self, word: str) -> list[str]:
        return [
            sample.name
            for family in self.registry.collect()
            for sample in family.samples
            if word in sample.labels.values()
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_condition_has_one_series_with_its_present_status(bench: Bench) -> None:
    labels = {"kind": "RdsEnrollment", "namespace": "team", "name": "prod", "type": "Ready"}
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "False", "AccessDenied")])
    assert bench.value("resource_condition", **labels, status="False", reason="AccessDenied") == 1
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "True", "Succeeded")])
    assert bench.value("resource_condition", **labels, status="True", reason="Succeeded") == 1
    assert bench.value("resource_condition", **labels, status="False", reason="AccessDenied") is None


def test_databases_are_counted_by_object_and_in_all(bench: Bench) -> None:
    bench.deliver(ENROLLMENT, discovered=3, enrolled=2)
    bench.deliver(Key("RdsEnrollment", "team", "other"), uid="2", discovered=1)
    assert bench.value("enrollment_databases", namespace="team", name="prod", state="enrolled") == 2
    assert bench.value("databases", state="discovered") == 4
    assert bench.value("databases", state="reachable") is None


@pytest.mark.parametrize("by", ["watch", "pass"])
def test_an_object_that_is_gone_takes_its_series_along(bench: Bench, by: str) -> None:
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "True", "Succeeded")], discovered=1)
    bench.metrics.synced(ENROLLMENT)
    assert {"rds_enrollment_resource_condition", "rds_enrollment_enrollment_databases"} <= set(
        bench.series_about("prod")
    )
    if by == "watch":
        bench.deliver(ENROLLMENT, deleted=True)
    else:
        bench.metrics.gone(ENROLLMENT)
    assert bench.series_about("prod") == []
    bench.metrics.synced(ENROLLMENT)
    assert bench.series_about("prod") == []


def test_without_series_of_single_objects_only_sums_are_left() -> None:
    bench = Bench(per_object=False)
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "True", "Succeeded")], discovered=1)
    bench.metrics.synced(ENROLLMENT)
    assert bench.series_about("prod") == []
    assert (
        bench.value("resources", kind="RdsEnrollment", type="Ready", status="True", reason="Succeeded") == 1
    )
    assert bench.value("databases", state="discovered") == 1


def test_a_deletion_and_a_sync_are_told_by_their_time(bench: Bench) -> None:
    names = {"kind": "RdsEnrollment", "namespace": "team", "name": "prod"}
    bench.deliver(ENROLLMENT)
    assert bench.value("resource_deletion_timestamp_seconds", **names) is None
    bench.deliver(ENROLLMENT, deletion=CREATED)
    bench.metrics.synced(ENROLLMENT)
    assert bench.value("resource_deletion_timestamp_seconds", **names) == CREATED.timestamp()
    assert bench.value("last_successful_sync_timestamp_seconds", **names) == 5000


def test_only_the_first_time_to_ready_counts(bench: Bench) -> None:
    bench.deliver(ENROLLMENT)
    for status, after in (("Unknown", 1), ("True", 42), ("False", 50), ("True", 900)):
        bench.deliver(ENROLLMENT, conditions=[condition("Ready", status, "Any", after)])
    assert bench.value("first_time_to_ready_seconds_count", kind="RdsEnrollment") == 1
    assert bench.value("first_time_to_ready_seconds_sum", kind="RdsEnrollment") == 42


def test_an_object_from_before_the_start_has_no_time_to_ready(bench: Bench) -> None:
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "False", "Any", 1)])
    bench.deliver(ENROLLMENT, conditions=[condition("Ready", "True", "Any", 900)])
    assert bench.value("first_time_to_ready_seconds_count", kind="RdsEnrollment") is None


@pytest.mark.parametrize(
    ("cluster", "agents", "skew"),
    [
        ("18.2.0", "18.1.9", 0.0),
        ("19.0.0-rc.1", "17.5.0", 2.0),
        ("17.0.0", "18.0.0", -1.0),
        (None, "18.0.0", None),
        ("18.0.0", "latest", None),
    ],
)
def test_the_skew_is_of_major_versions(
    bench: Bench, cluster: str | None, agents: str, skew: float | None
) -> None:
    bench.metrics.compare_agents_with(lambda: cluster)
    bench.deliver(DEPLOYMENT, agentVersion=agents)
    assert bench.value("agent_version_skew", namespace="team", name="agents") == skew


def test_causes_are_counted_by_object_and_only_known_ones(bench: Bench) -> None:
    no_memory = condition("TasksRunning", "False", "OutOfMemory")
    bench.deliver(DEPLOYMENT, conditions=[no_memory, condition("Ready", "False", "OutOfMemory")])
    other = Key("DatabaseServiceDeployment", "team", "other")
    bench.deliver(other, uid="2", conditions=[no_memory, condition("TunnelConnected", "False", "JoinDenied")])
    words = [
        condition("TasksRunning", "False", "WordOfAnotherRelease"),
        condition("Ready", "False", "Pending"),
    ]
    bench.deliver(ENROLLMENT, uid="3", conditions=words)
    kind = DEPLOYMENT.kind
    assert bench.value("diagnosis", kind=kind, reason="OutOfMemory") == 2
    assert bench.value("diagnosis", kind=kind, reason="JoinDenied") == 1
    for word in ("WordOfAnotherRelease", "Pending"):
        assert "rds_enrollment_diagnosis" not in bench.series_about(word)
    bench.deliver(DEPLOYMENT, conditions=[condition("TasksRunning", "True", "Succeeded")])
    assert bench.value("diagnosis", kind=kind, reason="OutOfMemory") == 1
