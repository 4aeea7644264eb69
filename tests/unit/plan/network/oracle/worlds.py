"""Whole VPCs and questions to them, from a seed."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from random import Random

from rds_enrollment.plan.network.question import (
    LINUX_EPHEMERAL_PORTS,
    AwsService,
    Destination,
    Host,
    Interface,
    Source,
)
from rds_enrollment.plan.observed.network import (
    Address,
    Cidr,
    EndpointType,
    InternetGatewayBlock,
    NetworkInterface,
    PortRange,
    Subnet,
    Vpc,
    VpcEndpoint,
)

from tests.unit.plan.network.oracle import filter_worlds, gateway_worlds
from tests.unit.plan.network.oracle.pools import (
    HOST_ADDRESSES,
    PORTS,
    PUBLIC_ADDRESSES,
    REGION,
    VPC,
    chance,
    some,
    usual_address,
)

_SERVICES = ("s3", "s3", "ecr.api", "logs")
_EPHEMERAL = (LINUX_EPHEMERAL_PORTS,) * 4 + (
    PortRange(1024, 65535),
    PortRange(49152, 65535),
    PortRange(40000, 40000),
)
_MODES = (InternetGatewayBlock.OFF,) * 12 + (InternetGatewayBlock.INGRESS, InternetGatewayBlock.BIDIRECTIONAL)


def vpc(rng: Random) -> Vpc:
    shared = chance(rng, 0.05)
    subnets = _subnets(rng)
    nats = gateway_worlds.nat_gateways(rng, subnets)
    groups = filter_worlds.security_groups(rng, subnets)
    interfaces = _interfaces(rng, subnets, [group.id for group in groups])
    endpoints = _interface_endpoints(rng, interfaces, subnets, [group.id for group in groups])
    tables = gateway_worlds.route_tables(rng, subnets, nats)
    return Vpc(
        id=VPC,
        region=REGION,
        shared=shared,
        subnets=subnets,
        route_tables=tables,
        network_acls=filter_worlds.network_acls(rng, subnets),
        security_groups=groups,
        internet_gateways=() if shared else gateway_worlds.internet_gateways(rng),
        nat_gateways=() if shared else nats,
        transit_gateway_attachments=() if shared else gateway_worlds.attachments(rng, subnets),
        peering_connections=() if shared else gateway_worlds.peerings(rng),
        endpoints=() if shared else (*gateway_worlds.gateway_endpoints(rng), *endpoints),
        prefix_lists=gateway_worlds.prefix_lists(rng),
        network_interfaces=interfaces,
    )


def questions(rng: Random, network: Vpc, count: int) -> Iterator[tuple[Source, Destination]]:
    for _ in range(count):
        yield _source(rng, network), _destination(rng, network)


def _subnets(rng: Random) -> tuple[Subnet, ...]:
    return tuple(
        Subnet(
            id=f"subnet-{number}",
            vpc_id=VPC,
            availability_zone=rng.choice(("eu-central-1a", "eu-central-1b")),
            cidrs=_subnet_blocks(rng, number),
            internet_gateway_block=rng.choice(_MODES),
        )
        for number in range(rng.randint(1, 4))
    )


def _subnet_blocks(rng: Random, number: int) -> tuple[Cidr, ...]:
    """As small as AWS allows, so that every address can be tried."""
    ipv4 = IPv4Network(f"10.0.{number}.16/28")
    ipv6 = IPv6Network(f"2a05:d014:12:{number}::/64")
    if chance(rng, 0.04):
        return (ipv6,)
    return (ipv4, ipv6) if chance(rng, 0.5) else (ipv4,)


def _interfaces(rng: Random, subnets: tuple[Subnet, ...], groups: list[str]) -> tuple[NetworkInterface, ...]:
    found = []
    for number in range(rng.randint(0, 4)):
        subnet = rng.choice(subnets)
        addresses = tuple(usual_address(block, 10 + number) for block in subnet.cidrs)
        members = frozenset(some(rng, groups, 2))
        found.append(NetworkInterface(f"eni-{number}", VPC, subnet.id, "", addresses, members))
    return tuple(found)


def _interface_endpoints(
    rng: Random, interfaces: tuple[NetworkInterface, ...], subnets: tuple[Subnet, ...], groups: list[str]
) -> tuple[VpcEndpoint, ...]:
    """Those whose interfaces are not known are in subnets with IPv4."""
    found = []
    with_ipv4 = [subnet.id for subnet in subnets if subnet.cidrs[0].version == 4]
    for service in ("s3", "ecr.api", "logs"):
        if chance(rng, 0.7):
            continue
        own = some(rng, interfaces, 2)
        homes = frozenset(item.subnet_id for item in own) | frozenset(some(rng, with_ipv4, 1))
        found.append(
            VpcEndpoint(
                id=f"vpce-{service}-interface",
                vpc_id=VPC,
                service_name=f"com.amazonaws.{REGION}.{service}",
                type=EndpointType.INTERFACE,
                state="available" if chance(rng, 0.9) else "pending",
                subnets=homes,
                security_groups=frozenset(some(rng, groups, 2)),
                private_dns=chance(rng, 0.8),
                network_interfaces=frozenset(item.id for item in own),
            )
        )
    return tuple(found)


def _source(rng: Random, network: Vpc) -> Source:
    subnet = rng.choice(network.subnets)
    groups = frozenset(some(rng, [group.id for group in network.security_groups], 2))
    return Source(
        subnet="subnet-gone" if chance(rng, 0.01) else subnet.id,
        security_groups=groups | {"sg-gone"} if chance(rng, 0.02) else groups,
        public_ip=chance(rng, 0.7),
        ipv6=chance(rng, 0.7),
        addresses=tuple(usual_address(block, 8) for block in subnet.cidrs) if chance(rng, 0.5) else (),
        ephemeral_ports=rng.choice(_EPHEMERAL),
    )


def _destination(rng: Random, network: Vpc) -> Destination:
    return rng.choice((_host, _host, _service, _interface, _interface, _inside))(rng, network)


def _host(rng: Random, _network: Vpc) -> Destination:
    addresses = tuple(rng.sample(HOST_ADDRESSES, rng.choice((0, 0, 1, 1, 1, 2))))
    return Host("proxy.example.com", rng.choice(PORTS), addresses)


def _service(rng: Random, _network: Vpc) -> Destination:
    service = rng.choice(_SERVICES)
    addresses = tuple(rng.sample(PUBLIC_ADDRESSES, rng.choice((0, 0, 1))))
    return AwsService(service, f"{service}.{REGION}.amazonaws.com", 443, addresses)


def _interface(rng: Random, network: Vpc) -> Destination:
    subnet = rng.choice(network.subnets)
    groups = frozenset(some(rng, [group.id for group in network.security_groups], 2))
    address: Address | None = usual_address(rng.choice((subnet.cidrs[0], *subnet.cidrs)), 9)
    if subnet.cidrs[0].version == 4 and chance(rng, 0.4):
        address = None
    if chance(rng, 0.02):
        return Interface("db", "subnet-gone", groups, 5432, address)
    return Interface("db", subnet.id, groups, rng.choice(PORTS), address)


def _inside(rng: Random, network: Vpc) -> Destination:
    """A host that is an interface of the VPC, known or not."""
    known = [address for item in network.network_interfaces for address in item.addresses]
    unknown = [usual_address(block, 9) for subnet in network.subnets for block in subnet.cidrs]
    candidates = [address for address in known + unknown if address.version == 4 or chance(rng, 0.4)]
    return Host("db.example.com", rng.choice(PORTS), (rng.choice(candidates or unknown),))
