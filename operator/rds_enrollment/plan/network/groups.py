"""Security groups (Amazon VPC User Guide, "Security group basics" and "Security group rules").

Rules only allow, the rules of all groups of an interface add up, and answers to what was allowed pass by
themselves. A rule that names a group means the private addresses of that group's interfaces.
"""

from collections.abc import Iterable, Iterator

from rds_enrollment.plan.network import changes
from rds_enrollment.plan.network.packet import Leg, in_any, is_for_tcp
from rds_enrollment.plan.network.verdict import Blocker, BlockerKind, Hop, Step
from rds_enrollment.plan.observed.network import Address, GroupRule, SecurityGroup, Vpc


def leave(leg: Leg, groups: frozenset[str], peers: frozenset[str] | None) -> Iterator[Step]:
    """The outbound rules of the source's `groups`.

    `peers` are the groups of the destination; None when they are not known: any group may be meant then. Rules
    may also name groups of a peer VPC (Amazon VPC Peering Guide, "Reference peer security groups").
    """
    yield from _known(leg.vpc, groups)
    found = _allowing(_rules(leg.vpc, groups, egress=True), leg.vpc, leg.destination, leg.port, peers)
    if found is not None:
        yield Hop(found[0].id, f"outbound rule {_text(found[1])}")
    elif groups:
        yield Blocker(
            BlockerKind.SECURITY_GROUP_EGRESS,
            min(groups),
            f"No outbound rule of {_listed(groups)} allows tcp to {leg.goal}.",
            changes.allow_egress(leg, min(groups), peers or frozenset()),
        )


def enter(leg: Leg, groups: frozenset[str], peers: frozenset[str]) -> Iterator[Step]:
    """The inbound rules of the destination's `groups`; `peers` are the groups of the source."""
    yield from _known(leg.vpc, groups)
    if leg.address is None:
        raise ValueError("the address of a source in the VPC is always given")
    found = _allowing(_rules(leg.vpc, groups, egress=False), leg.vpc, leg.address, leg.port, peers)
    if found is not None:
        yield Hop(found[0].id, f"inbound rule {_text(found[1])}")
    elif groups:
        yield Blocker(
            BlockerKind.SECURITY_GROUP_INGRESS,
            min(groups),
            f"No inbound rule of {_listed(groups)} of {leg.name} allows tcp {leg.port} "
            f"from {_listed(peers) if peers else leg.address}.",
            changes.allow_ingress(leg, min(groups), peers),
        )


def _known(vpc: Vpc, groups: frozenset[str]) -> Iterator[Blocker]:
    for group in sorted(groups - vpc.group_by_id.keys()):
        yield Blocker(
            BlockerKind.SECURITY_GROUP_NOT_FOUND,
            group,
            f"The security group {group} is not in {vpc.id}.",
            changes.choose(f"Choose a security group of {vpc.id}."),
        )


def _rules(vpc: Vpc, groups: frozenset[str], *, egress: bool) -> Iterator[tuple[SecurityGroup, GroupRule]]:
    for group_id in sorted(groups):
        group = vpc.group_by_id[group_id]
        for rule in group.egress if egress else group.ingress:
            yield group, rule


def _allowing(
    rules: Iterable[tuple[SecurityGroup, GroupRule]],
    vpc: Vpc,
    address: Address,
    port: int,
    peers: frozenset[str] | None,
) -> tuple[SecurityGroup, GroupRule] | None:
    for group, rule in rules:
        if is_for_tcp(rule, port) and _is_about(rule, vpc, address, peers):
            return group, rule
    return None


def _is_about(rule: GroupRule, vpc: Vpc, address: Address, peers: frozenset[str] | None) -> bool:
    peer = rule.peer
    if not isinstance(peer, str):
        return peer.version == address.version and address in peer
    if peer.startswith("pl-"):
        prefix_list = vpc.prefix_list_by_id.get(peer)
        return prefix_list is None or in_any(address, prefix_list.cidrs)
    return peers is None or peer in peers


def _text(rule: GroupRule) -> str:
    ports = f" {rule.ports}" if rule.protocol == "tcp" else ""
    return f"{rule.protocol}{ports} {rule.peer}"


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids))
