"""Which addresses stand for all: what is judged by blocks is the same for every address between their edges."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise

from rds_enrollment.plan.network.packet import in_any, is_for_tcp
from rds_enrollment.plan.observed.network import LOCAL, Address, Cidr, Vpc

_FIRST_ADDRESSES_KEPT = 4
_LAST_ADDRESSES_KEPT = 1
"""Amazon VPC User Guide, "Subnet CIDR blocks": the first four addresses and the last one of each block."""

_SPECIAL_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
"""Not of the internet (RFC 6890; multicast and reserved blocks)."""

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

_IPV4_END = 2**32


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet."""
    if isinstance(address, IPv4Address):
        return not in_any(address, _SPECIAL_IPV4)
    return address.is_global


def is_private(address: Address) -> bool:
    """Whether the address belongs to private networks, which the internet does not route."""
    return in_any(address, _PRIVATE)


def blocks_of(vpc: Vpc, groups: Iterable[str], port: int) -> frozenset[Cidr]:
    """Every block at whose edge a verdict on TCP to the port may change: of routes, ACLs, prefix lists and groups."""
    routes = (route.destination for table in vpc.route_tables for route in table.routes)
    named = (block for block in routes if not isinstance(block, str))
    acls = (rule.cidr for acl in vpc.network_acls for rule in acl.rules)
    lists = (cidr for prefix_list in vpc.prefix_lists for cidr in prefix_list.cidrs)
    return frozenset((*named, *acls, *lists, *_joined_rules(vpc, groups, port)))


def _joined_rules(vpc: Vpc, groups: Iterable[str], port: int) -> Iterator[Cidr]:
    """The blocks that the groups allow. Rules add up, so that edges inside of what they allow together mean
    nothing."""
    for group in (vpc.group_by_id[group_id] for group_id in groups if group_id in vpc.group_by_id):
        for rules in (group.ingress, group.egress):
            blocks = [
                rule.peer for rule in rules if not isinstance(rule.peer, str) and is_for_tcp(rule, port)
            ]
            yield from collapse_addresses(block for block in blocks if isinstance(block, IPv4Network))
            yield from collapse_addresses(block for block in blocks if isinstance(block, IPv6Network))


def local_blocks(vpc: Vpc) -> frozenset[Cidr]:
    """The VPC's own blocks, from the local routes that every table has for them."""
    routes = (route for table in vpc.route_tables for route in table.routes if route.target == LOCAL)
    return frozenset(route.destination for route in routes if not isinstance(route.destination, str))


def assignable(block: Cidr, edges: Iterable[Cidr]) -> list[Address]:
    """Addresses that stand for all that AWS may assign from a subnet's `block`."""
    first = int(block.network_address) + _FIRST_ADDRESSES_KEPT
    last = int(block.broadcast_address) - _LAST_ADDRESSES_KEPT
    points = {edge for edge in _edges(edges, block.version) if first < edge <= last}
    make = IPv4Address if block.version == 4 else IPv6Address
    return [make(point) for point in sorted({first, *points})]


def public_ipv4(edges: Iterable[Cidr], inside: Iterable[Cidr], outside: Iterable[Cidr]) -> list[Address]:
    """Addresses that stand for all public ones inside the blocks `inside` (everywhere when it is empty) and in
    none of `outside`, the one that stands for most first."""
    wanted, unwanted = _spans(inside), [*_SPECIAL_SPANS, *_spans(outside)]
    inner = {edge for edge in _edges(edges, 4) if edge < _IPV4_END}
    points = sorted(
        {0, *inner, *(edge for first, last in (*wanted, *unwanted) for edge in (first, last + 1))}
    )
    wide_first = sorted(pairwise(points), key=lambda span: span[0] - span[1])
    return [
        IPv4Address(first)
        for first, _ in wide_first
        if not _in_spans(first, unwanted) and (not wanted or _in_spans(first, wanted))
    ]


def _spans(blocks: Iterable[Cidr]) -> list[tuple[int, int]]:
    """First and last address of each IPv4 block as numbers: many are compared."""
    return [
        (int(block.network_address), int(block.broadcast_address)) for block in blocks if block.version == 4
    ]


def _in_spans(point: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= point <= last for first, last in spans)


def host_block(address: Address) -> Cidr:
    """The block of this address alone."""
    return ip_network(address)


def everything(version: int) -> Cidr:
    """0.0.0.0/0 or ::/0."""
    return ip_network("0.0.0.0/0" if version == 4 else "::/0")


def _edges(blocks: Iterable[Cidr], version: int) -> Iterator[int]:
    for block in blocks:
        if block.version == version:
            yield int(block.network_address)
            yield int(block.broadcast_address) + 1


_SPECIAL_SPANS = _spans(_SPECIAL_IPV4)
