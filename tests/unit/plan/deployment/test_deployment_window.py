"""The cluster's maintenance window: versions wait for it, and nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.api.agents import AgentSpec, VersionChoice, VersionPolicy
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.version import agent_version
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.maintenance import is_open, next_opening
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import MaintenanceWindow
from rds_enrollment.plan.outcome import Blocked, Scheduled, Transient
from rds_enrollment.plan.part import Part, steps_of

from tests.unit.plan.deployment.build import TELEPORT_TAGS, WANTED, task_definition, world

OLD, NEW = "18.0.0", "18.1.0"
SUNDAY_NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
AT_TWO = MaintenanceWindow(2)
DENIED = Unseen(Blocked(Reason.TELEPORT_ACCESS_DENIED, "no rule cluster_maintenance_config: read"))

WINDOWS = st.builds(MaintenanceWindow, st.integers(0, 23), st.frozensets(st.integers(0, 6)))
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def upgraded(window: Any, of: WantedDeployment = WANTED, **cluster: Any) -> WantedDeployment:
    there = replace(of.scope.cluster, **{"version": NEW, "window": window, **cluster})
    return replace(of, scope=replace(of.scope, cluster=there))


def deployed(parts: tuple[Part, ...]) -> Part:
    (part,) = [part for part in parts if part.condition is ConditionType.SERVICE_DEPLOYED]
    return part


@pytest.mark.parametrize(
    ("now", "opened"),
    [
        ("2025-06-01T01:59:59", False),
        ("2025-06-01T02:00:00", True),
        ("2025-06-01T02:59:59", True),
        ("2025-06-01T03:00:00", False),
    ],
)
def test_a_window_lasts_an_hour(now: str, opened: bool) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert is_open(AT_TWO, moment) is opened
    assert is_open(MaintenanceWindow(2, frozenset({6})), moment) is opened
    assert not is_open(MaintenanceWindow(2, frozenset({0})), moment)


def test_the_hour_is_one_of_utc() -> None:
    two = datetime.fromisoformat("2025-06-01T04:30:00+02:00")
    assert is_open(AT_TWO, two)
    assert not is_open(MaintenanceWindow(4), two)


@given(window=WINDOWS, now=TIMES)
def test_the_next_opening_is_the_first_moment_at_which_it_is_open_again(
    window: MaintenanceWindow, now: datetime
) -> None:
    opening = next_opening(window, now)
    assert now < opening <= now + timedelta(days=7)
    assert is_open(window, opening)
    assert not is_open(window, opening - timedelta(microseconds=1))
    hours = int((opening - now) / timedelta(hours=1))
    between = [opening - timedelta(hours=hour) for hour in range(1, hours + 1)]
    assert not any(is_open(window, hour) for hour in between if hour > now)


def test_a_version_waits_and_tells_when_it_goes_on() -> None:
    parts = plan(upgraded(AT_TWO), world(observed_at=SUNDAY_NOON))
    assert steps_of(parts) == ()
    assert [part.condition for part in parts if part.condition in REQUIRED and not part.done] == []
    part = deployed(parts)
    assert part.verdict.reason is Reason.OUTSIDE_MAINTENANCE_WINDOW
    assert f"Version {NEW}" in part.verdict.message
    assert "opens at 2025-06-02 02:00 UTC" in part.verdict.message
    assert isinstance(part.outcome, Scheduled)
    assert part.outcome.after == timedelta(hours=14).total_seconds()


@pytest.mark.parametrize(
    "window", [None, MaintenanceWindow(12), MaintenanceWindow(12, frozenset({6})), DENIED]
)
def test_a_version_goes_when_the_window_is_open_and_when_there_is_none(window: Any) -> None:
    steps = steps_of(plan(upgraded(window), world(observed_at=SUNDAY_NOON)))
    assert [step.name for step in steps] == ["RegisterTaskDefinition"]


def test_a_role_that_may_not_read_the_window_is_told_of() -> None:
    part = deployed(plan(upgraded(DENIED, version=OLD), world()))
    assert part.done
    assert "window is not waited for: no rule cluster_maintenance_config: read" in part.verdict.message


def test_a_window_that_could_not_be_read_just_now_holds_the_version() -> None:
    down = Unseen(Transient(Reason.TELEPORT_FAILED, "INTERNAL"))
    held = agent_version(upgraded(down), world(observed_at=SUNDAY_NOON))
    assert (held.version, held.reason) == (OLD, Reason.ROLLOUT_QUEUED)
    assert steps_of(plan(upgraded(down), world(observed_at=SUNDAY_NOON))) == ()


def test_nothing_else_waits_for_the_window() -> None:
    seen = world(observed_at=SUNDAY_NOON)
    (update,) = steps_of(plan(upgraded(AT_TWO, replace(WANTED, replicas=3)), seen))
    assert update.changed == ("desiredCount 2 to 3",)
    pinned = AgentSpec(version=VersionChoice(policy=VersionPolicy.PINNED, pinned=NEW))
    (registration,) = steps_of(plan(upgraded(AT_TWO, replace(WANTED, agents=pinned)), seen))
    assert registration.name == "RegisterTaskDefinition"


def test_a_first_deployment_does_not_wait() -> None:
    first = agent_version(upgraded(AT_TWO), world(service=None, serving=None, observed_at=SUNDAY_NOON))
    assert (first.version, first.reason) == (NEW, Reason.SUCCEEDED)


def test_agents_that_do_not_run_have_nobody_to_disturb() -> None:
    assert agent_version(upgraded(AT_TWO), world(tasks=(), observed_at=SUNDAY_NOON)).version == NEW
    assert agent_version(upgraded(AT_TWO), world(tasks=Unseen(), observed_at=SUNDAY_NOON)).version == OLD


def test_a_confirmed_downgrade_does_not_wait() -> None:
    of = replace(upgraded(AT_TWO, version="17.0.0"), confirmed_downgrade="17.0.0")
    assert agent_version(of, world(observed_at=SUNDAY_NOON)).version == "17.0.0"


def test_what_teleports_updater_chose_is_accepted_whatever_the_hour() -> None:
    theirs = task_definition(version="18.0.5", tags=TELEPORT_TAGS)
    seen = world(serving=theirs, newest=theirs, observed_at=SUNDAY_NOON)
    assert agent_version(upgraded(AT_TWO), seen).reason is Reason.UPDATED_BY_TELEPORT


def test_a_rollout_that_went_back_is_told_of_when_the_window_is_closed_again() -> None:
    tried = task_definition(2, version=NEW)
    seen = world(newest=tried, observed_at=SUNDAY_NOON)
    of = replace(upgraded(AT_TWO), rollout_failed=True)
    assert agent_version(of, seen).version == NEW
    # The next version is another matter.
    assert agent_version(upgraded(AT_TWO, of, version="18.1.1"), seen).version == OLD
