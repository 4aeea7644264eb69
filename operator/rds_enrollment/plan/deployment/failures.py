"""Tasks that failed and services that start none: what ECS said of them, and the causes in it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.shape import primary_of
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.ecs_texts import AGAIN_WELL, SERVICE, STOPPED
from rds_enrollment.plan.diagnosis.rules import classify
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Task

_REASONS = 3
_EVER = datetime.min.replace(tzinfo=UTC)
SILENCE = timedelta(minutes=1)
"""ECS starts tasks, or says why not, within seconds."""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """One task that failed, and why."""

    task: Task
    reason: Reason

    @property
    def failed_at(self) -> datetime:
        """When the task stopped, or, while it is on its way to that, began to."""
        return _failed_at(self.task)


@dataclass(frozen=True, slots=True)
class Refusal:
    """ECS starts no task; `text` is its own."""

    reason: Reason
    text: str
    told_at: datetime


def task_failures(world: DeploymentWorld) -> tuple[TaskFailure, ...]:
    """Of all tasks that ECS still knows, the last one first."""
    if isinstance(world.tasks, Unseen):
        return ()
    failed = sorted(filter(_failed, world.tasks), key=lambda task: (_failed_at(task), task.arn), reverse=True)
    return tuple(TaskFailure(task, _reason_of(task)) for task in failed)


def recent_failures(world: DeploymentWorld) -> tuple[TaskFailure, ...]:
    """Those since the service was well the last time."""
    well = _last_well(world)
    return tuple(failure for failure in task_failures(world) if failure.failed_at >= well)


def refusal(world: DeploymentWorld) -> Refusal | None:
    """What keeps ECS from starting tasks now, None when nothing was said since it last started one."""
    service = world.service
    if not isinstance(service, EcsService):
        return None
    for event in service.events:
        if any(words in event.message for words in AGAIN_WELL):
            return None
        reason = classify(SERVICE, event.message)
        if reason is not None:
            return Refusal(reason, _without_service(event.message), event.created_at)
    primary = primary_of(service)
    if primary is None:
        return None
    said = primary.rollout_state_reason
    reason = classify(SERVICE, said)
    return None if reason is None else Refusal(reason, said, primary.updated_at)


def asked_in_vain(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether our service has wanted tasks for a while in which ECS said nothing new. One whose rollout failed wants
    none."""
    service = world.service
    if not isinstance(service, EcsService) or service.status != "ACTIVE" or not service.desired_count:
        return False
    primary = primary_of(service)
    if primary is None or primary.rollout_state == "FAILED":
        return False
    last = max([primary.created_at, *(event.created_at for event in service.events[:1])])
    return ownership.marked(service.tags, wanted.owner.mark) and world.observed_at - last >= SILENCE


def said_of(task: Task) -> str:
    """ECS's words on a task that stopped."""
    reasons = [task.stopped_reason, task.container_reason]
    if task.exit_code is not None:
        reasons.append(f"exit code {task.exit_code}")
    return " ".join(dict.fromkeys(reason for reason in reasons if reason)) or task.stop_code


def stop_reasons(world: DeploymentWorld, task_definition_arn: str, since: datetime | None) -> tuple[str, ...]:
    """Why tasks of a revision failed (since a time): the distinct reasons, the last one first, at most three."""
    said = (
        said_of(failure.task)
        for failure in task_failures(world)
        if failure.task.task_definition_arn == task_definition_arn
        and (since is None or failure.failed_at >= since)
    )
    return tuple(dict.fromkeys(said))[:_REASONS]


def _reason_of(task: Task) -> Reason:
    known = classify(STOPPED, f"{task.container_reason} {task.stopped_reason}")
    if known is not None:
        return known
    ended = task.exit_code is not None or task.stop_code == "EssentialContainerExited"
    return Reason.AGENT_EXITED if ended else Reason.TASKS_STOPPED


def _last_well(world: DeploymentWorld) -> datetime:
    """When ECS last said that as many tasks run as are wanted."""
    service = world.service
    events = service.events if isinstance(service, EcsService) else ()
    steady, *_ = AGAIN_WELL
    return next((event.created_at for event in events if steady in event.message), _EVER)


def _without_service(message: str) -> str:
    """Events begin with `(service NAME)`, which the reader knows."""
    return message.partition(") ")[2] if message.startswith("(service ") else message


def _failed(task: Task) -> bool:
    """ECS itself stops tasks that are surplus, and those that it found unhealthy. It says why as soon as it begins to,
    half a minute before some are STOPPED."""
    if task.stopped_at is None and not task.stop_code:
        return False
    return task.stop_code != "ServiceSchedulerInitiated" or "health check" in task.stopped_reason.lower()


def _failed_at(task: Task) -> datetime:
    return task.stopped_at or task.stopping_at or _EVER
