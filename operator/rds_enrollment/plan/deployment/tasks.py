"""TasksRunning: whether as many tasks run as are wanted; if not, why ECS says so."""

from collections import Counter
from collections.abc import Sequence

from rds_enrollment.api.base import clip
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.agents import running_tasks, starting_tasks
from rds_enrollment.plan.deployment.failures import (
    Refusal,
    TaskFailure,
    asked_in_vain,
    recent_failures,
    refusal,
    said_of,
)
from rds_enrollment.plan.deployment.health import healthy_tasks, unhealthy_tasks
from rds_enrollment.plan.deployment.tails import told_by_log
from rds_enrollment.plan.deployment.telling import LOG_BYTES, WORDS_BYTES, explained, task_link, told
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.advice import ADVICE
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Task
from rds_enrollment.plan.part import Part, held, progressing, satisfied, unseen

_CONDITION = ConditionType.TASKS_RUNNING


def tasks_part(wanted: WantedDeployment, world: DeploymentWorld, deployed: bool, attempts: int) -> Part:
    """Whether as many tasks run as are wanted; if not, the last cause that ECS told."""
    if isinstance(world.tasks, Unseen):
        return unseen(_CONDITION, world.tasks, attempts)
    running, starting = running_tasks(world), starting_tasks(world)
    healthy, unhealthy = healthy_tasks(wanted, world), unhealthy_tasks(world)
    count = f"{len(running)} of {wanted.replicas} tasks run"
    if len(healthy) >= wanted.replicas:
        return satisfied(_CONDITION, f"{count}.")
    if len(healthy) < len(running):
        count += f", {len(healthy)} of them healthy"
    failures, refused = recent_failures(world), refusal(world)
    if refused is not None and (not failures or refused.told_at >= failures[0].failed_at):
        return _refused(wanted, world, count, refused)
    if unhealthy:
        return _unhealthy(wanted, world, count, unhealthy[0])
    if failures:
        return _failed(wanted, world, count, failures)
    if not running and not starting and not deployed and not asked_in_vain(wanted, world):
        return held(_CONDITION, "ServiceDeployed")
    if starting:
        states = ", ".join(sorted(f"{names.task_id(task.arn)} {task.last_status}" for task in starting))
        foreseen = explained(wanted, world, Reason.TASKS_STARTING)
        return progressing(_CONDITION, Reason.TASKS_STARTING, f"{count}; {states}. {foreseen}".rstrip())
    return progressing(
        _CONDITION,
        Reason.NO_TASKS,
        told(wanted, f"{count} and none starts.", Reason.NO_TASKS, link=_service_link(wanted)),
    )


def _refused(wanted: WantedDeployment, world: DeploymentWorld, count: str, refused: Refusal) -> Part:
    happened = f"{count}. ECS starts none: {clip(refused.text, WORDS_BYTES).rstrip('.')}."
    message = told(
        wanted, happened, refused.reason, explained(wanted, world, refused.reason), link=_service_link(wanted)
    )
    return progressing(_CONDITION, refused.reason, message)


def _unhealthy(wanted: WantedDeployment, world: DeploymentWorld, count: str, task: Task) -> Part:
    message = told(
        wanted,
        f"{count}. Task {names.task_id(task.arn)} fails its container health check.",
        Reason.AGENT_UNHEALTHY,
        _logged(world, task),
        link=task_link(wanted, task),
    )
    return progressing(_CONDITION, Reason.AGENT_UNHEALTHY, message)


def _failed(
    wanted: WantedDeployment, world: DeploymentWorld, count: str, failures: Sequence[TaskFailure]
) -> Part:
    last = failures[0]
    words = (
        f"Task {names.task_id(last.task.arn)} stopped: {clip(said_of(last.task), WORDS_BYTES).rstrip('.')}"
    )
    message = told(
        wanted,
        f"{count}. {words}{_others(failures)}.",
        last.reason,
        _logged(world, last.task),
        explained(wanted, world, last.reason),
        link=task_link(wanted, last.task),
    )
    return progressing(_CONDITION, last.reason, message)


def _others(failures: Sequence[TaskFailure]) -> str:
    """How many more there are, by cause."""
    counts = Counter(failure.reason for failure in failures[1:])
    return (
        f" (before it: {', '.join(f'{number} {reason}' for reason, number in counts.items())})"
        if counts
        else ""
    )


def _logged(world: DeploymentWorld, task: Task) -> str:
    found = told_by_log(world, task)
    if not found.line:
        return ""
    advice = f" {ADVICE[found.reason]}" if found.reason is not None else ""
    return f"Its log: {clip(found.line, LOG_BYTES)}{advice}"


def _service_link(wanted: WantedDeployment) -> str:
    return names.service_console_url(
        wanted.scope.partition, wanted.region, wanted.cluster_name, wanted.service_name
    )
