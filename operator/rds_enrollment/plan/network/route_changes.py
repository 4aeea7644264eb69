"""The smallest changes to routes and what they lead to: towards a gateway that the VPC has already."""

from rds_enrollment.plan.network.changes import choose, ec2
from rds_enrollment.plan.network.packet import Leg
from rds_enrollment.plan.network.routes import table_of
from rds_enrollment.plan.network.space import everything, is_public
from rds_enrollment.plan.network.verdict import Change
from rds_enrollment.plan.observed.network import Cidr, NatGateway, Route, RouteTable, Vpc


def route_out(leg: Leg, table: RouteTable | None, blocking: Route | None) -> Change:
    """A route that leads to the destination, instead of `blocking` where there is one."""
    target = _target(leg, blocking)
    if table is None or not is_public(leg.destination) or not target:
        return choose(_advice(leg, table))
    destination = blocking.destination if blocking else everything(leg.destination.version)
    replace = any(route.destination == destination and not route.propagated for route in table.routes)
    return Change(
        f"Route {destination} of {table.id} to {target}.",
        ec2(
            leg.vpc,
            "replace-route" if replace else "create-route",
            *("--route-table-id", table.id, *_destination_option(destination), *_target_option(target)),
        ),
    )


def make_public(onward: Leg, table: RouteTable | None, blocking: Route | None) -> Change:
    """A way to the internet gateway for the subnet of a NAT gateway."""
    if _attached_gateway(onward.vpc):
        return route_out(onward, table, blocking)
    return choose(
        f"Attach an internet gateway to {onward.vpc.id} and route 0.0.0.0/0 of {onward.subnet.id} to it."
    )


def attach_internet_gateway(leg: Leg, table: RouteTable, route: Route) -> Change:
    """The gateway that the route names, or a route to the one that is attached: a VPC can have only one."""
    if _attached_gateway(leg.vpc):
        return route_out(leg, table, route)
    return Change(
        f"Attach {route.target} to {leg.vpc.id}.",
        ec2(
            leg.vpc,
            *("attach-internet-gateway", "--internet-gateway-id", route.target, "--vpc-id", leg.vpc.id),
        ),
    )


def _target(leg: Leg, blocking: Route | None) -> str:
    """A gateway of the VPC that carries the leg, or an empty text.

    A subnet that somebody gave a NAT gateway is meant to be private: no change of ours makes it public.
    """
    private = blocking is not None and blocking.target.startswith("nat-")
    gateway = "" if private and leg.destination.version == 4 else _attached_gateway(leg.vpc)
    if leg.destination.version == 6 or leg.behind_nat:
        return gateway
    nats = sorted(nat.id for nat in leg.vpc.nat_gateways if _is_usable(leg.vpc, nat))
    if nats:
        return nats[0]
    return gateway if leg.public else ""


def _attached_gateway(vpc: Vpc) -> str:
    return min(vpc.attached_internet_gateways, default="")


def _is_usable(vpc: Vpc, nat: NatGateway) -> bool:
    if nat.state != "available" or not nat.public:
        return False
    if not nat.subnet_id:
        return bool(_attached_gateway(vpc))
    table = table_of(vpc, nat.subnet_id)
    routes = table.routes if table else ()
    return any(
        route.target == _attached_gateway(vpc) and not route.blackhole and route.destination == everything(4)
        for route in routes
    )


def _advice(leg: Leg, table: RouteTable | None) -> str:
    where = table.id if table else f"the route table of {leg.subnet.id}"
    if not is_public(leg.destination):
        return f"Add a route for {leg.destination} to {where} that leads to its network."
    if leg.destination.version == 6:
        return f"Create an egress-only internet gateway in {leg.vpc.id} and route ::/0 of {where} to it."
    return (
        f"Create a public NAT gateway in a subnet of {leg.vpc.id} with a route to an internet gateway and route "
        f"0.0.0.0/0 of {where} to it, or use subnets that have such a route."
    )


def _destination_option(destination: Cidr | str) -> tuple[str, str]:
    if isinstance(destination, str):
        return "--destination-prefix-list-id", destination
    option = "--destination-cidr-block" if destination.version == 4 else "--destination-ipv6-cidr-block"
    return option, str(destination)


def _target_option(target: str) -> tuple[str, str]:
    return ("--nat-gateway-id" if target.startswith("nat-") else "--gateway-id"), target
