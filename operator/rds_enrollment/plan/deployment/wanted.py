"""What one deployment should look like, derived from its spec and scope."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.diagnostics import ReachabilityAnalysis, ReachabilityAnalyzer
from rds_enrollment.api.network import AssignPublicIp
from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan import names, ownership
from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.observed.kubernetes import Claim
from rds_enrollment.plan.observed.teleport import JoinRule, JoinToken
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.task_definition import AgentTask, log_group, register_body

JOIN_METHOD = "iam"
AGENT_ROLE = "Db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A choice of subnets or security groups: by ids, by the tags that each must carry, or the one that we make."""

    ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    managed: bool = False
    """Security groups only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDeployment:
    """One deployment as it should be: every name, tag and document follows from these fields."""

    scope: Scope
    owner: ownership.Owner
    region: str
    vpc_id: str
    subnets: Choice
    security_groups: Choice
    replicas: int
    task_role: IamRole
    user_tags: Mapping[str, str]
    agents: AgentSpec = field(default_factory=AgentSpec)
    """What the agents run with."""
    execution_role: IamRole | None = None
    """None: the task role is the execution role, too, as the wizard has it."""
    former_tags: ownership.FormerTags = ownership.NO_FORMER_TAGS
    former_roles: tuple[str, ...] = ()
    """Names of the roles that the spec named before, as far as the status tells."""
    kept_roles: frozenset[str] = frozenset()
    """Names of the roles that other deployments name: what these are in AWS stays."""
    assign_public_ip: AssignPublicIp | None = None
    """None: nothing is asked for."""
    manages_access: bool = False
    """Whether we add the inbound rules that databases lack."""
    retry: bool = False
    """Whether the spec or the requested reconcile is new: then a rollout that failed is tried once more."""
    preflight_blocks: bool = False
    """Whether findings of the preflight keep the service from being made or changed."""
    adoption: ownership.Adoption = ownership.NO_ADOPTION
    observed_token: str = ""
    """Name of the join token that somebody else keeps; empty: the deployment has its own."""
    retain: bool = False
    """Whether everything stays when the object goes."""
    claim: Claim | None = None
    """The object's own, where others may ask for the same service."""
    max_rollouts: int = 1
    """Deployments of one Teleport cluster that may take their agents to another version at a time."""
    serves: bool = True
    """Whether it was Ready when it was last looked at."""
    rollout_failed: bool = False
    """Whether its last rollout went back or failed, when it was last looked at."""
    confirmed_downgrade: str | None = None
    """The version that the agents may go back to across a major version."""
    analyses: tuple[ReachabilityAnalysis, ...] = ()
    """What the status tells of earlier analyses."""
    may_analyze: bool = True
    """Whether the operator may write for it at all."""

    @property
    def pinned_version(self) -> str | None:
        """None: the agents follow the cluster."""
        return self.agents.version.pinned if self.agents.version else None

    @property
    def analyses_per_day(self) -> int:
        """How many analyses AWS's Reachability Analyzer may be asked for; 0: none."""
        chosen = self.agents.diagnostics
        if chosen is None or chosen.reachability_analyzer is ReachabilityAnalyzer.DISABLED:
            return 0
        return chosen.max_analyses_per_day if self.may_analyze else 0

    @property
    def roles(self) -> tuple[IamRole, ...]:
        """The task role, and the execution role where it is another one."""
        return (self.task_role, *filter(None, (self.execution_role,)))

    @property
    def cluster_name(self) -> str:
        return names.ecs_cluster(self.scope.cluster.name)

    @property
    def service_name(self) -> str:
        return names.ecs_service(self.vpc_id)

    @property
    def family(self) -> str:
        return names.task_family(self.scope.cluster.name, self.vpc_id)

    @property
    def log_group(self) -> str:
        return log_group(self.agents.logs, self.scope.cluster.name, self.vpc_id)

    @property
    def owns_log_group(self) -> bool:
        """Whether we make the log group; otherwise ECS does, or the user did."""
        logs = self.agents.logs
        return logs is not None and bool(logs.retention_days or logs.kms_key_id)

    @property
    def security_group(self) -> str:
        """Name of the security group that we make on request."""
        return names.security_group(self.scope.cluster.name, self.vpc_id)

    @property
    def join_token(self) -> str:
        """Name of the token that the agents join with."""
        return self.observed_token or names.join_token(self.scope.account, self.region, self.vpc_id)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of what belongs to this deployment alone."""
        return ownership.own_tags(self.scope, self.owner, self.user_tags)

    @property
    def shared_tags(self) -> dict[str, str]:
        """Tags of the ECS cluster, which every deployment of the region shares."""
        return ownership.shared_tags(self.scope, self.owner, self.user_tags)


def wanted_token(wanted: WantedDeployment) -> JoinToken:
    """The join token that admits exactly this account's sessions of this role."""
    scope = wanted.scope
    arn = names.assumed_role_pattern(scope.partition, scope.account, wanted.task_role.name)
    return JoinToken(
        name=wanted.join_token,
        join_method=JOIN_METHOD,
        roles=frozenset({AGENT_ROLE}),
        rules=frozenset({JoinRule(account=scope.account, arn=arn)}),
        labels={OWNER_MARK: wanted.owner.mark},
    )


def wanted_task_definition(wanted: WantedDeployment, version: str, roles: tuple[str, str]) -> Document:
    """The request that registers the task definition, for agents of a version. `roles`: ARNs of the task role and of
    the execution role."""
    scope = wanted.scope
    task_role_arn, execution_role_arn = roles
    return register_body(
        AgentTask(
            partition=scope.partition,
            account=scope.account,
            region=wanted.region,
            vpc_id=wanted.vpc_id,
            teleport_cluster=scope.cluster.name,
            proxy_address=scope.cluster.proxy_address,
            version=version,
            enterprise=scope.enterprise,
            fips=scope.fips,
            task_role_arn=task_role_arn,
            execution_role_arn=execution_role_arn,
            join_token=wanted.join_token,
            agents=wanted.agents,
        )
    )
