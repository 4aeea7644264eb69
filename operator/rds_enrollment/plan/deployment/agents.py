"""The service's tasks and their agents: running, and connected to Teleport."""

from datetime import UTC, datetime

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.agent_config import matcher_labels
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Task
from rds_enrollment.plan.observed.teleport import Agent
from rds_enrollment.plan.part import Part, held, progressing, satisfied, unseen

_RUNNING = ConditionType.TASKS_RUNNING
_CONNECTED = ConditionType.TUNNEL_CONNECTED
_REASONS = 3


def running_tasks(world: DeploymentWorld) -> tuple[Task, ...]:
    """Tasks that run and are meant to."""
    if isinstance(world.tasks, Unseen):
        return ()
    return tuple(
        task for task in world.tasks if task.last_status == "RUNNING" and task.desired_status == "RUNNING"
    )


def starting_tasks(world: DeploymentWorld) -> tuple[Task, ...]:
    """Tasks on their way to RUNNING."""
    if isinstance(world.tasks, Unseen):
        return ()
    return tuple(
        task for task in world.tasks if task.last_status != "RUNNING" and task.desired_status == "RUNNING"
    )


def connected_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Task, ...]:
    """Running tasks whose own agent has an unexpired heartbeat."""
    if isinstance(world.agents, Unseen):
        return ()
    hosts = {agent.hostname for agent in world.agents if _serves(wanted, agent)}
    return tuple(task for task in running_tasks(world) if hosts & _hostnames(task))


def tasks_part(wanted: WantedDeployment, world: DeploymentWorld, deployed: bool, attempts: int) -> Part:
    """Whether as many tasks run as are wanted; if not, what ECS said of the last one that stopped."""
    if isinstance(world.tasks, Unseen):
        return unseen(_RUNNING, world.tasks, attempts)
    running, starting = running_tasks(world), starting_tasks(world)
    count = f"{len(running)} of {wanted.replicas} tasks run"
    if len(running) >= wanted.replicas:
        return satisfied(_RUNNING, f"{count}.")
    stopped = _last_stopped(world.tasks)
    if stopped:
        return progressing(_RUNNING, Reason.TASKS_STOPPED, f"{count}. {_why(stopped)}")
    if not running and not starting and not deployed:
        return held(_RUNNING, "ServiceDeployed")
    if starting:
        states = ", ".join(sorted(f"{_short(task)} {task.last_status}" for task in starting))
        return progressing(_RUNNING, Reason.TASKS_STARTING, f"{count}; {states}.")
    return progressing(
        _RUNNING,
        Reason.NO_TASKS,
        f"{count} and none starts: read the events of ECS service {wanted.service_name}.",
    )


def tunnel_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether as many agents are connected as are wanted."""
    if isinstance(world.agents, Unseen):
        return unseen(_CONNECTED, world.agents, attempts)
    running, connected = running_tasks(world), connected_tasks(wanted, world)
    if len(connected) >= wanted.replicas:
        return satisfied(
            _CONNECTED, f"{len(connected)} of {wanted.replicas} agents are connected to Teleport."
        )
    if not running:
        return held(_CONNECTED, "TasksRunning")
    silent = ", ".join(sorted(_short(task) for task in running if task not in connected))
    message = (
        f"{len(connected)} of {wanted.replicas} agents are connected to {wanted.scope.cluster.proxy_address}; "
        f"running without a heartbeat: {silent or 'none'}. If this lasts, read their logs (status.logsUrl)."
    )
    return progressing(_CONNECTED, Reason.AGENTS_NOT_CONNECTED, message)


def _serves(wanted: WantedDeployment, agent: Agent) -> bool:
    """Addresses repeat between VPCs: the agent's matcher must name this one, too."""
    labels = matcher_labels(wanted.scope.account, wanted.region, wanted.vpc_id)
    expected = {key: (value,) for key, value in labels.items()}
    return any(expected.items() <= dict(matcher).items() for matcher in agent.matchers)


def _hostnames(task: Task) -> set[str]:
    """Names that a Fargate task may have for itself: its interface's private DNS name, or the first label of it."""
    if not task.private_ip:
        return set()
    label = f"ip-{task.private_ip.replace('.', '-')}"
    return {name for name in (task.private_dns_name, label, f"{label}.ec2.internal") if name}


def stop_reasons(world: DeploymentWorld, task_definition_arn: str, since: datetime | None) -> tuple[str, ...]:
    """Why tasks of a revision failed (since a time): the distinct reasons, the last one first, at most three."""
    if isinstance(world.tasks, Unseen):
        return ()
    failed = [
        task
        for task in world.tasks
        if task.task_definition_arn == task_definition_arn
        and _failed(task)
        and (since is None or (task.stopped_at or since) >= since)
    ]
    failed.sort(key=_stopped_order, reverse=True)
    return tuple(dict.fromkeys(_said(task) for task in failed))[:_REASONS]


def _last_stopped(tasks: tuple[Task, ...]) -> Task | None:
    return max(filter(_failed, tasks), key=_stopped_order, default=None)


def _failed(task: Task) -> bool:
    """ECS itself stops tasks that are surplus, and those that it found unhealthy."""
    if task.stopped_at is None:
        return False
    return task.stop_code != "ServiceSchedulerInitiated" or "health check" in task.stopped_reason.lower()


def _stopped_order(task: Task) -> tuple[datetime, str]:
    return task.stopped_at or datetime.min.replace(tzinfo=UTC), task.arn


def _why(task: Task) -> str:
    return f"Task {_short(task)} stopped: {_said(task)}"


def _said(task: Task) -> str:
    reasons = [task.stopped_reason, task.container_reason]
    if task.exit_code is not None:
        reasons.append(f"exit code {task.exit_code}")
    return " ".join(dict.fromkeys(reason for reason in reasons if reason)) or task.stop_code


def _short(task: Task) -> str:
    return task.arn.rsplit("/", 1)[-1]
