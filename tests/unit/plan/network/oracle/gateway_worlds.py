"""Random gateways, endpoints and route tables."""

from ipaddress import ip_network
from random import Random

from rds_enrollment.plan.observed.network import (
    LOCAL,
    Cidr,
    EndpointType,
    InternetGateway,
    NatGateway,
    PeeringConnection,
    PrefixList,
    Route,
    RouteTable,
    Subnet,
    TransitGatewayAttachment,
    VpcEndpoint,
)

from tests.unit.plan.network.oracle.pools import (
    ANY_IPV4,
    ANY_IPV6,
    CUSTOMER_BLOCKS,
    OTHER_VPC,
    OUTER_BLOCKS,
    PEER_BLOCKS,
    REGION,
    S3_BLOCKS,
    VPC,
    VPC_IPV4,
    VPC_IPV6,
    chance,
    some,
)

_TARGETS = ("igw-1",) * 4 + ("nat-0",) * 5 + ("nat-1",) * 3
_RARE_TARGETS = (
    "tgw-1",
    "tgw-1",
    "tgw-1",
    "tgw-1",
    "pcx-1",
    "vgw-1",
    "eni-9",
    "i-9",
    "lgw-1",
    "vpce-gwlb",
    "igw-gone",
    "nat-gone",
)
_IPV6_TARGETS = ("eigw-1", "eigw-1", "igw-1", "igw-1", "tgw-1", "tgw-1", "pcx-1", "nat-0", "vgw-1")
_NARROW: tuple[Cidr, ...] = tuple(
    ip_network(block) for block in ("10.0.0.0/8", "172.31.0.0/16", "192.168.0.0/16", "100.64.0.0/10")
)


def internet_gateways(rng: Random) -> tuple[InternetGateway, ...]:
    """What is attached to another VPC, or to none, is not among a VPC's facts."""
    return (InternetGateway("igw-1", VPC),) if chance(rng, 0.9) else ()


def nat_gateways(rng: Random, subnets: tuple[Subnet, ...]) -> tuple[NatGateway, ...]:
    """In subnets with IPv4, the later ones first: those are the likelier public ones."""
    homes = [subnet for subnet in reversed(subnets) if subnet.cidrs[0].version == 4]
    found = []
    for number in range(min(len(homes), 2)):
        home = homes[0] if chance(rng, 0.7) else rng.choice(homes)
        state = "available" if chance(rng, 0.92) else rng.choice(("pending", "failed", "deleting", "deleted"))
        regional = chance(rng, 0.1)
        address = home.cidrs[0][5 + number]
        found.append(
            NatGateway(
                id=f"nat-{number}",
                vpc_id=VPC,
                subnet_id="" if regional else home.id,
                state=state,
                public=regional or chance(rng, 0.85),
                addresses=() if regional else (address,),
            )
        )
    return tuple(found)


def attachments(rng: Random, subnets: tuple[Subnet, ...]) -> tuple[TransitGatewayAttachment, ...] | None:
    """At most one subnet a zone, as AWS has it."""
    if chance(rng, 0.1):
        return None
    if chance(rng, 0.1):
        return ()
    by_zone = {subnet.availability_zone: subnet.id for subnet in rng.sample(subnets, len(subnets))}
    chosen = list(by_zone.values()) if chance(rng, 0.6) else [rng.choice(list(by_zone.values()))]
    state = "available" if chance(rng, 0.85) else rng.choice(("pendingAcceptance", "failed", "deleting"))
    return (TransitGatewayAttachment("tgw-attach-1", "tgw-1", VPC, state, frozenset(chosen)),)


def peerings(rng: Random) -> tuple[PeeringConnection, ...] | None:
    if chance(rng, 0.1):
        return None
    if chance(rng, 0.1):
        return ()
    state = "active" if chance(rng, 0.85) else rng.choice(("pending-acceptance", "expired", "deleted"))
    return (PeeringConnection("pcx-1", state, {VPC: (VPC_IPV4, VPC_IPV6), OTHER_VPC: PEER_BLOCKS}),)


def prefix_lists(rng: Random) -> tuple[PrefixList, ...]:
    lists = (
        PrefixList("pl-s3", f"com.amazonaws.{REGION}.s3", S3_BLOCKS),
        PrefixList("pl-customer", "offices", CUSTOMER_BLOCKS),
    )
    return tuple(item for item in lists if chance(rng, 0.9))


def gateway_endpoints(rng: Random) -> tuple[VpcEndpoint, ...]:
    state = "available" if chance(rng, 0.9) else rng.choice(("pending", "deleting", "failed"))
    s3 = VpcEndpoint("vpce-s3", VPC, f"com.amazonaws.{REGION}.s3", EndpointType.GATEWAY, state)
    firewall = VpcEndpoint("vpce-gwlb", VPC, "com.amazonaws.vpce.eu-central-1.x", EndpointType.OTHER, state)
    return tuple(item for item in (s3, firewall) if chance(rng, 0.9))


def route_tables(
    rng: Random, subnets: tuple[Subnet, ...], nats: tuple[NatGateway, ...]
) -> tuple[RouteTable, ...]:
    """NAT gateways' subnets mostly lead to the internet gateway."""
    public = (
        frozenset(nat.subnet_id for nat in nats if nat.subnet_id) if chance(rng, 0.85) else frozenset[str]()
    )
    own = [subnet.id for subnet in subnets if subnet.id not in public and chance(rng, 0.4)]
    tables = [RouteTable("rtb-main", VPC, True, frozenset(), _routes(rng, subnets, _usual_target(rng)))]
    if public:
        tables.append(RouteTable("rtb-public", VPC, False, public, _routes(rng, subnets, "igw-1")))
    for subnet in own:
        table = RouteTable(
            f"rtb-{subnet}", VPC, False, frozenset({subnet}), _routes(rng, subnets, _usual_target(rng))
        )
        tables.append(table)
    rng.shuffle(tables)
    return tuple(tables)


def _usual_target(rng: Random) -> str:
    return rng.choice(_TARGETS) if chance(rng, 0.75) else rng.choice((*_RARE_TARGETS, ""))


def _routes(rng: Random, subnets: tuple[Subnet, ...], default: str) -> tuple[Route, ...]:
    routes = [Route(VPC_IPV4, LOCAL), Route(VPC_IPV6, LOCAL)]
    if default:
        routes.append(Route(ANY_IPV4, default, _dead(rng)))
    if chance(rng, 0.7):
        routes.append(Route(ANY_IPV6, rng.choice(_IPV6_TARGETS), _dead(rng)))
    if chance(rng, 0.3):
        routes.append(Route("pl-s3", "vpce-s3", _dead(rng)))
    elif chance(rng, 0.15):
        routes.append(Route("pl-customer", _anything(rng), _dead(rng)))
    if chance(rng, 0.5):
        routes += _narrow_routes(rng, subnets)
    rng.shuffle(routes)
    return tuple(routes)


def _narrow_routes(rng: Random, subnets: tuple[Subnet, ...]) -> list[Route]:
    routes = [Route(block, _anything(rng), _dead(rng)) for block in some(rng, OUTER_BLOCKS + _NARROW, 3)]
    propagated = some(rng, [*OUTER_BLOCKS, ANY_IPV4], 2)
    routes += [Route(block, "vgw-1", _dead(rng), propagated=True) for block in propagated]
    if chance(rng, 0.1):
        routes.append(Route(rng.choice(subnets).cidrs[0], rng.choice(("eni-9", "vpce-gwlb")), _dead(rng)))
    return _one_of_each(routes)


def _one_of_each(routes: list[Route]) -> list[Route]:
    """A route table has one static and one propagated route to a destination."""
    return list({(route.destination, route.propagated): route for route in routes}.values())


def _anything(rng: Random) -> str:
    return rng.choice((*_TARGETS, *_RARE_TARGETS, "pcx-1", "pcx-1", "tgw-1", "eigw-1"))


def _dead(rng: Random) -> bool:
    return chance(rng, 0.04)
