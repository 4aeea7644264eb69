"""The service's tasks and their agents: which run, and which are connected to Teleport."""

from rds_enrollment.plan.agent_config import matcher_labels
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Document, Task, TaskDefinition
from rds_enrollment.plan.observed.teleport import Agent


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


def definition_of(world: DeploymentWorld, task: Task) -> Document:
    """The task definition that a task was started with, as AWS returns it; empty when it was not read."""
    for definition in (world.serving, world.newest):
        if isinstance(definition, TaskDefinition) and definition.arn == task.task_definition_arn:
            return definition.body
    return {}


def connected_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Task, ...]:
    """Running tasks whose own agent has an unexpired heartbeat."""
    if isinstance(world.agents, Unseen):
        return ()
    names = {task: _hostnames(task) for task in running_tasks(world)}
    wanted_hosts = set().union(*names.values())
    # By name first: the agents are those of the whole cluster.
    hosts = {
        agent.hostname for agent in world.agents if agent.hostname in wanted_hosts and _serves(wanted, agent)
    }
    return tuple(task for task, own in names.items() if hosts & own)


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
