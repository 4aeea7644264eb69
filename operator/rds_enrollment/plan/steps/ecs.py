"""Writes to Amazon ECS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.steps.aws import AwsStep, UntagStep


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagEcsResource(UntagStep):
    """ecs:UntagResource, of a cluster, a service or a task definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCluster(AwsStep):
    """ecs:CreateCluster."""

    shows_late: ClassVar[Reason | None] = Reason.IN_PROGRESS

    cluster: str
    capacity_providers: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"ECS cluster {self.cluster}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutClusterCapacityProviders(AwsStep):
    """ecs:PutClusterCapacityProviders. Replaces the provider list."""

    cluster: str
    capacity_providers: tuple[str, ...]
    default_provider: str

    @property
    def target(self) -> str:
        return f"capacity providers of ECS cluster {self.cluster}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCluster(AwsStep):
    """ecs:DeleteCluster."""

    cluster: str

    @property
    def target(self) -> str:
        return f"ECS cluster {self.cluster}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagEcsResource(AwsStep):
    """ecs:TagResource, of a cluster, a service or a task definition. Tags that are not named stay."""

    arn: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTaskDefinition(AwsStep):
    """ecs:RegisterTaskDefinition. `body` is the request without tags."""

    shows_late: ClassVar[Reason | None] = Reason.IN_PROGRESS

    family: str
    body: Mapping[str, Any]
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"ECS task definition {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregisterTaskDefinition(AwsStep):
    """ecs:DeregisterTaskDefinition: ACTIVE to INACTIVE."""

    arn: str

    @property
    def target(self) -> str:
        return f"ECS task definition {self.arn}"

    @property
    def restores(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTaskDefinition(AwsStep):
    """ecs:DeleteTaskDefinitions, of one INACTIVE revision."""

    arn: str

    @property
    def target(self) -> str:
        return f"ECS task definition {self.arn}"

    @property
    def restores(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceShape:
    """What CreateService and UpdateService have in common."""

    desired_count: int
    task_definition_arn: str
    network: Network
    minimum_healthy_percent: int
    maximum_percent: int
    circuit_breaker: bool
    circuit_breaker_rollback: bool
    availability_zone_rebalancing: bool
    propagate_tags: str
    execute_command: bool
    """Whether ECS Exec opens the agents' containers to whoever may call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateService(AwsStep):
    """ecs:CreateService with launch type FARGATE."""

    shows_late: ClassVar[Reason | None] = Reason.IN_PROGRESS

    cluster: str
    service: str
    shape: ServiceShape
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"ECS service {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateService(AwsStep):
    """ecs:UpdateService. `force` deploys anew even when nothing differs (forceNewDeployment)."""

    cluster: str
    service: str
    shape: ServiceShape
    force: bool = False
    keeps_network: bool = field(default=False, compare=False)
    """Whether the service has this network already: then it is not sent, as ECS need not take another order of the same
    subnets for the same."""

    @property
    def target(self) -> str:
        return f"ECS service {self.service}"

    @property
    def restores(self) -> bool:
        return not self.force


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteService(AwsStep):
    """ecs:DeleteService(force=true): drains the tasks by itself."""

    cluster: str
    service: str

    @property
    def target(self) -> str:
        return f"ECS service {self.service}"
