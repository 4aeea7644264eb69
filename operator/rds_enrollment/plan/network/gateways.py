"""Ways out of the VPC: what each target of a route carries, and under which conditions."""

from collections.abc import Callable, Iterator

from rds_enrollment.plan.network import acls, changes, route_changes
from rds_enrollment.plan.network.packet import Leg, in_any
from rds_enrollment.plan.network.space import is_private
from rds_enrollment.plan.network.verdict import Assumption, Blocker, BlockerKind, Hop, Step
from rds_enrollment.plan.observed.network import (
    LOCAL,
    EndpointType,
    InternetGatewayBlock,
    PeeringConnection,
    Route,
    RouteTable,
    TransitGatewayAttachment,
)


def through(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Through the target of `route`, to the destination, and the answer back to the target."""
    follow = _TARGETS.get(route.target.partition("-")[0], out_of_sight)
    yield from follow(leg, table, route)


def _internet_gateway(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Amazon VPC User Guide, "Enable internet access for a VPC using an internet gateway": attached to the VPC,
    and for IPv4 a public address at the interface; "Block public access to VPCs and subnets"."""
    gateway = route.target
    if not leg.vpc.shared and gateway not in leg.vpc.attached_internet_gateways:
        yield Blocker(
            BlockerKind.INTERNET_GATEWAY_DETACHED,
            gateway,
            f"{table.id} routes {leg.goal} to {gateway}, which is not attached to {leg.vpc.id}.",
            route_changes.attach_internet_gateway(leg, table, route),
        )
    yield from to_the_internet(leg, table, gateway)
    refusing = {InternetGatewayBlock.BIDIRECTIONAL}
    if not leg.behind_nat:
        refusing.add(InternetGatewayBlock.INGRESS)
    yield from _public_access(leg, gateway, frozenset(refusing))
    if leg.destination.version == 4 and not leg.public:
        yield Blocker(
            BlockerKind.NO_PUBLIC_ADDRESS,
            leg.subnet.id,
            f"{table.id} routes {leg.goal} to {gateway}, which carries IPv4 only for interfaces with a public "
            f"address; those in {leg.subnet.id} get none.",
            changes.ask_for_public_address(leg),
        )
    yield Hop(gateway, "internet gateway")
    yield Hop(leg.name, leg.goal)


def _egress_only_gateway(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Amazon VPC User Guide, "Enable outbound IPv6 traffic using an egress-only internet gateway". It cannot be
    detached, only deleted, and then the route is a blackhole."""
    if leg.destination.version == 4:
        yield wrong_family(leg, table, route)
    yield from to_the_internet(leg, table, route.target)
    yield from _public_access(leg, route.target, frozenset({InternetGatewayBlock.BIDIRECTIONAL}))
    yield Hop(route.target, "egress-only internet gateway")
    yield Hop(leg.name, leg.goal)


def to_the_internet(leg: Leg, table: RouteTable, gateway: str) -> Iterator[Blocker]:
    """Nothing has a private address there (RFC 1918, RFC 4193)."""
    if is_private(leg.destination):
        yield Blocker(
            BlockerKind.NO_ROUTE,
            table.id,
            f"{table.id} routes {leg.goal} to {gateway}, but a private address is not in the internet.",
            route_changes.route_out(leg, table, None),
        )


def _public_access(leg: Leg, gateway: str, refusing: frozenset[InternetGatewayBlock]) -> Iterator[Blocker]:
    """VPC Block Public Access: `block-ingress` lets pass what NAT and egress-only gateways open, nothing else."""
    mode = leg.subnet.internet_gateway_block
    if mode in refusing:
        yield Blocker(
            BlockerKind.PUBLIC_ACCESS_BLOCKED,
            leg.subnet.id,
            f"VPC Block Public Access ({mode}) stops traffic of {leg.subnet.id} through {gateway}.",
            changes.exclude_from_public_access_block(leg, direct=InternetGatewayBlock.INGRESS in refusing),
        )


def wrong_family(leg: Leg, table: RouteTable, route: Route) -> Blocker:
    """The route names a gateway of the other IP version."""
    return Blocker(
        BlockerKind.WRONG_IP_FAMILY,
        table.id,
        f"{table.id} routes {leg.goal} to {route.target}, which does not carry IPv{leg.destination.version}.",
        route_changes.route_out(leg, table, route),
    )


def _transit_gateway(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Amazon VPC Transit Gateways, "VPC attachments": one that is available and has a subnet in the Availability
    Zone that the traffic comes from; "Network ACLs for transit gateways"."""
    attachment = _attachment(leg, route.target)
    if attachment is not None:
        if attachment.state != "available":
            yield Blocker(
                BlockerKind.TRANSIT_GATEWAY_NOT_ATTACHED,
                attachment.id,
                f"{table.id} routes {leg.goal} to {route.target}, whose attachment {attachment.id} to "
                f"{leg.vpc.id} is {attachment.state}.",
                changes.attach_transit_gateway(leg, route.target, attachment),
            )
        yield from _attachment_subnet(leg, attachment)
    elif leg.vpc.transit_gateway_attachments is not None and not leg.vpc.shared:
        yield Blocker(
            BlockerKind.TRANSIT_GATEWAY_NOT_ATTACHED,
            route.target,
            f"{table.id} routes {leg.goal} to {route.target}, which has no attachment to {leg.vpc.id}.",
            changes.attach_transit_gateway(leg, route.target, None),
        )
    yield from out_of_sight(leg, table, route)


def _attachment(leg: Leg, gateway: str) -> TransitGatewayAttachment | None:
    """AWS allows one attachment of a VPC to a transit gateway; deleted ones stay listed for a while."""
    found = [
        item
        for item in leg.vpc.transit_gateway_attachments or ()
        if item.transit_gateway_id == gateway and item.vpc_id == leg.vpc.id
    ]
    return next((item for item in found if item.state == "available"), found[0] if found else None)


def _attachment_subnet(leg: Leg, attachment: TransitGatewayAttachment) -> Iterator[Step]:
    zone = leg.subnet.availability_zone
    subnets = (leg.vpc.subnet_by_id.get(subnet_id) for subnet_id in sorted(attachment.subnets))
    subnet = next((item for item in subnets if item is not None and item.availability_zone == zone), None)
    if subnet is None:
        yield Blocker(
            BlockerKind.TRANSIT_GATEWAY_NOT_IN_ZONE,
            attachment.id,
            f"{attachment.id} of {attachment.transit_gateway_id} has no subnet in {zone}, where "
            f"{leg.subnet.id} is.",
            changes.extend_attachment(leg, attachment),
        )
        return
    yield Hop(attachment.id, f"attachment in {subnet.id}")
    yield from acls.enter(leg, subnet)
    if subnet.id != leg.subnet.id:
        yield from acls.answer_leaves(leg, subnet)


def _peering(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Amazon VPC Peering Guide, "VPC peering connection lifecycle" and "limitations": active, and only to the
    other VPC's own addresses."""
    peering = next((item for item in leg.vpc.peering_connections or () if item.id == route.target), None)
    if peering is not None:
        yield from _through_peering(leg, table, route, peering)
    elif leg.vpc.peering_connections is not None and not leg.vpc.shared:
        yield _inactive_peering(leg, table, route, "gone")
    yield from out_of_sight(leg, table, route)


def _through_peering(
    leg: Leg, table: RouteTable, route: Route, peering: PeeringConnection
) -> Iterator[Blocker]:
    if peering.state != "active":
        yield _inactive_peering(leg, table, route, peering.state)
    others = [cidr for vpc_id, cidrs in peering.cidrs.items() if vpc_id != leg.vpc.id for cidr in cidrs]
    if not in_any(leg.destination, tuple(others)):
        yield Blocker(
            BlockerKind.PEERING_NOT_TRANSITIVE,
            table.id,
            f"{table.id} routes {leg.goal} to {peering.id}, which carries traffic to the peer VPC's own "
            f"addresses only ({', '.join(map(str, others)) or 'none known'}).",
            route_changes.route_out(leg, table, route),
        )


def _inactive_peering(leg: Leg, table: RouteTable, route: Route, state: str) -> Blocker:
    return Blocker(
        BlockerKind.PEERING_NOT_ACTIVE,
        route.target,
        f"{table.id} routes {leg.goal} to {route.target}, which is {state}.",
        changes.activate_peering(leg, route.target, state),
    )


def _endpoint(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """AWS PrivateLink Guide, "Gateway endpoints": in the same VPC, available, for its service's prefix list. Of the
    others only Gateway Load Balancer endpoints can be routed to (EC2 API, CreateRoute, VpcEndpointId)."""
    endpoint = next((item for item in leg.vpc.endpoints if item.id == route.target), None)
    if endpoint is None and leg.vpc.shared:
        yield from out_of_sight(leg, table, route)
    elif endpoint is None or endpoint.state != "available":
        yield Blocker(
            BlockerKind.ENDPOINT_UNAVAILABLE,
            route.target,
            f"{table.id} routes {leg.goal} to {route.target}, which is "
            f"{endpoint.state if endpoint else 'gone'}.",
            changes.replace_endpoint(route.target),
        )
    elif endpoint.type == EndpointType.GATEWAY:
        yield Hop(endpoint.id, f"gateway endpoint of {endpoint.service_name}")
        yield Hop(leg.name, leg.goal)
    elif endpoint.type == EndpointType.INTERFACE:
        yield Blocker(
            BlockerKind.ENDPOINT_UNAVAILABLE,
            route.target,
            f"{table.id} routes {leg.goal} to {route.target}, an interface endpoint, which forwards nothing.",
            route_changes.route_out(leg, table, route),
        )
    else:
        yield from out_of_sight(leg, table, route)


def _local(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    yield Assumption(f"{leg.goal} is in a block of {leg.vpc.id}, but in none of its subnets.")
    yield Hop(leg.name, leg.goal)


def out_of_sight(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """What a gateway, an appliance or another account does with the connection is taken to be right."""
    yield Hop(route.target, f"target of {table.id}")
    yield Assumption(f"What lies behind {route.target} on the way to {leg.goal} is not visible.")
    yield Hop(leg.name, leg.goal)


_TARGETS: dict[str, Callable[[Leg, RouteTable, Route], Iterator[Step]]] = {
    LOCAL: _local,
    "igw": _internet_gateway,
    "eigw": _egress_only_gateway,
    "tgw": _transit_gateway,
    "pcx": _peering,
    "vpce": _endpoint,
}
"""By the prefix of the id. NAT gateways, which start a new leg, are in `outward`."""
