"""Network ACLs and security groups, judged packet by packet.

Network ACLs are stateless and read in the order of their numbers until one matches (Amazon VPC User Guide, Network
ACL rules). Security groups are stateful, hold permissions alone, and the permissions of all groups of an interface
count together (Security group rules).
"""

from collections.abc import Iterable
from ipaddress import ip_network

from rds_enrollment.plan.observed.network import (
    AclRule,
    Address,
    Cidr,
    GroupRule,
    NetworkAcl,
    PortRange,
    SecurityGroup,
    Vpc,
)

from tests.unit.plan.network.oracle.packets import Crossing, DroppedError, Receiver, Sender

_FEW_PORTS = (1024, 10000, 32768, 40000, 49152, 60999, 65535)
_PRIVATE = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


def cross(vpc: Vpc, crossing: Crossing) -> None:
    """Raises: DroppedError when the subnet's network ACL stops the packet at one of its ports."""
    acl = _acl_of(vpc, crossing.subnet)
    rules = sorted(
        (rule for rule in acl.rules if rule.egress == crossing.egress), key=lambda rule: rule.number
    )
    for port in _ports_to_try(crossing.ports, rules):
        if not _allowed(rules, crossing.destination if crossing.egress else crossing.source, port):
            raise DroppedError("network ACL outbound" if crossing.egress else "network ACL inbound")


def leave(vpc: Vpc, sender: Sender, receiver: Receiver) -> None:
    """Raises: DroppedError when no outbound rule of the sender's security groups permits the connection."""
    groups = _groups(vpc, sender.groups)
    if not groups:
        return
    for group in groups:
        for rule in group.egress:
            if _port_matches(rule, receiver.port) and _is_receiver(vpc, rule.peer, receiver):
                return
    raise DroppedError("security group outbound")


def enter(vpc: Vpc, sender: Sender, receiver: Receiver) -> None:
    """Raises: DroppedError when no inbound rule of the receiver's security groups permits the connection."""
    groups = _groups(vpc, receiver.groups)
    if not groups:
        return
    for group in groups:
        for rule in group.ingress:
            if _port_matches(rule, receiver.port) and _is_sender(vpc, rule.peer, sender):
                return
    raise DroppedError("security group inbound")


def is_public(address: Address) -> bool:
    """Whether it may be an address of the internet: RFC 1918, 6598, 3927, 4193 and 4291 say which are not."""
    return not any(address in block for block in _PRIVATE if block.version == address.version)


def list_entries(vpc: Vpc, prefix_list: str) -> tuple[Cidr, ...] | None:
    """None when nothing is known of the list."""
    for candidate in vpc.prefix_lists:
        if candidate.id == prefix_list:
            return candidate.cidrs
    return None


def _acl_of(vpc: Vpc, subnet: str) -> NetworkAcl:
    for acl in vpc.network_acls:
        if subnet in acl.subnets:
            return acl
    return next(acl for acl in vpc.network_acls if acl.default)


def _ports_to_try(ports: PortRange, rules: Iterable[AclRule]) -> list[int]:
    """Between two neighbours of these no rule begins or ends."""
    tried = {ports.first, ports.last, *_FEW_PORTS}
    for rule in rules:
        tried |= {rule.ports.first - 1, rule.ports.first, rule.ports.last, rule.ports.last + 1}
    return sorted(port for port in tried if ports.first <= port <= ports.last)


def _allowed(rules: list[AclRule], peer: Address, port: int) -> bool:
    for rule in rules:
        if _port_matches(rule, port) and peer.version == rule.cidr.version and peer in rule.cidr:
            return rule.allow
    return False


def _port_matches(rule: AclRule | GroupRule, port: int) -> bool:
    if rule.protocol == "all":
        return True
    return rule.protocol == "tcp" and rule.ports.first <= port <= rule.ports.last


def _groups(vpc: Vpc, wanted: frozenset[str]) -> list[SecurityGroup]:
    found = [group for group in vpc.security_groups if group.id in wanted]
    if len(found) < len(wanted):
        raise DroppedError("security group not found")
    return found


def _is_receiver(vpc: Vpc, peer: Cidr | str, receiver: Receiver) -> bool:
    if isinstance(peer, str) and peer.startswith("sg-"):
        if receiver.is_interface:
            return peer in receiver.groups
        return not is_public(receiver.address) or _in_subnet(vpc, receiver.address)
    return _is_address(vpc, peer, receiver.address)


def _in_subnet(vpc: Vpc, address: Address) -> bool:
    """IPv6 addresses of a VPC are public ones."""
    blocks = [block for subnet in vpc.subnets for block in subnet.cidrs]
    return any(block.version == address.version and address in block for block in blocks)


def _is_sender(vpc: Vpc, peer: Cidr | str, sender: Sender) -> bool:
    if isinstance(peer, str) and peer.startswith("sg-"):
        return peer in sender.groups
    return _is_address(vpc, peer, sender.address)


def _is_address(vpc: Vpc, peer: Cidr | str, address: Address) -> bool:
    if not isinstance(peer, str):
        return peer.version == address.version and address in peer
    entries = list_entries(vpc, peer)
    if entries is None:
        return True
    return any(entry.version == address.version and address in entry for entry in entries)
