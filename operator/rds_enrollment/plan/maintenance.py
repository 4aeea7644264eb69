"""The cluster's maintenance window, which lasts an hour (Teleport api/types/maintenance.go): whether it is open, and
when it opens next."""

from datetime import UTC, datetime, timedelta

from rds_enrollment.plan.observed.teleport import MaintenanceWindow


def is_open(window: MaintenanceWindow, now: datetime) -> bool:
    """Whether agents may be upgraded at `now` (aware)."""
    now = now.astimezone(UTC)
    return now.hour == window.start_hour and _is_on(window, now)


def next_opening(window: MaintenanceWindow, now: datetime) -> datetime:
    """When the window opens after `now` (aware), in UTC: within a week."""
    now = now.astimezone(UTC)
    opening = now.replace(hour=window.start_hour, minute=0, second=0, microsecond=0)
    while opening <= now or not _is_on(window, opening):
        opening += timedelta(days=1)
    return opening


def _is_on(window: MaintenanceWindow, day: datetime) -> bool:
    return not window.weekdays or day.weekday() in window.weekdays
