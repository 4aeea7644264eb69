"""Between two interfaces of the VPC (Amazon VPC User Guide, "Route table concepts": local routes)."""

from collections.abc import Iterator

from rds_enrollment.plan.network import acls, gateways, groups
from rds_enrollment.plan.network.outward import blackhole, no_route
from rds_enrollment.plan.network.packet import Leg
from rds_enrollment.plan.network.routes import route_of, table_of
from rds_enrollment.plan.network.verdict import Hop, Step
from rds_enrollment.plan.observed.network import LOCAL, Subnet


def within(
    leg: Leg, source_groups: frozenset[str], subnet: Subnet, destination_groups: frozenset[str]
) -> Iterator[Step]:
    """Into `subnet`, to an interface with `destination_groups`, and the answer back.

    Inside one subnet only the groups judge. A route more specific than the local one leads through an appliance
    ("Middlebox routing"), which decides from there on; without its endpoint the packets are lost as on any route.
    """
    if subnet.id == leg.subnet.id:
        yield from groups.enter(leg, destination_groups, source_groups)
        yield Hop(leg.name, leg.goal)
        return
    yield from acls.leave(leg, leg.subnet)
    table = table_of(leg.vpc, leg.subnet.id)
    route = route_of(leg, table) if table else None
    if table is None or route is None:
        yield no_route(leg, table)
        return
    if route.blackhole:
        yield blackhole(leg, table, route)
    yield Hop(table.id, f"{route.destination} to {route.target}")
    if route.target == LOCAL:
        yield from acls.enter(leg, subnet)
        yield from groups.enter(leg, destination_groups, source_groups)
        yield Hop(leg.name, leg.goal)
        yield from acls.answer_leaves(leg, subnet)
    elif route.target.startswith("vpce-"):
        yield from gateways.through(leg, table, route)
    else:
        yield from gateways.out_of_sight(leg, table, route)
    yield from acls.answer_enters(leg, leg.subnet)
