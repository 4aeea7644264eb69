"""Where tasks run: subnets and security groups, by id or by tag."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from rds_enrollment.api.base import ApiModel, SpecModel
from rds_enrollment.api.rules import exactly_one, exactly_one_of, list_atomic, list_set
from rds_enrollment.api.types import Count, SecurityGroupId, SubnetId, TagSelector, Text

MAX_SUBNETS = 16
MAX_SECURITY_GROUPS = 5
"""Amazon ECS API, AwsVpcConfiguration: at most 16 subnets and 5 security groups."""


class SubnetSelector(SpecModel):
    """Chooses subnets of the VPC by their tags."""

    tags: TagSelector
    """Tags that a subnet must all carry, with exactly these values."""


class SecurityGroupSelector(SpecModel):
    """Chooses security groups of the VPC by their tags."""

    tags: TagSelector
    """Tags that a security group must all carry, with exactly these values."""


class AssignPublicIp(StrEnum):
    """Whether tasks get public IPv4 addresses."""

    AUTO = "Auto"
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class DatabaseAccess(StrEnum):
    """What is done where a database's security groups do not let the agents in."""

    OBSERVE = "Observe"
    MANAGE = "Manage"


class ManagedSecurityGroup(SpecModel):
    """A security group of the deployment's own; there is nothing to set."""


class Subnets(SpecModel):
    """Subnets, by id or by tag."""

    model_config = ConfigDict(json_schema_extra=exactly_one("ids", "selector"))

    ids: (
        Annotated[
            tuple[SubnetId, ...],
            Field(min_length=1, max_length=MAX_SUBNETS, json_schema_extra=list_set()),
        ]
        | None
    ) = None
    """Subnets of the VPC by id, 1 to 16. Give either ids or selector."""
    selector: SubnetSelector | None = None
    """Subnets by tag; a stable choice of 16 where more match. Give either ids or selector."""


class SecurityGroups(SpecModel):
    """Security groups: by id, by tag, or one that is made."""

    model_config = ConfigDict(json_schema_extra=exactly_one_of("ids", "selector", "managed"))

    ids: (
        Annotated[
            tuple[SecurityGroupId, ...],
            Field(min_length=1, max_length=MAX_SECURITY_GROUPS, json_schema_extra=list_set()),
        ]
        | None
    ) = None
    """Security groups of the VPC by id, 1 to 5. Give one of ids, selector and managed."""
    selector: SecurityGroupSelector | None = None
    """Security groups by tag; a stable choice of 5 where more match. Give one of ids, selector and managed."""
    managed: ManagedSecurityGroup | None = None
    """One security group of the deployment's own, which lets everything out and nothing in: write `managed: {}`. It
    goes when it is not asked for any more, or with the deployment. Give one of ids, selector and managed."""


MAX_MISSING_RULES = 50
"""Well under the size that an object may have; what was added makes room for the next ones."""
COMMAND_BYTES = 512


class MissingRule(ApiModel):
    """An inbound rule that lets the agents in to databases, and that is not there."""

    security_group_id: SecurityGroupId
    """The databases' security group."""
    port: Annotated[int, Field(ge=0, le=65535)]
    """Their TCP port."""
    databases: Count
    """How many it is for."""
    command: Annotated[str, Field(max_length=COMMAND_BYTES)]
    """The AWS CLI line that adds it."""


FINDING_BYTES = 1024
MAX_ADVICE = 4


class NetworkState(StrEnum):
    """What the preflight found in one subnet."""

    READY = "Ready"
    """Tasks that start there reach what they need, as far as the VPC can be seen."""
    BLOCKED = "Blocked"
    """Something is in their way."""


class SubnetNetwork(ApiModel):
    """What the preflight found in one subnet."""

    subnet_id: SubnetId
    """The subnet."""
    state: NetworkState
    """Ready or Blocked."""
    reason: Annotated[str, Field(max_length=128)]
    """What is not reached, as one CamelCase word; Succeeded when all is."""
    message: Annotated[str, Field(max_length=FINDING_BYTES)] = ""
    """What is in the way, and the smallest change that opens it."""
    blocker: Annotated[str, Field(max_length=64)] | None = None
    """What kind of thing is in the way, such as NetworkAclEgress or NoRoute."""
    culprit: Text | None = None
    """Id of the AWS resource to change."""
    advice: Annotated[
        tuple[Annotated[str, Field(max_length=FINDING_BYTES)], ...],
        Field(max_length=MAX_ADVICE, json_schema_extra=list_atomic()),
    ] = ()
    """What is worth knowing and lowers nothing."""
