"""How long things take in the simulated ECS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timing:
    """Durations; zero is allowed everywhere."""

    provisioning: timedelta = timedelta(milliseconds=100)
    """PROVISIONING -> PENDING: the network interface is being made."""
    pending: timedelta = timedelta(milliseconds=200)
    """PENDING -> RUNNING, or STOPPED when the image cannot be pulled."""
    stopping: timedelta = timedelta(milliseconds=50)
    """DEACTIVATING -> STOPPED."""
    retry: timedelta = timedelta(milliseconds=500)
    """Wait after the first failed launch of a deployment; doubles with each one in a row."""
    retry_limit: timedelta = timedelta(seconds=5)
    stopped_kept: timedelta = timedelta(hours=1)
    """How long a stopped task can still be described (AWS keeps it for about an hour)."""
    task_definition_deletion: timedelta = timedelta(milliseconds=200)
    """DELETE_IN_PROGRESS -> gone."""
    rollback: timedelta = timedelta(milliseconds=300)
    """The least time that a rollback takes; the failed deployment can be seen until its end."""
    health_check_scale: float = 0.01
    """Factor of `interval` and `startPeriod` of container health checks; 0 checks at each tick of the sandbox."""

    def retry_after(self, failures: int) -> timedelta:
        """Wait before the next launch after so many failures in a row (at least one)."""
        doublings = 1 << min(failures - 1, 10)
        return min(self.retry * doublings, self.retry_limit)


INSTANT = Timing(
    provisioning=timedelta(0),
    pending=timedelta(0),
    stopping=timedelta(0),
    retry=timedelta(0),
    retry_limit=timedelta(0),
    task_definition_deletion=timedelta(0),
    rollback=timedelta(0),
    health_check_scale=0.0,
)
"""Everything happens at the next tick; a failing deployment retries at each tick."""
