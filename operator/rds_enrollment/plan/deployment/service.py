"""The ECS service: created, updated when it differs, never replaced."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.cluster import cluster_part
from rds_enrollment.plan.deployment.network import network
from rds_enrollment.plan.deployment.revision import fitting_revision
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsDeployment, EcsService
from rds_enrollment.plan.part import Part, held, progressing, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps.aws import CreateService, ServiceShape, UpdateService

_CONDITION = ConditionType.SERVICE_DEPLOYED
MINIMUM_HEALTHY_PERCENT = 100
MAXIMUM_PERCENT = 200


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
    shape = _shape(wanted, world)
    if shape is None or not (role_ready and network_ready):
        return held(_CONDITION, "RoleReady, NetworkReady and TaskDefinitionRegistered")
    if service is None or service.status == "INACTIVE":
        return writing(_CONDITION, _creation(wanted, shape))
    if _shape_of(service) != shape:
        return writing(_CONDITION, _update(wanted, shape))
    return _rollout(service)


def _shape(wanted: WantedDeployment, world: DeploymentWorld) -> ServiceShape | None:
    revision = fitting_revision(wanted, world)
    picked = network(world)
    if revision is None or picked is None:
        return None
    return ServiceShape(
        desired_count=wanted.replicas,
        task_definition_arn=revision.arn,
        network=picked,
        minimum_healthy_percent=MINIMUM_HEALTHY_PERCENT,
        maximum_percent=MAXIMUM_PERCENT,
        circuit_breaker=True,
        circuit_breaker_rollback=True,
        propagate_tags="SERVICE",
    )


def _shape_of(service: EcsService) -> ServiceShape:
    return ServiceShape(
        desired_count=service.desired_count,
        task_definition_arn=service.task_definition_arn,
        network=service.network,
        minimum_healthy_percent=service.minimum_healthy_percent,
        maximum_percent=service.maximum_percent,
        circuit_breaker=service.circuit_breaker,
        circuit_breaker_rollback=service.circuit_breaker_rollback,
        propagate_tags=service.propagate_tags,
    )


def _creation(wanted: WantedDeployment, shape: ServiceShape) -> CreateService:
    return CreateService(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        service=wanted.service_name,
        shape=shape,
        tags=wanted.tags,
    )


def _update(wanted: WantedDeployment, shape: ServiceShape) -> UpdateService:
    return UpdateService(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        service=wanted.service_name,
        shape=shape,
    )


def _foreign(wanted: WantedDeployment, service: EcsService) -> Part | None:
    if not ownership.marked(service.tags, wanted.owner.mark):
        return refused(
            _CONDITION,
            Reason.OWNED_BY_ANOTHER,
            f"ECS service {service.arn} exists and {ownership.owner_text(service.tags)}, "
            f"not {wanted.owner.mark}: it is left as it is. Delete the service, or the object that owns it.",
        )
    if service.launch_type != "FARGATE":
        return refused(
            _CONDITION,
            Reason.CONFLICT,
            f"ECS service {service.arn} has launch type {service.launch_type}, which cannot be changed. Delete it.",
        )
    return None


def _rollout(service: EcsService) -> Part:
    primary = next((item for item in service.deployments if item.status == "PRIMARY"), None)
    if primary is None or primary.rollout_state == "COMPLETED":
        return satisfied(
            _CONDITION, f"ECS service {service.name} runs {_revision(service.task_definition_arn)}."
        )
    return progressing(_CONDITION, Reason.ROLLING_OUT, _progress(service, primary))


def _progress(service: EcsService, primary: EcsDeployment) -> str:
    old = sum(item.running for item in service.deployments if item is not primary)
    text = f"ECS service {service.name} rolls out {_revision(primary.task_definition_arn)}: {primary.running} of "
    text += f"{primary.desired} new tasks run, {old} old"
    if primary.failed:
        text += f", {primary.failed} failed"
    return f"{text}. {primary.rollout_state_reason}".strip()


def _revision(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
