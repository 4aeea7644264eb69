"""What a pass has seen of one deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsService,
    LogGroup,
    RdsInventory,
    Role,
    SecurityGroup,
    ServiceDeployment,
    Subnet,
    Task,
    TaskDefinition,
)
from rds_enrollment.plan.observed.insights import Insights
from rds_enrollment.plan.observed.kubernetes import Claim, Neighbour
from rds_enrollment.plan.observed.network import Address, Vpc
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupRule
from rds_enrollment.plan.observed.teleport import Agent, Database, DatabaseServer, JoinToken

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentWorld:
    """Each field is what was read, or Unseen; None where the thing does not exist."""

    role: Seen[Role | None] = field(default_factory=Unseen)
    """The task role."""
    execution_role: Seen[Role | None] = None
    """Read only where it is another role."""
    former_roles: Seen[tuple[Role, ...]] = ()
    """Those of the roles that the spec named before that still exist."""
    role_users: Seen[Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By ARNs of roles, the deployments (`namespace/name`) that observe them; read only for a teardown."""
    token: Seen[JoinToken | None] = field(default_factory=Unseen)
    subnets: Seen[tuple[Subnet, ...]] = field(default_factory=Unseen)
    """Those that the spec names, or whose tags it selects in the VPC."""
    security_groups: Seen[tuple[SecurityGroup, ...]] = field(default_factory=Unseen)
    vpc: Seen[Vpc | None] = field(default_factory=Unseen)
    """The network of the deployment's VPC; None when the VPC has no subnet. Not read for a teardown."""
    fargate_vcpus: Seen[float] = field(default_factory=Unseen)
    """How many vCPUs Fargate may run in the region; read only while tasks are to start."""
    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """Of hosts that the agents need, by name; none where the operator's DNS has no answer that a VPC could reach."""
    managed_group: Seen[ManagedGroup | None] = field(default_factory=Unseen)
    """The security group with the name of ours."""
    own_rules: Seen[tuple[SecurityGroupRule, ...]] = field(default_factory=Unseen)
    """Rules of any security group with the deployment's mark."""
    database_rules: Seen[tuple[SecurityGroupRule, ...]] = field(default_factory=Unseen)
    """All rules of its databases' security groups; read only where we add some."""
    inventory: Seen[RdsInventory] = field(default_factory=Unseen)
    """RDS in the region. Not read for a teardown."""
    databases: Seen[tuple[Database, ...]] = field(default_factory=Unseen)
    """All db objects in Teleport."""
    servers: Seen[tuple[DatabaseServer, ...]] = field(default_factory=Unseen)
    """All db_server heartbeats in Teleport."""
    cluster: Seen[EcsCluster | None] = field(default_factory=Unseen)
    service: Seen[EcsService | None] = field(default_factory=Unseen)
    serving: Seen[TaskDefinition | None] = field(default_factory=Unseen)
    """The service's task definition."""
    newest: Seen[TaskDefinition | None] = field(default_factory=Unseen)
    """The newest ACTIVE revision of the family."""
    revisions: Seen[tuple[str, ...]] = field(default_factory=Unseen)
    """ARNs of the family's ACTIVE revisions; read only where there may be more than are kept."""
    inactive: Seen[tuple[str, ...]] = field(default_factory=Unseen)
    """ARNs of its deregistered revisions; read only when revisions are collected."""
    family: Seen[tuple[TaskDefinition, ...]] = field(default_factory=Unseen)
    """Every revision that is not deleted yet; read only when the deployment goes and its service is gone."""
    rollouts: Seen[tuple[ServiceDeployment, ...]] = field(default_factory=Unseen)
    """The service's rollouts, newest first; read only where the plan depends on them."""
    tasks: Seen[tuple[Task, ...]] = field(default_factory=Unseen)
    """Running, starting and recently stopped tasks of the service."""
    log_tails: Mapping[str, Seen[tuple[str, ...]]] = field(default_factory=dict)
    """The last lines of agents' logs by task ARN, the oldest first; only of agents that ended or do not connect."""
    log_group: Seen[LogGroup | None] = field(default_factory=Unseen)
    """Read only where the deployment has one of its own."""
    agents: Seen[tuple[Agent, ...]] = field(default_factory=Unseen)
    """All unexpired Database Service heartbeats in Teleport."""
    claims: Seen[tuple[Claim, ...]] = field(default_factory=Unseen)
    """Of the other objects that ask for the same service; read only while AWS does not say whose it is."""
    neighbours: Seen[tuple[Neighbour, ...]] = field(default_factory=Unseen)
    """Read only while the agents should have another version."""
    insights: Seen[Insights] = field(default_factory=Unseen)
    """What AWS's Reachability Analyzer holds of this deployment; read only where it is asked, or was."""
    observed_at: datetime = _NEVER
    """When these were read."""
