"""Route tables (Amazon VPC User Guide, "Route table concepts", "Route priority")."""

from rds_enrollment.plan.network.packet import Leg
from rds_enrollment.plan.observed.network import LOCAL, Address, EndpointType, Route, RouteTable, Vpc

_LOCAL_RANK, _STATIC_RANK, _PREFIX_LIST_RANK, _PROPAGATED_RANK = 3, 2, 1, 0


def table_of(vpc: Vpc, subnet_id: str) -> RouteTable | None:
    """The table of the subnet's explicit association, or else the VPC's main table ("Subnet route tables")."""
    explicit = next((table for table in vpc.route_tables if subnet_id in table.subnets), None)
    return explicit or next((table for table in vpc.route_tables if table.main), None)


def route_of(leg: Leg, table: RouteTable) -> Route | None:
    """The route that the packet takes: the longest prefix, and among equals the order of "Route priority".

    A route of a prefix list counts with the length of the entry that matches. One whose list could not be
    read is the last resort.
    """
    ranked = [(rank, route) for route in table.routes if (rank := _rank(leg.vpc, route, leg.destination))]
    if ranked:
        return max(ranked, key=lambda item: item[0])[1]
    return next((route for route in table.routes if _may_match(leg, route)), None)


def _rank(vpc: Vpc, route: Route, address: Address) -> tuple[int, int] | None:
    length = _matching_length(vpc, route, address)
    if length is None:
        return None
    if route.target == LOCAL:
        return length, _LOCAL_RANK
    if route.propagated:
        return length, _PROPAGATED_RANK
    return length, _PREFIX_LIST_RANK if isinstance(route.destination, str) else _STATIC_RANK


def _matching_length(vpc: Vpc, route: Route, address: Address) -> int | None:
    if isinstance(route.destination, str):
        prefix_list = vpc.prefix_list_by_id.get(route.destination)
        cidrs = prefix_list.cidrs if prefix_list else ()
    else:
        cidrs = (route.destination,)
    return max(
        (cidr.prefixlen for cidr in cidrs if cidr.version == address.version and address in cidr),
        default=None,
    )


def _may_match(leg: Leg, route: Route) -> bool:
    """Whether a route of an unread prefix list may be meant: a gateway endpoint's carries its service alone."""
    if not isinstance(route.destination, str) or route.destination in leg.vpc.prefix_list_by_id:
        return False
    gateway = next(
        (
            endpoint
            for endpoint in leg.vpc.endpoints
            if endpoint.id == route.target and endpoint.type == EndpointType.GATEWAY
        ),
        None,
    )
    return gateway is None or (leg.service != "" and gateway.service == leg.service)
