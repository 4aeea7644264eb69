"""A task's way from PROVISIONING to STOPPED.

Source: Amazon ECS Developer Guide, "Task lifecycle" and "Stopped task error codes". ACTIVATING, STOPPING and
DEPROVISIONING are passed within the states kept here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hack.sandbox.aws.ecs.model import Task, TaskStatus
from hack.sandbox.aws.ecs.timing import Timing

StartError = str
"""Why the container cannot start; empty when it can."""


@dataclass(frozen=True)
class Effects:
    """What a transition needs from outside."""

    start_container: Callable[[Task], StartError]
    release_interface: Callable[[Task], None]


def advance(task: Task, now: datetime, timing: Timing, effects: Effects) -> bool:
    """Makes every transition that is due; true when the task reached RUNNING or STOPPED in this call."""
    before = task.status
    while (wait := _wait(task, timing)) is not None and now >= task.status_since + wait:
        _transition(task, task.status_since + wait, effects)
    return task.status != before and task.status in ("RUNNING", "STOPPED")


def stop(task: Task, now: datetime, code: str, reason: str) -> None:
    """Asks a task to stop; one that is stopping already keeps its first reason."""
    if not task.is_wanted:
        return
    task.desired_status = "STOPPED"
    task.stop_code = code
    task.stopped_reason = reason
    task.stopping_at = now
    _enter(task, "DEACTIVATING", now)


def _wait(task: Task, timing: Timing) -> timedelta | None:
    waits: dict[TaskStatus, timedelta] = {
        "PROVISIONING": timing.provisioning,
        "PENDING": timing.pending,
        "DEACTIVATING": timing.stopping,
    }
    return waits.get(task.status)


def _transition(task: Task, at: datetime, effects: Effects) -> None:
    if task.status == "PROVISIONING":
        task.pull_started_at = at
        _enter(task, "PENDING", at)
    elif task.status == "DEACTIVATING":
        _finish(task, at, effects)
    elif error := effects.start_container(task):
        task.desired_status = "STOPPED"
        task.stop_code = "TaskFailedToStart"
        task.stopped_reason = error
        task.stopping_at = at
        _finish(task, at, effects)
    else:
        task.started_at = at
        _enter(task, "RUNNING", at)


def _finish(task: Task, at: datetime, effects: Effects) -> None:
    effects.release_interface(task)
    task.stopped_at = at
    _enter(task, "STOPPED", at)


def _enter(task: Task, status: TaskStatus, at: datetime) -> None:
    task.status = status
    task.status_since = at
