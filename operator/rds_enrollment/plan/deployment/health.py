"""Which of the running tasks count: those that ECS's container health checks do not find wanting.

ECS starts the replacement of an unhealthy task before it stops the task (Amazon ECS Developer Guide, "Amazon ECS
services"), so that as many as are wanted may run all the time and none of them be of use.
"""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.agents import connected_tasks, definition_of, running_tasks
from rds_enrollment.plan.deployment.failures import recent_failures
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed.aws import Task
from rds_enrollment.plan.task_definition import has_health_check


def unhealthy_tasks(world: DeploymentWorld) -> tuple[Task, ...]:
    """Running tasks that ECS found unhealthy."""
    return tuple(task for task in running_tasks(world) if task.health == "UNHEALTHY")


def healthy_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Task, ...]:
    """Running tasks without those that are unhealthy.

    While others are, or were stopped for it, one without a verdict may be the next: it counts once ECS has judged it,
    or, where its container has no health check, by its agent's heartbeat.
    """
    running, unhealthy = running_tasks(world), unhealthy_tasks(world)
    if not unhealthy and not _stopped_as_unhealthy(world):
        return running
    connected = connected_tasks(wanted, world)
    return tuple(
        task
        for task in running
        if task.health == "HEALTHY"
        or (task in connected and task not in unhealthy and not _is_checked(world, task))
    )


def _is_checked(world: DeploymentWorld, task: Task) -> bool:
    return has_health_check(definition_of(world, task))


def _stopped_as_unhealthy(world: DeploymentWorld) -> bool:
    return any(failure.reason is Reason.AGENT_UNHEALTHY for failure in recent_failures(world))
