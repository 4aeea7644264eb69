"""Which logs are read, and what they tell. Nobody reads the log of an agent that does what it should."""

from dataclasses import dataclass

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.agents import connected_tasks, definition_of, running_tasks
from rds_enrollment.plan.deployment.failures import recent_failures
from rds_enrollment.plan.deployment.health import healthy_tasks
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.agent_log import LogFinding, read_tail
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Document, Task
from rds_enrollment.plan.task_definition import CONTAINER

_HAVE_LOGGED = frozenset({Reason.AGENT_EXITED, Reason.AGENT_UNHEALTHY, Reason.OUT_OF_MEMORY})
"""Causes that befall an agent that ran."""


@dataclass(frozen=True, slots=True)
class LogStream:
    """The CloudWatch log stream of one task."""

    task_arn: str
    group: str
    name: str


def streams_to_read(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[LogStream, ...]:
    """Of the last agent that ended while tasks are missing, and of one that runs without a heartbeat."""
    tasks = (ended_agent(wanted, world), *silent_tasks(wanted, world)[:1])
    return tuple(stream_of(wanted, world, task) for task in tasks if task is not None)


def ended_agent(wanted: WantedDeployment, world: DeploymentWorld) -> Task | None:
    """The task whose log may tell why tasks are missing; None when none are, or none has come far enough to log."""
    if isinstance(world.tasks, Unseen) or len(healthy_tasks(wanted, world)) >= wanted.replicas:
        return None
    last = next(iter(recent_failures(world)), None)
    return last.task if last is not None and last.reason in _HAVE_LOGGED else None


def silent_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Task, ...]:
    """Running tasks without a heartbeat, while agents are missing."""
    connected = connected_tasks(wanted, world)
    if isinstance(world.agents, Unseen) or len(connected) >= wanted.replicas:
        return ()
    silent = (task for task in running_tasks(world) if task not in connected)
    return tuple(sorted(silent, key=lambda task: task.arn))


def told_by_log(world: DeploymentWorld, task: Task) -> LogFinding:
    """What the log of a task says; nothing where it was not read, and why where it could not be."""
    tail = world.log_tails.get(task.arn, ())
    if isinstance(tail, Unseen):
        return LogFinding(None, tail.outcome.message if tail.outcome is not None else "")
    return read_tail(tail)


def stream_of(wanted: WantedDeployment, world: DeploymentWorld, task: Task) -> LogStream:
    """`prefix/container/task id`, as the awslogs driver names streams on Fargate (Amazon ECS Developer Guide, "Send
    Amazon ECS logs to CloudWatch"), with the options that the task was started with where they were seen."""
    options = _log_options(definition_of(world, task))
    prefix = options.get("awslogs-stream-prefix") or names.log_stream_prefix(
        wanted.scope.cluster.name, wanted.vpc_id
    )
    group = options.get("awslogs-group") or wanted.log_group
    return LogStream(task.arn, group, f"{prefix}/{CONTAINER}/{names.task_id(task.arn)}")


def _log_options(definition: Document) -> Document:
    container: Document = next(iter(definition.get("containerDefinitions", ())), {})
    configuration: Document = container.get("logConfiguration") or {}
    options: Document = configuration.get("options") or {}
    return options
