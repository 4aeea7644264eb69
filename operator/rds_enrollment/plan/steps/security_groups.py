"""Writes to security groups, named after the EC2 API operation that each one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.steps.aws import AwsStep, UntagStep


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSecurityGroup(AwsStep):
    """ec2:CreateSecurityGroup. In a VPC a new group lets everything out and nothing in."""

    shows_late: ClassVar[Reason | None] = Reason.IN_PROGRESS

    vpc_id: str
    group_name: str
    description: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"security group {self.group_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupStep(AwsStep):
    """A write to a security group that exists."""

    group: str
    """Its id."""

    @property
    def target(self) -> str:
        return f"security group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSecurityGroup(AwsStep):
    """ec2:CreateTags, of a security group or of one of its rules; `resource` is its id. Other tags stay."""

    resource: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        kind = "security group rule" if self.resource.startswith("sgr-") else "security group"
        return f"tags of {kind} {self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagSecurityGroup(UntagStep):
    """ec2:DeleteTags, of a security group or of one of its rules; `resource` is its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeSecurityGroupEgress(SecurityGroupStep):
    """ec2:AuthorizeSecurityGroupEgress: the rule that a new group has, everything to every IPv4 address."""

    @property
    def target(self) -> str:
        return f"outbound rules of security group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeSecurityGroupIngress(SecurityGroupStep):
    """ec2:AuthorizeSecurityGroupIngress: TCP to one port from another group."""

    independent: ClassVar[bool] = True

    port: int
    source: str
    """Id of the group that is let in."""
    description: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"inbound rule of security group {self.group} for tcp {self.port} from {self.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSecurityGroupIngress(SecurityGroupStep):
    """ec2:RevokeSecurityGroupIngress by the ids of rules."""

    rules: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"inbound rules {', '.join(self.rules)} of security group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecurityGroup(SecurityGroupStep):
    """ec2:DeleteSecurityGroup."""
