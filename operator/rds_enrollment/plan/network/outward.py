"""From an interface out of the VPC: its subnet's ACL, its route, a NAT gateway where the route names one."""

from collections.abc import Iterator
from dataclasses import replace

from rds_enrollment.plan.network import acls, changes, gateways, route_changes
from rds_enrollment.plan.network.packet import Leg
from rds_enrollment.plan.network.question import NAT_EPHEMERAL_PORTS
from rds_enrollment.plan.network.routes import route_of, table_of
from rds_enrollment.plan.network.space import is_public
from rds_enrollment.plan.network.verdict import Blocker, BlockerKind, Hop, Step
from rds_enrollment.plan.observed.network import NatGateway, Route, RouteTable


def out(leg: Leg) -> Iterator[Step]:
    """The connection to somewhere outside the VPC, and its answer back to the leg's interface."""
    yield from acls.leave(leg, leg.subnet)
    table = table_of(leg.vpc, leg.subnet.id)
    route = route_of(leg, table) if table else None
    if table is None or route is None:
        yield no_route(leg, table)
        return
    if route.blackhole:
        yield blackhole(leg, table, route)
    yield Hop(table.id, f"{route.destination} to {route.target}")
    if route.target.startswith("nat-") and not leg.behind_nat:
        yield from _through_nat(leg, table, route)
    else:
        yield from gateways.through(leg, table, route)
    if not _in_same_subnet(leg, route):
        yield from acls.answer_enters(leg, leg.subnet)


def no_route(leg: Leg, table: RouteTable | None) -> Blocker:
    """Amazon VPC User Guide, "Route table concepts": what no route matches is dropped."""
    where = f"{table.id} of {leg.subnet.id}" if table else f"{leg.subnet.id}, which has no route table,"
    return Blocker(
        BlockerKind.NO_ROUTE,
        table.id if table else leg.subnet.id,
        f"{where} has no route to {leg.goal}.",
        route_changes.route_out(leg, table, None),
    )


def blackhole(leg: Leg, table: RouteTable, route: Route) -> Blocker:
    """EC2 API, Route: `blackhole` when the target is not available. Traffic is dropped."""
    return Blocker(
        BlockerKind.BLACKHOLE_ROUTE,
        table.id,
        f"The route {route.destination} of {table.id} ({leg.subnet.id}) is a blackhole: its target "
        f"{route.target} is not available, so {leg.goal} is not reached.",
        route_changes.route_out(leg, table, route),
    )


def _in_same_subnet(leg: Leg, route: Route) -> bool:
    """Whether answers come from a gateway in the interface's own subnet, whose ACL does not judge them then: a NAT
    gateway, or a transit gateway ("Network ACLs for transit gateways")."""
    nats = any(nat.id == route.target and nat.subnet_id == leg.subnet.id for nat in leg.vpc.nat_gateways)
    return nats or any(
        attachment.transit_gateway_id == route.target and leg.subnet.id in attachment.subnets
        for attachment in leg.vpc.transit_gateway_attachments or ()
    )


def _through_nat(leg: Leg, table: RouteTable, route: Route) -> Iterator[Step]:
    """Amazon VPC User Guide, "NAT gateway basics": available, IPv4, and with a way on from its own subnet."""
    nat = next((item for item in leg.vpc.nat_gateways if item.id == route.target), None)
    if leg.destination.version == 6:
        yield gateways.wrong_family(leg, table, route)
    if nat is None and leg.vpc.shared:
        yield from gateways.out_of_sight(leg, table, route)
        return
    if nat is None or nat.state != "available":
        yield Blocker(
            BlockerKind.NAT_GATEWAY_UNAVAILABLE,
            route.target,
            f"{table.id} routes {leg.goal} to {route.target}, which is {nat.state if nat else 'gone'}.",
            route_changes.route_out(leg, table, route),
        )
        return
    yield Hop(nat.id, f"NAT gateway in {nat.subnet_id or leg.vpc.id}")
    if nat.subnet_id:
        yield from _from_its_subnet(leg, table, route, nat)
    else:
        yield from _regional(leg, table, nat)


def _from_its_subnet(leg: Leg, table: RouteTable, route: Route, nat: NatGateway) -> Iterator[Step]:
    subnet = leg.vpc.subnet_by_id.get(nat.subnet_id)
    if subnet is None:
        yield from gateways.out_of_sight(leg, table, route)
        return
    apart = subnet.id != leg.subnet.id
    if apart:
        yield from acls.enter(leg, subnet)
    onward = replace(
        leg,
        subnet=subnet,
        address=next((item for item in nat.addresses if item.version == 4), None),
        public=nat.public,
        ephemeral_ports=NAT_EPHEMERAL_PORTS,
        behind_nat=True,
    )
    yield from _usable_way(onward, table, route, nat)
    yield from out(onward)
    if apart:
        yield from acls.answer_leaves(leg, subnet)


def _usable_way(onward: Leg, table: RouteTable, route: Route, nat: NatGateway) -> Iterator[Blocker]:
    """What a NAT gateway asks of its own subnet's route, beyond what any interface asks."""
    own_table = table_of(onward.vpc, onward.subnet.id)
    own_route = route_of(onward, own_table) if own_table else None
    target = own_route.target if own_route else ""
    lost = target == nat.id or (nat.public and target.startswith("nat-"))
    if lost or (nat.public and not target and is_public(onward.destination)):
        yield Blocker(
            BlockerKind.NAT_SUBNET_NOT_PUBLIC,
            own_table.id if own_table else onward.subnet.id,
            f"{nat.id} is in {onward.subnet.id}, whose route table "
            f"{own_table.id if own_table else '(none)'} has no route to {onward.goal} through an internet gateway.",
            route_changes.make_public(onward, own_table, own_route),
        )
    if not nat.public and target.startswith("igw-"):
        yield Blocker(
            BlockerKind.NAT_GATEWAY_PRIVATE,
            nat.id,
            f"{table.id} routes {onward.goal} to {nat.id}, a private NAT gateway: the internet gateway behind it "
            f"drops its traffic.",
            route_changes.route_out(replace(onward, behind_nat=False), table, route),
        )


def _regional(leg: Leg, table: RouteTable, nat: NatGateway) -> Iterator[Step]:
    """Amazon VPC User Guide, "Regional NAT gateways": in no subnet, with a route to the internet gateway of its own."""
    yield from gateways.to_the_internet(leg, table, nat.id)
    if not leg.vpc.shared and not leg.vpc.attached_internet_gateways:
        yield Blocker(
            BlockerKind.INTERNET_GATEWAY_DETACHED,
            nat.id,
            f"{nat.id} has no internet gateway to send {leg.goal} to: none is attached to {leg.vpc.id}.",
            changes.choose(f"Attach an internet gateway to {leg.vpc.id}."),
        )
    yield Hop(leg.name, leg.goal)
