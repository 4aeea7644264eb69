"""Container health checks: when one is due, and what its verdict makes of a task.

Source: Amazon ECS API Reference, HealthCheck: `interval`, `retries`, `startPeriod` and their defaults; a success within
`startPeriod` ends it. The command is not run: the verdict comes from outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hack.sandbox.aws.ecs.model import Task

DEFAULT_INTERVAL = 30
DEFAULT_TIMEOUT = 5
DEFAULT_RETRIES = 3


@dataclass(frozen=True)
class HealthCheck:
    """Durations as given: seconds."""

    interval: int = DEFAULT_INTERVAL
    retries: int = DEFAULT_RETRIES
    start_period: int = 0

    @classmethod
    def from_api(cls, given: Mapping[str, Any]) -> "HealthCheck":
        return cls(
            given.get("interval", DEFAULT_INTERVAL),
            given.get("retries", DEFAULT_RETRIES),
            given.get("startPeriod") or 0,
        )


def is_due(task: Task, now: datetime, scale: float) -> bool:
    """`scale` multiplies the durations of every check."""
    check = _check_of(task)
    if check is None or not task.is_running or task.started_at is None:
        return False
    last = task.last_check_at or task.started_at
    return now >= last + timedelta(seconds=check.interval) * scale


def record(task: Task, passed: bool, now: datetime, scale: float) -> None:
    """Notes the verdict of a check that was due; failures before the first success in `startPeriod` do not count."""
    check = _check_of(task)
    if check is None or not task.is_running or task.started_at is None:
        return
    task.last_check_at = now
    if passed:
        task.health, task.failed_checks = "HEALTHY", 0
        return
    in_start_period = now < task.started_at + timedelta(seconds=check.start_period) * scale
    if in_start_period and task.health == "UNKNOWN":
        return
    task.failed_checks += 1
    if task.failed_checks >= check.retries:
        task.health = "UNHEALTHY"


def _check_of(task: Task) -> HealthCheck | None:
    """The check of the first container that decides about the task."""
    deciding = task.health_checked
    return HealthCheck.from_api(deciding[0]["healthCheck"]) if deciding else None
