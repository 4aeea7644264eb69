"""The ECS service: created, updated when it differs, never replaced."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.cluster import cluster_part
from rds_enrollment.plan.deployment.rollout import rollout_part
from rds_enrollment.plan.deployment.shape import wanted_shape
from rds_enrollment.plan.deployment.tagging import retagging
from rds_enrollment.plan.deployment.version import AgentVersion, agent_version, unread_window
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, TaskDefinition
from rds_enrollment.plan.outcome import Scheduled
from rds_enrollment.plan.part import Part, held, progressing, refused, unseen, writing
from rds_enrollment.plan.steps.ecs import CreateService, ServiceShape
from rds_enrollment.plan.task_definition import has_health_check

_CONDITION = ConditionType.SERVICE_DEPLOYED


def service_part(
    wanted: WantedDeployment, world: DeploymentWorld, *, role_ready: bool, network_ready: bool, attempts: int
) -> Part:
    """The cluster first, then the service in it."""
    cluster = cluster_part(wanted, world, attempts)
    if not cluster.done:
        return cluster
    if isinstance(world.service, Unseen):
        return unseen(_CONDITION, world.service, attempts)
    service = world.service
    if service is not None and service.status == "DRAINING":
        message = f"ECS service {service.name} is still draining; it is created again once it is INACTIVE."
        return progressing(_CONDITION, Reason.SERVICE_DRAINING, message)
    if service is not None and service.status != "INACTIVE":
        foreign = _foreign(wanted, service)
        if foreign:
            return foreign
        tags = ownership.drifted_tags(wanted.tags, service.tags)
        stale = ownership.stale_tags(wanted.former_tags.own, service.tags)
        tagging = retagging(wanted, _CONDITION, service.arn, tags, stale)
        if tagging:
            return writing(_CONDITION, *tagging)
    shape = wanted_shape(wanted, world)
    if shape is None or not (role_ready and network_ready):
        return held(_CONDITION, "RoleReady, NetworkReady and TaskDefinitionRegistered")
    if service is None or service.status == "INACTIVE":
        return writing(_CONDITION, _creation(wanted, shape))
    return rollout_part(wanted, world, service, shape, attempts) or _deployed(wanted, world, service)


def _creation(wanted: WantedDeployment, shape: ServiceShape) -> CreateService:
    return CreateService(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        service=wanted.service_name,
        shape=shape,
        tags=wanted.tags,
    )


def _deployed(wanted: WantedDeployment, world: DeploymentWorld, service: EcsService) -> Part:
    """As wanted; the message says what that promises, and why the agents' version may not be the cluster's."""
    agents = agent_version(wanted, world)
    if agents.reason is Reason.DOWNGRADE_NOT_CONFIRMED:
        return refused(_CONDITION, agents.reason, agents.message)
    revision = service.task_definition_arn.rsplit("/", 1)[-1]
    said = [f"ECS service {service.name} runs {revision}.", agents.message, unread_window(wanted)]
    if isinstance(world.serving, TaskDefinition) and not has_health_check(world.serving.body):
        said.append(
            f"ECS waits for its tasks to be RUNNING, not for connected agents: version {agents.version} has no "
            f"command that tells."
        )
    verdict = Verdict.ok(" ".join(filter(None, said)), agents.reason)
    return Part(_CONDITION, verdict, outcome=_scheduled(world, agents), done=True)


def _scheduled(world: DeploymentWorld, agents: AgentVersion) -> Scheduled | None:
    """The change of version that is to come, where its time is known."""
    if agents.changes_at is None:
        return None
    seconds = (agents.changes_at - world.observed_at).total_seconds()
    return Scheduled(agents.reason, agents.message, after=seconds)


def _foreign(wanted: WantedDeployment, service: EcsService) -> Part | None:
    ours = ownership.marked(service.tags, wanted.owner.mark)
    if not ours and not wanted.adoption.takes(service.tags):
        return refused(
            _CONDITION,
            Reason.OWNED_BY_ANOTHER,
            f"ECS service {service.arn} exists and {ownership.owner_text(service.tags)}, "
            f"not {wanted.owner.mark}: it is left as it is. Delete the service, or the object that owns it, or "
            f"let it be adopted (adoptionPolicy).{wanted.adoption.note}",
        )
    if service.launch_type != "FARGATE":
        return refused(
            _CONDITION,
            Reason.CONFLICT,
            f"ECS service {service.arn} has launch type {service.launch_type}, which cannot be changed. Delete it.",
        )
    return None
