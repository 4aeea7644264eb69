"""Writes to AWS, named after the API operation that each one is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.aws import Document, Network
from rds_enrollment.plan.steps.base import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsStep(Step):
    """A write to AWS. `region` is empty for IAM, which is global within its partition."""

    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIdentityProvider(AwsStep):
    """iam:CreateOpenIDConnectProvider."""

    shows_late: ClassVar[Reason | None] = Reason.IAM_PROPAGATING

    url: str
    audiences: tuple[str, ...]
    tags: Mapping[str, str]
    thumbprints: tuple[str, ...] = ()
    """Empty: IAM looks at the issuer's certificates itself."""

    @property
    def target(self) -> str:
        return f"IAM identity provider {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddClientId(AwsStep):
    """iam:AddClientIDToOpenIDConnectProvider: one more audience."""

    arn: str
    client_id: str

    @property
    def target(self) -> str:
        return f"audience {self.client_id} of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateThumbprints(AwsStep):
    """iam:UpdateOpenIDConnectProviderThumbprint. Replaces the list."""

    arn: str
    thumbprints: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"thumbprints of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagIdentityProvider(AwsStep):
    """iam:TagOpenIDConnectProvider. Tags that are not named stay."""

    arn: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagStep(AwsStep):
    """Takes tags off a resource; `resource` is its ARN, of a role its name."""

    resource: str
    keys: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"tags {', '.join(self.keys)} of {self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagIdentityProvider(UntagStep):
    """iam:UntagOpenIDConnectProvider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagRole(UntagStep):
    """iam:UntagRole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagEcsResource(UntagStep):
    """ecs:UntagResource, of a cluster, a service or a task definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagLogGroup(UntagStep):
    """logs:UntagResource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIdentityProvider(AwsStep):
    """iam:DeleteOpenIDConnectProvider."""

    arn: str

    @property
    def target(self) -> str:
        return f"IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRole(AwsStep):
    """iam:CreateRole."""

    shows_late: ClassVar[Reason | None] = Reason.IAM_PROPAGATING

    role: str
    description: str
    trust: Document
    tags: Mapping[str, str]
    path: str = "/"
    permissions_boundary: str = ""
    """ARN of a policy; empty for none."""

    @property
    def target(self) -> str:
        return f"IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRolePermissionsBoundary(AwsStep):
    """iam:PutRolePermissionsBoundary."""

    role: str
    policy_arn: str

    @property
    def target(self) -> str:
        return f"permissions boundary of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoleTrust(AwsStep):
    """iam:UpdateAssumeRolePolicy."""

    role: str
    trust: Document

    @property
    def target(self) -> str:
        return f"trust policy of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRole(AwsStep):
    """iam:TagRole. Tags that are not named stay."""

    role: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRolePolicy(AwsStep):
    """iam:PutRolePolicy: an inline policy."""

    role: str
    policy: str
    document: Document

    @property
    def target(self) -> str:
        return f"policy {self.policy} of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRolePolicy(AwsStep):
    """iam:DeleteRolePolicy."""

    role: str
    policy: str

    @property
    def target(self) -> str:
        return f"policy {self.policy} of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRole(AwsStep):
    """iam:DeleteRole. Its inline policies must be gone."""

    role: str

    @property
    def target(self) -> str:
        return f"IAM role {self.role}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroupStep(AwsStep):
    """A write to a CloudWatch log group."""

    group: str

    @property
    def target(self) -> str:
        return f"CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLogGroup(LogGroupStep):
    """logs:CreateLogGroup. `kms_key_id` is empty for CloudWatch's own encryption."""

    kms_key_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLogGroup(AwsStep):
    """logs:TagResource. Tags that are not named stay."""

    arn: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRetentionPolicy(LogGroupStep):
    """logs:PutRetentionPolicy."""

    days: int

    @property
    def target(self) -> str:
        return f"retention of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRetentionPolicy(LogGroupStep):
    """logs:DeleteRetentionPolicy: events never expire."""

    @property
    def target(self) -> str:
        return f"retention of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateKmsKey(LogGroupStep):
    """logs:AssociateKmsKey."""

    kms_key_id: str

    @property
    def target(self) -> str:
        return f"KMS key of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateKmsKey(LogGroupStep):
    """logs:DisassociateKmsKey: CloudWatch's own encryption."""

    @property
    def target(self) -> str:
        return f"KMS key of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLogGroup(LogGroupStep):
    """logs:DeleteLogGroup, with everything that was logged."""
