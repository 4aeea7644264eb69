"""The question, taken apart into single connections between two addresses.

A far end with several addresses is reached when one of them is; a near end whose address is not known yet reaches
it when every address does that it may be given.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from rds_enrollment.plan.network.question import AwsService, Destination, Host, Interface, Source
from rds_enrollment.plan.observed.network import (
    Address,
    Cidr,
    EndpointType,
    NetworkInterface,
    Subnet,
    Vpc,
    VpcEndpoint,
)

from tests.unit.plan.network.oracle.packets import DroppedError, Receiver, Sender
from tests.unit.plan.network.oracle.walk import walk

_NOT_PUBLIC = tuple(
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
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)


def reaches(vpc: Vpc, source: Source, destination: Destination) -> str:
    """Empty when the connection gets through, else why the first address tried does not.

    Raises: UndocumentedError.
    """
    known = {subnet.id for subnet in vpc.subnets}
    if source.subnet not in known:
        return "subnet not found"
    if source.security_groups - {group.id for group in vpc.security_groups}:
        return "security group not found"
    reasons = []
    for choice in _choices(vpc, destination):
        reason = "subnet not found" if choice is None else _all(vpc, source, choice)
        if not reason:
            return ""
        reasons.append(reason)
    return reasons[0]


def _all(vpc: Vpc, source: Source, receivers: list[Receiver]) -> str:
    try:
        for receiver in receivers:
            for sender in _senders(vpc, source, receiver.address.version):
                walk(vpc, sender, receiver)
    except DroppedError as dropped:
        return str(dropped)
    return ""


def _senders(vpc: Vpc, source: Source, version: int) -> Iterator[Sender]:
    subnet = next(subnet for subnet in vpc.subnets if subnet.id == source.subnet)
    blocks = [block for block in subnet.cidrs if block.version == version]
    if version == 6 and not (source.ipv6 and blocks):
        raise DroppedError("no IPv6 address")
    if not blocks:
        raise DroppedError("no IPv4 address")
    addresses = [address for address in source.addresses if address.version == version]
    for address in addresses or _assignable(vpc, blocks[0]):
        yield Sender(source.subnet, source.security_groups, address, source.public_ip, source.ephemeral_ports)


def _choices(vpc: Vpc, destination: Destination) -> Iterator[list[Receiver] | None]:
    """Each choice is a set of addresses of which none may fail; None is a subnet that does not exist."""
    match destination:
        case Interface():
            yield _interface(vpc, destination)
        case Host():
            for address in destination.addresses or _internet(vpc):
                yield [_host(vpc, address, destination.port)]
        case AwsService():
            yield from _service(vpc, destination)


def _interface(vpc: Vpc, wanted: Interface) -> list[Receiver] | None:
    subnet = next((subnet for subnet in vpc.subnets if subnet.id == wanted.subnet), None)
    if subnet is None:
        return None
    addresses = [wanted.address] if wanted.address is not None else _any_address(vpc, subnet)
    return [
        Receiver(address, wanted.port, "", wanted.subnet, wanted.security_groups) for address in addresses
    ]


def _service(vpc: Vpc, wanted: AwsService) -> Iterator[list[Receiver] | None]:
    """With private DNS the service's name leads to the interface endpoint, inside the VPC (AWS PrivateLink guide,
    DNS hostnames of interface endpoints)."""
    for endpoint in vpc.endpoints:
        if _takes_over(endpoint, wanted.service):
            yield from _endpoint(vpc, endpoint, wanted.port)
            return
    for address in wanted.addresses or _addresses_of(vpc, wanted.service):
        yield [_host(vpc, address, wanted.port, wanted.service)]


def _takes_over(endpoint: VpcEndpoint, service: str) -> bool:
    return (
        endpoint.type is EndpointType.INTERFACE
        and endpoint.service == service
        and endpoint.state == "available"
        and endpoint.private_dns
        and len(endpoint.subnets) > 0
    )


def _endpoint(vpc: Vpc, endpoint: VpcEndpoint, port: int) -> Iterator[list[Receiver] | None]:
    interfaces = [item for item in vpc.network_interfaces if item.id in endpoint.network_interfaces]
    for item in interfaces:
        for address in item.addresses:
            yield [_at(item, address, port)]
    for subnet in sorted(endpoint.subnets - {item.subnet_id for item in interfaces}):
        yield _interface(vpc, Interface(endpoint.id, subnet, endpoint.security_groups, port))


def _host(vpc: Vpc, address: Address, port: int, service: str = "") -> Receiver:
    for item in vpc.network_interfaces:
        if address in item.addresses:
            return _at(item, address, port)
    return Receiver(address, port, service)


def _at(item: NetworkInterface, address: Address, port: int) -> Receiver:
    return Receiver(address, port, "", item.subnet_id, item.security_groups)


def _any_address(vpc: Vpc, subnet: Subnet) -> list[Address]:
    return _assignable(vpc, next(block for block in subnet.cidrs if block.version == 4))


def _assignable(vpc: Vpc, block: Cidr) -> list[Address]:
    """All but the first four and the last (Subnet sizing for IPv4). Of IPv6, one address between any two places
    where a rule begins or ends."""
    if block.version == 4:
        return [*block][4:-1]
    return [
        block[16],
        *(edge for edge in _edges(vpc) if edge.version == 6 and edge in block and edge > block[16]),
    ]


def _addresses_of(vpc: Vpc, service: str) -> list[Address]:
    for prefix_list in vpc.prefix_lists:
        if prefix_list.name == f"com.amazonaws.{vpc.region}.{service}":
            return [edge for edge in _edges(vpc) if _ordinary(edge) and _in(edge, prefix_list.cidrs)]
    return _internet(vpc)


def _internet(vpc: Vpc) -> list[Address]:
    """One address between any two places of the internet where a route, rule or list begins or ends."""
    taken = [
        block for item in vpc.prefix_lists if item.name.startswith("com.amazonaws.") for block in item.cidrs
    ]
    return [edge for edge in _edges(vpc) if _ordinary(edge) and not _in(edge, taken)]


def _ordinary(address: Address) -> bool:
    return address.version == 4 and not _in(address, _NOT_PUBLIC)


def _in(address: Address, blocks: Iterable[Cidr]) -> bool:
    return any(block.version == address.version and address in block for block in blocks)


def _edges(vpc: Vpc) -> list[Address]:
    found: set[Address] = set()
    for block in (*_NOT_PUBLIC, *_blocks(vpc)):
        found.add(block.network_address)
        after = int(block.broadcast_address) + 1
        if after < 2 ** (32 if block.version == 4 else 128):
            found.add(IPv4Address(after) if block.version == 4 else IPv6Address(after))
    return sorted(found, key=lambda address: (address.version, int(address)))


def _blocks(vpc: Vpc) -> Iterator[Cidr]:
    for table in vpc.route_tables:
        yield from (route.destination for route in table.routes if not isinstance(route.destination, str))
    for acl in vpc.network_acls:
        yield from (rule.cidr for rule in acl.rules)
    for group in vpc.security_groups:
        yield from (rule.peer for rule in (*group.ingress, *group.egress) if not isinstance(rule.peer, str))
    for prefix_list in vpc.prefix_lists:
        yield from prefix_list.cidrs
    for peering in vpc.peering_connections or ():
        for cidrs in peering.cidrs.values():
            yield from cidrs
