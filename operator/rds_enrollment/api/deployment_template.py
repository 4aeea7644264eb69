"""What an enrolment gives to the deployments that it generates."""

from typing import Annotated

from pydantic import ConfigDict, Field

from rds_enrollment.api.agents import NAMED_TASK_ROLE, AgentSpec, other_than
from rds_enrollment.api.common import seconds
from rds_enrollment.api.network import AssignPublicIp, DatabaseAccess, SecurityGroups, Subnets
from rds_enrollment.api.rules import Rule, list_map, validations
from rds_enrollment.api.types import Replicas, VpcId

GracePeriod = Annotated[
    str,
    Field(
        pattern="^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$",
        min_length=2,
        max_length=16,
        json_schema_extra=validations(
            Rule("duration(self) <= duration('72h')", "must be between 0s and 72h"),
        ),
    ),
]


_ROLE_OF_ONE_VPC = (
    "a role that is made belongs to one VPC: name it in perVpc, or set managementPolicy Observe"
)


class VpcOverride(AgentSpec):
    """What differs in one VPC. A field that is set replaces the template's as a whole."""

    vpc_id: VpcId
    """The VPC."""
    subnets: Subnets | None = None
    """Subnets in which its tasks run. Default: the template's."""
    security_groups: SecurityGroups | None = None
    """Security groups of its tasks. Default: the template's."""
    assign_public_ip: AssignPublicIp | None = None
    """Auto, Enabled or Disabled: whether its tasks get public IPv4 addresses. Default: the template's."""
    database_access: DatabaseAccess | None = None
    """Observe or Manage: what is done where a database's security groups do not let its agents in. Default: the
    template's."""
    replicas: Replicas | None = None
    """Its tasks, 1 to 100. Default: the template's."""


class DeploymentTemplate(AgentSpec):
    """What each generated DatabaseServiceDeployment gets."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            other_than(NAMED_TASK_ROLE + "''"),
            Rule(
                "!has(self.taskRole) || !has(self.taskRole.name)"
                " || (has(self.taskRole.managementPolicy) && self.taskRole.managementPolicy == 'Observe')",
                _ROLE_OF_ONE_VPC,
                ".taskRole.name",
            ),
            Rule(
                "!has(self.executionRole) || (has(self.executionRole.managementPolicy)"
                " && self.executionRole.managementPolicy == 'Observe')",
                _ROLE_OF_ONE_VPC,
                ".executionRole",
            ),
        )
    )

    subnets: Subnets
    """Subnets in which tasks run. With a selector, each VPC gets those of its own that match."""
    security_groups: SecurityGroups
    """Security groups of the tasks. With a selector, each VPC gets those of its own that match."""
    assign_public_ip: AssignPublicIp | None = None
    """Auto, Enabled or Disabled: whether tasks get public IPv4 addresses. With Auto they do where a subnet's default
    route leads to an internet gateway. Default: Auto, but a running service keeps the addresses that it does not need
    until something else rolls it out."""
    database_access: DatabaseAccess | None = None
    """Observe or Manage. Where no inbound rule of a database's security groups lets the agents in, Observe reports the
    rule that is missing, and Manage adds it: one for each group and port, which goes when no database needs it. Other
    rules are never touched. Default: Observe."""
    replicas: Replicas | None = None
    """Tasks per deployment, 1 to 100. Not set: the number is left alone (2 in a new deployment), and
    kubectl scale of a generated deployment lasts."""
    per_vpc: Annotated[
        tuple[VpcOverride, ...], Field(max_length=50, json_schema_extra=list_map("vpcId"))
    ] = ()
    """What differs from VPC to VPC, at most 50. Default: nothing."""
    max_deployments: Annotated[int, Field(ge=1, le=100)] = 10
    """Most deployments that this enrolment may generate, 1 to 100; beyond it none is added, and
    DeploymentsReady says so. Default: 10."""
    empty_vpc_grace_period: GracePeriod = "1h"
    """How long a VPC that lost its databases keeps its deployment, as hours, minutes and seconds such as 1h30m; from
    0s to 72h. Default: 1h."""

    @property
    def grace_seconds(self) -> int:
        return seconds(self.empty_vpc_grace_period)
