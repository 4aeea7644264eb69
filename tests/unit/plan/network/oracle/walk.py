"""One connection between two addresses, hop by hop: its first packet, then the reply.

What lies behind a transit gateway, a peering connection, a virtual private gateway or an appliance is out of sight
and taken to work.
"""

from collections.abc import Iterator

from rds_enrollment.plan.observed.network import LOCAL, Vpc

from tests.unit.plan.network.oracle.filters import cross, enter, leave
from tests.unit.plan.network.oracle.gateways import through_appliance, through_gateway
from tests.unit.plan.network.oracle.packets import Crossing, Receiver, Sender, UndocumentedError, only
from tests.unit.plan.network.oracle.routing import route_of


def walk(vpc: Vpc, sender: Sender, receiver: Receiver) -> None:
    """Neither route tables nor network ACLs see what stays within a subnet (Network ACL basics).

    Raises: DroppedError where a packet or its reply is lost; UndocumentedError.
    """
    leave(vpc, sender, receiver)
    home = receiver.subnet or _subnet_of(vpc, receiver)
    if home != sender.subnet:
        for crossing in _crossings(vpc, sender, receiver, home):
            cross(vpc, crossing)
    elif receiver.is_interface:
        enter(vpc, sender, receiver)


def _crossings(vpc: Vpc, sender: Sender, receiver: Receiver, home: str) -> Iterator[Crossing]:
    route = route_of(vpc, sender.subnet, receiver)
    if route.target == LOCAL:
        if receiver.is_interface:
            enter(vpc, sender, receiver)
        if not home:
            raise UndocumentedError(f"{receiver.address} is in the VPC and in none of its subnets")
        return _between_subnets(sender, receiver, home)
    if home:
        return through_appliance(vpc, sender, receiver, route)
    return through_gateway(vpc, sender, receiver, route)


def _between_subnets(sender: Sender, receiver: Receiver, far: str) -> Iterator[Crossing]:
    yield Crossing(sender.subnet, True, sender.address, receiver.address, only(receiver.port))
    yield Crossing(far, False, sender.address, receiver.address, only(receiver.port))
    yield Crossing(far, True, receiver.address, sender.address, sender.ephemeral)
    yield Crossing(sender.subnet, False, receiver.address, sender.address, sender.ephemeral)


def _subnet_of(vpc: Vpc, receiver: Receiver) -> str:
    """Empty for addresses that are in no subnet."""
    for subnet in vpc.subnets:
        for block in subnet.cidrs:
            if block.version == receiver.address.version and receiver.address in block:
                return subnet.id
    return ""
