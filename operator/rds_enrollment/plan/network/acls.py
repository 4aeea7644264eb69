"""Network ACLs (Amazon VPC User Guide, "Network ACL basics", "Network ACL rules", "Custom network ACLs").

They judge what enters and leaves a subnet, not what stays inside it. The rule of the lowest number that
matches decides; what no rule matches is denied. They keep no state: answers are judged like anything else, at
the port that the connection was opened from.
"""

from collections.abc import Iterator

from rds_enrollment.plan.network import changes
from rds_enrollment.plan.network.packet import Leg, is_for_tcp
from rds_enrollment.plan.network.verdict import Blocker, BlockerKind, Hop
from rds_enrollment.plan.observed.network import (
    LAST_RULE_NUMBER,
    AclRule,
    Address,
    NetworkAcl,
    PortRange,
    Subnet,
    Vpc,
)


def leave(leg: Leg, subnet: Subnet) -> Iterator[Hop | Blocker]:
    """The connection, out of `subnet`."""
    yield from _pass(leg, subnet, leg.destination, PortRange(leg.port, leg.port), egress=True)


def enter(leg: Leg, subnet: Subnet) -> Iterator[Hop | Blocker]:
    """The connection, into `subnet`."""
    if leg.address is not None:
        yield from _pass(leg, subnet, leg.address, PortRange(leg.port, leg.port), egress=False)


def answer_leaves(leg: Leg, subnet: Subnet) -> Iterator[Blocker]:
    """The answer, out of `subnet`, back to the leg's interface."""
    if leg.address is not None:
        yield from _only_blockers(_pass(leg, subnet, leg.address, leg.ephemeral_ports, egress=True))


def answer_enters(leg: Leg, subnet: Subnet) -> Iterator[Blocker]:
    """The answer, into `subnet`."""
    yield from _only_blockers(_pass(leg, subnet, leg.destination, leg.ephemeral_ports, egress=False))


def _only_blockers(steps: Iterator[Hop | Blocker]) -> Iterator[Blocker]:
    """A path is drawn one way: the answer passes the same resources."""
    return (step for step in steps if isinstance(step, Blocker))


def _pass(
    leg: Leg, subnet: Subnet, peer: Address, ports: PortRange, *, egress: bool
) -> Iterator[Hop | Blocker]:
    acl = _acl_of(leg.vpc, subnet.id)
    if acl is None:
        return
    rules = sorted((rule for rule in acl.rules if rule.egress == egress), key=lambda rule: rule.number)
    direction = "outbound" if egress else "inbound"
    for port in _telling_ports(rules, ports):
        rule = _deciding(rules, peer, port)
        if rule is None or not rule.allow:
            number = str(rule.number) if rule and rule.number <= LAST_RULE_NUMBER else "*"
            yield Blocker(
                BlockerKind.NETWORK_ACL_EGRESS if egress else BlockerKind.NETWORK_ACL_INGRESS,
                acl.id,
                f"{acl.id} of {subnet.id} denies {direction} tcp {port} {'to' if egress else 'from'} "
                f"{leg.name if peer == leg.destination else peer} "
                f"(rule {number}), which {_purpose(leg, ports)}.",
                changes.allow_in_acl(leg, acl, rules, rule, peer, ports, egress=egress),
            )
            return
    yield Hop(acl.id, f"{direction} at {subnet.id}")


def _acl_of(vpc: Vpc, subnet_id: str) -> NetworkAcl | None:
    """A subnet without an association of its own has the VPC's default ACL ("Network ACL basics")."""
    own = next((acl for acl in vpc.network_acls if subnet_id in acl.subnets), None)
    return own or next((acl for acl in vpc.network_acls if acl.default), None)


def _telling_ports(rules: list[AclRule], ports: PortRange) -> list[int]:
    """Ports that stand for all of `ports`: between two of them no rule begins or ends."""
    edges = {edge for rule in rules for edge in (rule.ports.first, rule.ports.last + 1)}
    return [ports.first, *sorted(edge for edge in edges - {ports.first} if edge in ports)]


def _deciding(rules: list[AclRule], peer: Address, port: int) -> AclRule | None:
    return next((rule for rule in rules if _matches(rule, peer, port)), None)


def _matches(rule: AclRule, peer: Address, port: int) -> bool:
    return rule.cidr.version == peer.version and peer in rule.cidr and is_for_tcp(rule, port)


def _purpose(leg: Leg, ports: PortRange) -> str:
    if ports == PortRange(leg.port, leg.port):
        return f"is the connection to {leg.goal}"
    return f"the answers of {leg.goal} need (ports {ports})"
