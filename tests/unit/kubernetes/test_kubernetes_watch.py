"""The watch's health: what a list shows and the watch did not deliver."""

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.kubernetes.watch import Version, WatchCheck, WatchMonitor
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.runtime.reconciler import Key

from tests.unit.kubernetes.fake_api import FakeApi

KIND = "RdsEnrollment"
KEY = Key(KIND, "teleport", "prod")
BASE = "/apis/rds-enrollment.dev/v1alpha1"


class Clock:
    """Turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def monitor(clock: Clock, registry: CollectorRegistry) -> WatchMonitor:
    return WatchMonitor(grace=60, clock=clock, wall=lambda: 1234.5, registry=registry)


def version(number: int, uid: str = "u1", key: Key = KEY) -> Version:
    return Version(key, uid, number)


def test_without_objects_nothing_can_be_missed(monitor: WatchMonitor, clock: Clock) -> None:
    assert monitor.listed(KIND, [], 100) == set()
    clock.now = 10_000
    assert monitor.stuck() is None


def test_what_was_delivered_is_not_missed(monitor: WatchMonitor, clock: Clock) -> None:
    monitor.delivered(version(7), deleted=False)
    for _ in range(3):
        clock.now += 100
        assert monitor.listed(KIND, [version(7)], 100) == set()
        assert monitor.stuck() is None


def test_an_undelivered_version_is_queued_and_after_the_grace_the_watch_is_stuck(
    monitor: WatchMonitor, clock: Clock
) -> None:
    monitor.delivered(version(7), deleted=False)
    assert monitor.listed(KIND, [version(8)], 8) == set(), "events may be some milliseconds late"
    clock.now = 30
    assert monitor.listed(KIND, [version(8)], 8) == {KEY}
    assert monitor.stuck() is None
    clock.now = 61
    stuck = monitor.stuck()
    assert stuck == f"a change of {KEY} has not been delivered for 61 s"


def test_an_object_that_never_arrived_is_missed_too(monitor: WatchMonitor, clock: Clock) -> None:
    monitor.listed(KIND, [version(1)], 1)
    clock.now = 61
    assert monitor.stuck() is not None


def test_a_late_delivery_heals(monitor: WatchMonitor, clock: Clock) -> None:
    monitor.listed(KIND, [version(8)], 8)
    clock.now = 61
    monitor.delivered(version(9), deleted=False)
    assert monitor.stuck() is None


def test_an_object_that_changes_all_the_time_does_not_hide_a_deaf_watch(
    monitor: WatchMonitor, clock: Clock
) -> None:
    for number in range(10, 14):
        monitor.listed(KIND, [version(number)], number)
        clock.now += 20
    assert monitor.stuck() is not None


def test_nor_does_a_slow_list_make_a_hearing_watch_deaf(monitor: WatchMonitor, clock: Clock) -> None:
    for number in range(10, 20):
        monitor.delivered(version(number + 1), deleted=False)
        assert monitor.listed(KIND, [version(number)], number) == set()
        clock.now += 30
    assert monitor.stuck() is None


def test_a_missed_deletion_is_queued_once_and_does_not_count_as_deaf(
    monitor: WatchMonitor, clock: Clock
) -> None:
    monitor.delivered(version(7), deleted=False)
    assert monitor.listed(KIND, [], 20) == set()
    clock.now = 90
    assert monitor.listed(KIND, [], 21) == {KEY}
    assert monitor.listed(KIND, [], 22) == set()
    assert monitor.stuck() is None


def test_an_object_newer_than_the_list_is_not_deleted(monitor: WatchMonitor) -> None:
    monitor.delivered(version(30), deleted=False)
    for _ in range(3):
        assert monitor.listed(KIND, [], 20) == set()


def test_a_delivered_deletion_ends_the_matter(monitor: WatchMonitor, clock: Clock) -> None:
    monitor.delivered(version(7), deleted=False)
    monitor.listed(KIND, [version(8)], 8)
    monitor.delivered(version(9), deleted=True)
    clock.now = 100
    assert monitor.listed(KIND, [], 10) == set()
    assert monitor.listed(KIND, [], 11) == set()
    assert monitor.stuck() is None


def test_an_undelivered_object_that_is_gone_is_queued_and_no_longer_counts(
    monitor: WatchMonitor, clock: Clock
) -> None:
    monitor.listed(KIND, [version(8)], 8)
    clock.now = 100
    assert monitor.listed(KIND, [], 9) == {KEY}
    assert monitor.stuck() is None


def test_kinds_are_told_apart(monitor: WatchMonitor) -> None:
    monitor.delivered(version(7), deleted=False)
    for _ in range(3):
        assert monitor.listed("AwsOidcIntegration", [], 20) == set()


def test_the_last_event_is_a_metric(monitor: WatchMonitor, registry: CollectorRegistry) -> None:
    monitor.delivered(version(7), deleted=False)
    labels = {"kind": KIND}
    name = "rds_enrollment_watch_last_event_timestamp_seconds"
    assert registry.get_sample_value(name, labels) == 1234.5


async def test_the_check_lists_metadata_of_all_kinds_and_queues_what_was_missed(
    api: FakeApi, rest: Rest, monitor: WatchMonitor
) -> None:
    for kind in KINDS.values():
        api.answer(f"GET {BASE}/{kind.plural}", {"metadata": {"resourceVersion": "9"}, "items": []})
    item = {"metadata": {"namespace": "teleport", "name": "prod", "uid": "u1", "resourceVersion": "9"}}
    route = f"GET {BASE}/rdsenrollments"
    api.answer(route, {"metadata": {"resourceVersion": "9"}, "items": [item]})
    missed: list[Key] = []
    check = WatchCheck(rest, monitor, namespaces=(), missed=missed.append)
    assert check.failure() == "not listed yet"
    await check.check()
    await check.check()
    assert check.failure() is None
    assert missed == [KEY]


async def test_a_list_that_fails_is_told_and_changes_nothing(
    api: FakeApi, rest: Rest, monitor: WatchMonitor, clock: Clock
) -> None:
    monitor.delivered(version(7), deleted=False)
    api.refuse(f"GET {BASE}/awsoidcintegrations", 403, "no access")
    missed: list[Key] = []
    check = WatchCheck(rest, monitor, namespaces=(), missed=missed.append)
    await check.check()
    failure = check.failure()
    assert failure is not None
    assert "list awsoidcintegrations" in failure
    assert monitor.stuck() is None
    assert missed == []
    with pytest.raises(Blocked):
        await check.compare()
