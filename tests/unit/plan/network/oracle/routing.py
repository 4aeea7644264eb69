"""Which route a packet takes.

The most specific route wins; among equals local, then static, then prefix list, then propagated ones (Amazon VPC User
Guide, Route priority). A subnet without a route table of its own uses the VPC's main one (Subnet route tables).
"""

from rds_enrollment.plan.observed.network import LOCAL, EndpointType, Route, RouteTable, Vpc

from tests.unit.plan.network.oracle.filters import list_entries
from tests.unit.plan.network.oracle.packets import DroppedError, Receiver


def route_of(vpc: Vpc, subnet: str, receiver: Receiver) -> Route:
    """Raises: DroppedError when there is none, or a blackhole."""
    route = _best(vpc, _table_of(vpc, subnet), receiver)
    if route is None:
        raise DroppedError("no route")
    if route.blackhole:
        raise DroppedError("blackhole route")
    return route


def _table_of(vpc: Vpc, subnet: str) -> RouteTable:
    for table in vpc.route_tables:
        if subnet in table.subnets:
            return table
    return next(table for table in vpc.route_tables if table.main)


def _best(vpc: Vpc, table: RouteTable, receiver: Receiver) -> Route | None:
    best: Route | None = None
    best_rank = (-1, 0)
    for route in table.routes:
        length = _matching_length(vpc, route, receiver)
        rank = (length, -_class(route))
        if length >= 0 and rank > best_rank:
            best, best_rank = route, rank
    return best or _of_unknown_list(vpc, table, receiver)


def _matching_length(vpc: Vpc, route: Route, receiver: Receiver) -> int:
    """The prefix length with which the route matches the address; -1 when it does not."""
    named = route.destination
    blocks = (list_entries(vpc, named) or ()) if isinstance(named, str) else (named,)
    matching = [
        block.prefixlen
        for block in blocks
        if block.version == receiver.address.version and receiver.address in block
    ]
    return max(matching, default=-1)


def _class(route: Route) -> int:
    if route.target == LOCAL:
        return 0
    if route.propagated:
        return 3
    return 2 if isinstance(route.destination, str) else 1


def _of_unknown_list(vpc: Vpc, table: RouteTable, receiver: Receiver) -> Route | None:
    for route in table.routes:
        if isinstance(route.destination, str) and list_entries(vpc, route.destination) is None:
            service = _gateway_endpoint_service(vpc, route.target)
            if service is None or service == receiver.service:
                return route
    return None


def _gateway_endpoint_service(vpc: Vpc, target: str) -> str | None:
    for endpoint in vpc.endpoints:
        if endpoint.id == target and endpoint.type is EndpointType.GATEWAY:
            return endpoint.service
    return None
