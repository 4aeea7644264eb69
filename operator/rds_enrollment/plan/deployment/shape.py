"""What ECS is told of a service: as it is wanted, and as it is."""

from dataclasses import replace

from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.revision import fitting_revision
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed.aws import EcsDeployment, EcsService
from rds_enrollment.plan.steps.ecs import ServiceShape

MINIMUM_HEALTHY_PERCENT = 100
MAXIMUM_PERCENT = 200
AVAILABILITY_ZONE_REBALANCING = True
"""New tasks start before others stop (Amazon ECS Developer Guide, "Balancing an Amazon ECS service across
Availability Zones"), so that it never costs an agent."""


def wanted_shape(wanted: WantedDeployment, world: DeploymentWorld) -> ServiceShape | None:
    """None while something that it is made of is not there, or was not seen."""
    revision = fitting_revision(wanted, world)
    picked = network(wanted, world)
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
        availability_zone_rebalancing=AVAILABILITY_ZONE_REBALANCING,
        propagate_tags="SERVICE",
        execute_command=False,
    )


def shape_of(service: EcsService) -> ServiceShape:
    """The service as it is."""
    return ServiceShape(
        desired_count=service.desired_count,
        task_definition_arn=service.task_definition_arn,
        network=service.network,
        minimum_healthy_percent=service.minimum_healthy_percent,
        maximum_percent=service.maximum_percent,
        circuit_breaker=service.circuit_breaker,
        circuit_breaker_rollback=service.circuit_breaker_rollback,
        availability_zone_rebalancing=service.availability_zone_rebalancing,
        propagate_tags=service.propagate_tags,
        execute_command=service.execute_command,
    )


def shape_differences(now: ServiceShape, wanted: ServiceShape) -> tuple[str, ...]:
    """The members of an ECS service that differ, in words: the API's name, and from what to what."""
    pairs: dict[str, tuple[object, object]] = {
        "desiredCount": (now.desired_count, wanted.desired_count),
        "taskDefinition": (_revision(now), _revision(wanted)),
        "subnets": (_listed(now.network.subnets), _listed(wanted.network.subnets)),
        "securityGroups": (_listed(now.network.security_groups), _listed(wanted.network.security_groups)),
        "assignPublicIp": (now.network.assign_public_ip, wanted.network.assign_public_ip),
        "minimumHealthyPercent": (now.minimum_healthy_percent, wanted.minimum_healthy_percent),
        "maximumPercent": (now.maximum_percent, wanted.maximum_percent),
        "deploymentCircuitBreaker.enable": (now.circuit_breaker, wanted.circuit_breaker),
        "deploymentCircuitBreaker.rollback": (now.circuit_breaker_rollback, wanted.circuit_breaker_rollback),
        "availabilityZoneRebalancing": (
            now.availability_zone_rebalancing,
            wanted.availability_zone_rebalancing,
        ),
        "propagateTags": (now.propagate_tags, wanted.propagate_tags),
        "enableExecuteCommand": (now.execute_command, wanted.execute_command),
    }
    return tuple(f"{name} {one} to {other}" for name, (one, other) in pairs.items() if one != other)


def _revision(shape: ServiceShape) -> str:
    return shape.task_definition_arn.rsplit("/", 1)[-1]


def _listed(ids: frozenset[str]) -> str:
    return "+".join(sorted(ids)) or "none"


def same_input(one: ServiceShape, other: ServiceShape) -> bool:
    """Whether tasks are made from the same: nothing else makes ECS roll out (Amazon ECS API, UpdateService)."""
    return (one.task_definition_arn, one.network) == (other.task_definition_arn, other.network)


def with_input_of(shape: ServiceShape, service: EcsService) -> ServiceShape:
    """`shape` as far as it can be had without a rollout."""
    return replace(shape, task_definition_arn=service.task_definition_arn, network=service.network)


def primary_of(service: EcsService) -> EcsDeployment | None:
    """The deployment that the service is moving to, or has."""
    return next((item for item in service.deployments if item.status == "PRIMARY"), None)
