"""The status fields of one deployment, beside its conditions."""

from datetime import UTC

from rds_enrollment.api.base import clip
from rds_enrollment.api.database_service_deployment import (
    MAX_STOPPED_TASKS,
    TASK_MESSAGE_BYTES,
    DatabaseServiceDeploymentStatus,
    StoppedTask,
)
from rds_enrollment.api.network import FINDING_BYTES, MAX_ADVICE, NetworkState, SubnetNetwork
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.access import missing_rules
from rds_enrollment.plan.deployment.agents import connected_tasks, running_tasks, starting_tasks
from rds_enrollment.plan.deployment.analyses import book
from rds_enrollment.plan.deployment.choice import network, vpc_of
from rds_enrollment.plan.deployment.failures import TaskFailure, said_of, task_failures
from rds_enrollment.plan.deployment.preflight import subnet_verdicts
from rds_enrollment.plan.deployment.tails import stream_of
from rds_enrollment.plan.deployment.telling import task_link
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.advice import ADVICE
from rds_enrollment.plan.network.checks import SubnetVerdict
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Role, TaskDefinition
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.plan.roles import former_role_arns
from rds_enrollment.plan.task_definition import image_of


def observed_status(
    previous: DatabaseServiceDeploymentStatus, wanted: WantedDeployment, world: DeploymentWorld
) -> DatabaseServiceDeploymentStatus:
    """`previous` with what this pass has seen; what it could not see stays as it was."""
    seen: dict[str, object] = {"teleport_cluster": wanted.scope.cluster.name}
    if not isinstance(world.role, Unseen):
        seen["task_role_arn"] = world.role.arn if isinstance(world.role, Role) else None
    if not isinstance(world.execution_role, Unseen):
        seen["execution_role_arn"] = world.execution_role.arn if world.execution_role else None
    seen["former_role_arns"] = former_role_arns(
        (*previous.former_role_arns, previous.task_role_arn, previous.execution_role_arn),
        wanted.former_roles,
        world.former_roles,
        wanted.owner.mark,
    )
    if not isinstance(world.token, Unseen):
        seen["join_token"] = world.token.name if isinstance(world.token, JoinToken) else None
    if not isinstance(world.service, Unseen):
        seen.update(_service(wanted, world.service))
    picked, vpc = network(wanted, world), vpc_of(world)
    if isinstance(vpc, Vpc) and picked is not None:
        verdicts = subnet_verdicts(wanted, world, picked, vpc)
        seen["network"] = tuple(map(_subnet_network, verdicts))
    missing = missing_rules(wanted, world)
    if missing is not None:
        seen["missing_inbound_rules"] = missing
    if not isinstance(world.serving, Unseen):
        seen["agent_version"] = _version(world.serving)
    if not isinstance(world.tasks, Unseen):
        seen["tasks"] = _stopped(previous.tasks, wanted, world)
        seen["running_replicas"] = len(running_tasks(world))
        seen["pending_replicas"] = len(starting_tasks(world))
        if not isinstance(world.agents, Unseen):
            seen["connected_replicas"] = len(connected_tasks(wanted, world))
    seen["analyses"] = book(wanted, world)
    return previous.model_copy(update=seen)


def _service(wanted: WantedDeployment, service: EcsService | None) -> dict[str, object]:
    if service is None or service.status == "INACTIVE":
        return dict.fromkeys(("service_arn", "task_definition_arn", "console_url", "logs_url", "replicas"))
    scope, region = wanted.scope, wanted.region
    return {
        "service_arn": service.arn,
        "task_definition_arn": service.task_definition_arn,
        "replicas": service.desired_count,
        "console_url": names.service_console_url(
            scope.partition, region, wanted.cluster_name, wanted.service_name
        ),
        "logs_url": names.logs_console_url(scope.partition, region, wanted.log_group),
    }


def _stopped(
    before: tuple[StoppedTask, ...], wanted: WantedDeployment, world: DeploymentWorld
) -> tuple[StoppedTask, ...]:
    """Those that ECS still knows, and then those that it has forgotten."""
    stopped = [failure for failure in task_failures(world) if failure.task.stopped_at is not None]
    now = [_stopped_task(wanted, world, failure) for failure in stopped[:MAX_STOPPED_TASKS]]
    known = {task.id for task in now}
    every = [*now, *(task for task in before if task.id not in known)]
    every.sort(key=lambda task: (task.stopped_at, task.id), reverse=True)
    return tuple(every[:MAX_STOPPED_TASKS])


def _stopped_task(wanted: WantedDeployment, world: DeploymentWorld, failure: TaskFailure) -> StoppedTask:
    scope, region, task = wanted.scope, wanted.region, failure.task
    stream = stream_of(wanted, world, task)
    return StoppedTask(
        id=names.task_id(task.arn),
        stopped_at=failure.failed_at.astimezone(UTC).replace(microsecond=0),
        reason=failure.reason.value,
        message=clip(said_of(task), TASK_MESSAGE_BYTES),
        hint=ADVICE[failure.reason],
        exit_code=task.exit_code,
        console_url=task_link(wanted, task),
        logs_url=names.log_stream_console_url(scope.partition, region, stream.group, stream.name),
    )


def _subnet_network(verdict: SubnetVerdict) -> SubnetNetwork:
    finding, blocker = verdict.finding, verdict.finding.blocker
    return SubnetNetwork(
        subnet_id=verdict.subnet,
        state=NetworkState.BLOCKED if finding.failed else NetworkState.READY,
        reason=finding.reason,
        message=clip(finding.message, FINDING_BYTES),
        blocker=blocker.kind if blocker else None,
        culprit=blocker.id if blocker else None,
        advice=tuple(clip(text, FINDING_BYTES) for text in verdict.advice[:MAX_ADVICE]),
    )


def _version(serving: TaskDefinition | None) -> str | None:
    """The tag of the agents' image."""
    if serving is None:
        return None
    return image_of(serving.body).rpartition(":")[2] or None
