"""Security groups that we make or add rules to, with what identifies each rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from rds_enrollment.plan.observed.network import ALL_PORTS, GroupRule, PortRange

EVERYWHERE = "0.0.0.0/0"
ALL_PROTOCOLS = "-1"
"""IpProtocol of a rule that means every protocol and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """ec2:DescribeSecurityGroupRules: one source or destination of one protocol and port range."""

    id: str
    group: str
    egress: bool
    protocol: str
    """IpProtocol: tcp, udp, icmp, icmpv6, -1 or a number."""
    ports: PortRange | None
    """None where ports mean nothing."""
    peer: str
    """A CIDR block, a security group (sg-…) or a prefix list (pl-…)."""
    tags: Mapping[str, str] = field(default_factory=dict)


def as_group_rule(rule: SecurityGroupRule) -> GroupRule:
    """The rule as the network model takes it."""
    peer = ip_network(rule.peer, strict=False) if "/" in rule.peer else rule.peer
    protocol = "all" if rule.protocol == ALL_PROTOCOLS else rule.protocol
    return GroupRule(peer, protocol, rule.ports or ALL_PORTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupUse:
    """What keeps EC2 from deleting a security group."""

    interfaces: tuple[str, ...] = ()
    """Ids of the network interfaces that have it."""
    groups: tuple[str, ...] = ()
    """Ids of the other groups whose rules name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedGroup:
    """The security group that has the name of ours, whoever made it."""

    id: str
    vpc_id: str
    name: str
    tags: Mapping[str, str]
    rules: tuple[SecurityGroupRule, ...] = ()
    use: SecurityGroupUse | None = None
    """Read only where the group is to go."""
