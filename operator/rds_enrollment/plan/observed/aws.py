"""AWS resources as the planning sees them. Field names follow the AWS APIs; times are aware datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Tags = Mapping[str, str]
Document = Mapping[str, Any]
"""A parsed JSON document (IAM policy, task definition)."""


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """sts:GetCallerIdentity."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """aws, aws-cn or aws-us-gov, from the caller's ARN."""
        return self.arn.split(":", 2)[1]


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """iam:GetOpenIDConnectProvider. `url` has no scheme, as IAM returns it."""

    arn: str
    url: str
    audiences: frozenset[str]
    tags: Tags
    thumbprints: tuple[str, ...] = ()
    """SHA-1 of certificates, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Role:
    """iam:GetRole with its inline policies (iam:GetRolePolicy) of the names that were asked for."""

    name: str
    arn: str
    path: str
    trust: Document
    tags: Tags
    policies: Mapping[str, Document]
    """Inline policies by name; one that does not exist is absent. Of a role that is observed: all of them, and the
    attached ones by their ARNs."""
    permissions_boundary: str = ""
    """ARN of a policy; empty without one."""
    boundary: Document | None = None
    """That policy, where the role is observed."""


@dataclass(frozen=True, slots=True)
class EcsCluster:
    """ecs:DescribeClusters(include=TAGS)."""

    arn: str
    name: str
    status: str
    capacity_providers: frozenset[str]
    active_services: int
    tags: Tags


@dataclass(frozen=True, slots=True)
class Network:
    """An awsvpcConfiguration. Order carries no meaning."""

    subnets: frozenset[str]
    security_groups: frozenset[str]
    assign_public_ip: bool


@dataclass(frozen=True, slots=True)
class EcsDeployment:
    """One entry of a service's `deployments`."""

    id: str
    status: str
    """PRIMARY, ACTIVE or INACTIVE."""
    rollout_state: str
    rollout_state_reason: str
    task_definition_arn: str
    desired: int
    running: int
    failed: int
    created_at: datetime
    updated_at: datetime
    """When its state last changed."""


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """One rollout of a service (ecs:ListServiceDeployments), and what it rolled out (ecs:DescribeServiceRevisions)."""

    arn: str
    status: str
    status_reason: str
    created_at: datetime
    finished_at: datetime | None
    task_definition_arn: str
    """Empty when ECS does not know the revision any more; `network` is None then."""
    network: Network | None


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One entry of a service's `events`."""

    id: str
    created_at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class EcsService:
    """ecs:DescribeServices(include=TAGS)."""

    arn: str
    name: str
    status: str
    """ACTIVE, DRAINING or INACTIVE."""
    launch_type: str
    desired_count: int
    running_count: int
    task_definition_arn: str
    network: Network
    minimum_healthy_percent: int
    maximum_percent: int
    circuit_breaker: bool
    circuit_breaker_rollback: bool
    availability_zone_rebalancing: bool
    propagate_tags: str
    execute_command: bool
    deployments: tuple[EcsDeployment, ...]
    events: tuple[ServiceEvent, ...]
    """Newest first."""
    tags: Tags


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """ecs:DescribeTaskDefinition(include=TAGS). `body` is the API's `taskDefinition` member, verbatim."""

    arn: str
    family: str
    revision: int
    status: str
    body: Document
    tags: Tags


@dataclass(frozen=True, slots=True)
class Task:
    """ecs:DescribeTasks. Address fields are empty before the network interface is attached."""

    arn: str
    task_definition_arn: str
    last_status: str
    desired_status: str
    health: str
    """HEALTHY, UNHEALTHY, or UNKNOWN, which it stays without a container health check."""
    private_ip: str
    private_dns_name: str
    network_interface_id: str
    subnet_id: str
    stop_code: str
    stopped_reason: str
    stopping_at: datetime | None
    stopped_at: datetime | None
    container_reason: str
    """`containers[0].reason`."""
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class LogGroup:
    """logs:DescribeLogGroups with logs:ListTagsForResource."""

    name: str
    arn: str
    retention_days: int | None
    """None: events never expire."""
    kms_key_id: str
    """Empty for CloudWatch's own encryption."""
    tags: Tags


@dataclass(frozen=True, slots=True)
class Subnet:
    """ec2:DescribeSubnets."""

    id: str
    vpc_id: str
    availability_zone: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """ec2:DescribeSecurityGroups."""

    id: str
    vpc_id: str
    name: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DbInstance:
    """rds:DescribeDBInstances. `endpoint` is "" and `port` 0 while AWS has not assigned one."""

    identifier: str
    arn: str
    resource_id: str
    cluster_identifier: str
    engine: str
    engine_version: str
    status: str
    endpoint: str
    port: int
    vpc_id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    iam_auth: bool
    tags: Tags


@dataclass(frozen=True, slots=True)
class DbClusterMember:
    """One entry of a cluster's `DBClusterMembers`."""

    instance_identifier: str
    writer: bool


@dataclass(frozen=True, slots=True)
class DbCluster:
    """rds:DescribeDBClusters. Its VPC and subnets are those of its member instances."""

    identifier: str
    arn: str
    resource_id: str
    engine: str
    engine_version: str
    engine_mode: str
    status: str
    endpoint: str
    reader_endpoint: str
    port: int
    members: tuple[DbClusterMember, ...]
    security_groups: tuple[str, ...]
    iam_auth: bool
    tags: Tags
    custom_endpoints: tuple[str, ...] = ()
    """Addresses of its custom endpoints."""


@dataclass(frozen=True, slots=True)
class RdsInventory:
    """All that one account holds in one region, from complete listings only."""

    account: str
    region: str
    instances: tuple[DbInstance, ...]
    clusters: tuple[DbCluster, ...]
