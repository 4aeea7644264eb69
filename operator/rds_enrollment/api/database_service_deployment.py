"""DatabaseServiceDeployment: Teleport's Database Service on ECS Fargate in one VPC."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from rds_enrollment.api.agents import NAMED_TASK_ROLE, AgentSpec, other_than
from rds_enrollment.api.base import ApiModel, SpecModel
from rds_enrollment.api.common import (
    NAME_RULE,
    CommonSpec,
    CommonStatus,
    IntegrationRef,
    Resource,
)
from rds_enrollment.api.diagnostics import MAX_ANALYSES, ReachabilityAnalysis
from rds_enrollment.api.network import (
    MAX_MISSING_RULES,
    MAX_SUBNETS,
    AssignPublicIp,
    DatabaseAccess,
    MissingRule,
    SecurityGroups,
    SubnetNetwork,
    Subnets,
)
from rds_enrollment.api.printing import AGE, MESSAGE, READY, REASON, Column, Scale
from rds_enrollment.api.roles import IamRole, TaskRole
from rds_enrollment.api.rules import Rule, immutable, list_map, list_set, validations
from rds_enrollment.api.types import AppliedTags, Arn, Count, Region, Replicas, Text, Url, VpcId

TASK_ROLE_PREFIX: Final = "TeleportDatabaseAccess-"
"""The wizard's default role name, with a dash for the VPC to follow: one role per VPC, so that one join token admits
one deployment."""


class ObservedJoinToken(SpecModel):
    """A join token in Teleport that somebody else keeps."""

    name: Annotated[str, Field(min_length=1, max_length=256, json_schema_extra=immutable("joinToken.name"))]
    """Its name, such as discover-aws-oidc-iam-token, which deployments of Teleport's wizard share. Immutable."""


class DatabaseServiceDeploymentSpec(AgentSpec, CommonSpec):
    """What is wanted."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            other_than(f"{NAMED_TASK_ROLE}'{TASK_ROLE_PREFIX}' + self.vpcId"),
            Rule(
                "has(oldSelf.joinToken) || !has(self.joinToken)",
                "joinToken can be given at creation only: it may be taken away, and a token of the deployment's own"
                " takes over",
                ".joinToken",
            ),
        )
    )

    integration_ref: IntegrationRef
    """The AwsOidcIntegration whose account holds the VPC."""
    region: Annotated[Region, Field(json_schema_extra=immutable("region"))]
    """AWS region of the VPC, such as us-west-1. Immutable."""
    vpc_id: Annotated[VpcId, Field(json_schema_extra=immutable("vpcId"))]
    """The VPC whose databases the agents serve, such as vpc-0123456789abcdef0. Immutable."""
    subnets: Subnets
    """Subnets of the VPC in which tasks run; they need a way to AWS, the registry of the image, and Teleport."""
    security_groups: SecurityGroups
    """Security groups of the tasks; the databases must let them in."""
    assign_public_ip: AssignPublicIp | None = None
    """Auto, Enabled or Disabled: whether tasks get public IPv4 addresses. With Auto they do where a subnet's default
    route leads to an internet gateway. Default: Auto, but a running service keeps the addresses that it does not need
    until something else rolls it out."""
    database_access: DatabaseAccess | None = None
    """Observe or Manage. Where no inbound rule of a database's security groups lets the agents in, Observe reports the
    rule that is missing, and Manage adds it: one for each group and port, which goes when no database needs it. Other
    rules are never touched. Default: Observe."""
    join_token: ObservedJoinToken | None = None
    """A join token of somebody else that the agents join with, for deployments that are adopted as they run. It is
    never changed, and what it lacks is named. When this is taken away, a token of the deployment's own takes over in
    one rollout. Default: a token that is made for the deployment and admits its task role alone."""
    replicas: Replicas = 2
    """Tasks to run, each with one agent, 1 to 100. Default: 2."""


MAX_STOPPED_TASKS: Final = 3
TASK_MESSAGE_BYTES: Final = 512


class StoppedTask(ApiModel):
    """A task that failed. ECS forgets it within the hour; it stays here until others fail."""

    id: Text
    """The last part of its ARN."""
    stopped_at: AwareDatetime
    """When it stopped."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, as one CamelCase word."""
    message: Annotated[str, Field(max_length=TASK_MESSAGE_BYTES)] = ""
    """What ECS said of it."""
    hint: Annotated[str, Field(max_length=TASK_MESSAGE_BYTES)] = ""
    """What to do."""
    exit_code: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    """What the agent's process ended with, if it ran."""
    console_url: Url | None = None
    """The task in the AWS console."""
    logs_url: Url | None = None
    """Its log in the AWS console."""


class DatabaseServiceDeploymentStatus(CommonStatus):
    """What was observed."""

    applied_tags: AppliedTags = Field(default_factory=dict)
    """Tags of spec.tags that resources in AWS may carry. One that spec.tags has no more is taken off them."""
    service_arn: Arn | None = None
    """ARN of the ECS service."""
    task_definition_arn: Arn | None = None
    """ARN of the task definition revision that the service runs."""
    task_role_arn: Arn | None = None
    """ARN of the IAM role of the tasks."""
    execution_role_arn: Arn | None = None
    """ARN of the IAM role with which ECS starts the tasks, where it is another one."""
    former_role_arns: Annotated[tuple[Arn, ...], Field(max_length=10, json_schema_extra=list_set())] = ()
    """Roles that the spec named before. Each goes once no task runs with it."""
    join_token: Text | None = None
    """Name of the join token in Teleport. It is no secret: it admits by IAM role."""
    agent_version: Text | None = None
    """Teleport version of the agents, from the image of the task definition."""
    console_url: Url | None = None
    """The ECS service in the AWS console."""
    logs_url: Url | None = None
    """The agents' logs in the AWS console."""
    replicas: Count | None = None
    """Tasks that the ECS service wants to run, as read back."""
    running_replicas: Count | None = None
    """Tasks that are running."""
    pending_replicas: Count | None = None
    """Tasks that are starting."""
    connected_replicas: Count | None = None
    """Running tasks whose own agent is connected to Teleport."""
    tasks: Annotated[
        tuple[StoppedTask, ...], Field(max_length=MAX_STOPPED_TASKS, json_schema_extra=list_map("id"))
    ] = ()
    """The last three tasks that failed, the last one first."""
    network: Annotated[
        tuple[SubnetNetwork, ...],
        Field(max_length=MAX_SUBNETS, json_schema_extra=list_map("subnetId")),
    ] = ()
    """What the preflight found in each subnet that tasks start in."""
    missing_inbound_rules: Annotated[
        tuple[MissingRule, ...],
        Field(max_length=MAX_MISSING_RULES, json_schema_extra=list_map("securityGroupId", "port")),
    ] = ()
    """The inbound rules that the databases' security groups lack, at most 50."""
    analyses: Annotated[
        tuple[ReachabilityAnalysis, ...],
        Field(max_length=MAX_ANALYSES, json_schema_extra=list_map("id")),
    ] = ()
    """What AWS's Reachability Analyzer was asked, the last first: what counts for maxAnalysesPerDay, and what it found
    of causes that last."""


class DatabaseServiceDeployment(Resource):
    """Runs Teleport's Database Service on ECS Fargate in one VPC: task role, join token, ECS cluster, task
    definition and service."""

    model_config = ConfigDict(json_schema_extra=validations(NAME_RULE))
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        READY,
        REASON,
        Column("Region", ".spec.region"),
        Column("VPC", ".spec.vpcId"),
        Column("Connected", ".status.connectedReplicas", type="integer"),
        Column("Replicas", ".spec.replicas", type="integer"),
        AGE,
        Column("Version", ".status.agentVersion", wide=True),
        Column("ARN", ".status.serviceArn", wide=True),
        MESSAGE,
    )
    SCALE: ClassVar[Scale | None] = Scale(spec=".spec.replicas", status=".status.replicas")

    kind: Literal["DatabaseServiceDeployment"] = "DatabaseServiceDeployment"
    spec: DatabaseServiceDeploymentSpec
    """What is wanted."""
    status: DatabaseServiceDeploymentStatus = Field(default_factory=DatabaseServiceDeploymentStatus)
    """What was observed; written by the operator only."""

    @property
    def task_role(self) -> IamRole:
        """The IAM role of the tasks."""
        return (self.spec.task_role or TaskRole()).named(f"{TASK_ROLE_PREFIX}{self.spec.vpc_id}")

    @property
    def roles(self) -> tuple[IamRole, ...]:
        """The task role, and the execution role where it is another one."""
        return (self.task_role, *filter(None, (self.spec.execution_role,)))
