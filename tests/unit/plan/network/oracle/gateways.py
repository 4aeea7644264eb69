"""What each gateway lets through, and which edges of subnets the packets cross on their way to it and back."""

from collections.abc import Iterator
from dataclasses import dataclass

from rds_enrollment.plan.network.question import NAT_EPHEMERAL_PORTS
from rds_enrollment.plan.observed.network import (
    Address,
    EndpointType,
    InternetGatewayBlock,
    NatGateway,
    PortRange,
    Route,
    Subnet,
    TransitGatewayAttachment,
    Vpc,
)

from tests.unit.plan.network.oracle.filters import is_public
from tests.unit.plan.network.oracle.packets import (
    Crossing,
    DroppedError,
    Receiver,
    Sender,
    UndocumentedError,
    only,
)
from tests.unit.plan.network.oracle.routing import route_of


@dataclass(frozen=True, slots=True)
class _Departure:
    """Who hands a packet to a gateway: the sender, or a NAT gateway in its place."""

    subnet: str
    address: Address | None
    """None where a NAT gateway's is not known."""
    ephemeral: PortRange


def through_gateway(vpc: Vpc, sender: Sender, receiver: Receiver, route: Route) -> Iterator[Crossing]:
    """Raises: DroppedError."""
    departure = _Departure(sender.subnet, sender.address, sender.ephemeral)
    if route.target.startswith("igw-"):
        return _internet_gateway(vpc, sender, receiver, route.target)
    if route.target.startswith("eigw-"):
        return _egress_only(vpc, sender, receiver)
    if route.target.startswith("nat-"):
        return _nat_gateway(vpc, sender, receiver, route.target)
    return _elsewhere(vpc, departure, receiver, route.target)


def through_appliance(vpc: Vpc, sender: Sender, receiver: Receiver, route: Route) -> Iterator[Crossing]:
    """A route inside the VPC that is more specific than the local one: the appliance passes the packets on, as long
    as the endpoint in front of it is there (Middlebox routing; Route: blackhole).

    Raises: DroppedError.
    """
    if route.target.startswith("vpce-"):
        _endpoint(vpc, route.target)
    return _out_and_back(sender.subnet, sender.address, receiver, sender.ephemeral)


def _internet_gateway(vpc: Vpc, sender: Sender, receiver: Receiver, gateway: str) -> Iterator[Crossing]:
    """IPv4 needs a public address of the interface's own, IPv6 addresses are public (Internet gateways)."""
    _must_be_attached(vpc, gateway)
    _must_be_public(receiver)
    if _block(vpc, sender.subnet) is not InternetGatewayBlock.OFF:
        raise DroppedError("public access blocked")
    if receiver.address.version == 4 and not sender.public_ip:
        raise DroppedError("no public address")
    return _out_and_back(sender.subnet, sender.address, receiver, sender.ephemeral)


def _egress_only(vpc: Vpc, sender: Sender, receiver: Receiver) -> Iterator[Crossing]:
    """For IPv6 alone (Egress-only internet gateways); a blocked ingress does not concern it (VPC BPA)."""
    if receiver.address.version == 4:
        raise DroppedError("IPv4 through an egress-only internet gateway")
    _must_be_public(receiver)
    if _block(vpc, sender.subnet) is InternetGatewayBlock.BIDIRECTIONAL:
        raise DroppedError("public access blocked")
    return _out_and_back(sender.subnet, sender.address, receiver, sender.ephemeral)


def _nat_gateway(vpc: Vpc, sender: Sender, receiver: Receiver, gateway: str) -> Iterator[Crossing]:
    if receiver.address.version == 6:
        raise DroppedError("IPv6 through a NAT gateway")
    nat = next((nat for nat in vpc.nat_gateways if nat.id == gateway), None)
    if nat is None and vpc.shared:
        yield from _out_and_back(sender.subnet, sender.address, receiver, sender.ephemeral)
        return
    if nat is None or nat.state != "available":
        raise DroppedError("NAT gateway not available")
    if nat.subnet_id == "":
        if not any(igw.vpc_id == vpc.id for igw in vpc.internet_gateways):
            raise DroppedError("internet gateway not attached")
        _must_be_public(receiver)
        yield from _out_and_back(sender.subnet, sender.address, receiver, sender.ephemeral)
        return
    if nat.subnet_id != sender.subnet:
        yield from _to_nat_and_back(sender, receiver, nat)
    yield from _out_of_nat(vpc, nat, receiver)


def _to_nat_and_back(sender: Sender, receiver: Receiver, nat: NatGateway) -> Iterator[Crossing]:
    """Towards the sender the replies carry the far end's address, as the NAT gateway has translated them back."""
    yield Crossing(sender.subnet, True, sender.address, receiver.address, only(receiver.port))
    yield Crossing(nat.subnet_id, False, sender.address, receiver.address, only(receiver.port))
    yield Crossing(nat.subnet_id, True, receiver.address, sender.address, sender.ephemeral)
    yield Crossing(sender.subnet, False, receiver.address, sender.address, sender.ephemeral)


def _out_of_nat(vpc: Vpc, nat: NatGateway, receiver: Receiver) -> Iterator[Crossing]:
    """A public NAT gateway lives in a public subnet; an internet gateway drops a private one's packets
    (NAT gateways).

    Raises: DroppedError; UndocumentedError.
    """
    route = route_of(vpc, nat.subnet_id, receiver)
    address = next(iter(nat.addresses), None)
    if route.target.startswith("nat-"):
        if nat.public or route.target == nat.id:
            raise DroppedError("NAT gateway behind a NAT gateway")
        raise UndocumentedError("a private NAT gateway that leads to another")
    if route.target.startswith("eigw-"):
        raise DroppedError("IPv4 through an egress-only internet gateway")
    if route.target.startswith("igw-"):
        if not nat.public:
            raise DroppedError("private NAT gateway before an internet gateway")
        _must_be_attached(vpc, route.target)
        _must_be_public(receiver)
        if _block(vpc, nat.subnet_id) is InternetGatewayBlock.BIDIRECTIONAL:
            raise DroppedError("public access blocked")
    else:
        departure = _Departure(nat.subnet_id, address, NAT_EPHEMERAL_PORTS)
        yield from _elsewhere(vpc, departure, receiver, route.target)
        return
    yield from _out_and_back(nat.subnet_id, address, receiver, NAT_EPHEMERAL_PORTS)


def _elsewhere(vpc: Vpc, departure: _Departure, receiver: Receiver, target: str) -> Iterator[Crossing]:
    if target.startswith("tgw-"):
        yield from _transit_gateway(vpc, departure, receiver, target)
        return
    if target.startswith("pcx-"):
        _peering(vpc, receiver, target)
    elif target.startswith("vpce-"):
        _endpoint(vpc, target)
    yield from _out_and_back(departure.subnet, departure.address, receiver, departure.ephemeral)


def _transit_gateway(vpc: Vpc, departure: _Departure, receiver: Receiver, target: str) -> Iterator[Crossing]:
    """Transit gateways guide: Network ACLs for transit gateways; Availability Zones of VPC attachments."""
    attachment = _attachment(vpc, target)
    if attachment is None:
        yield from _out_and_back(departure.subnet, departure.address, receiver, departure.ephemeral)
        return
    zone = _subnet(vpc, departure.subnet).availability_zone
    there = [
        subnet
        for subnet in vpc.subnets
        if subnet.id in attachment.subnets and subnet.availability_zone == zone
    ]
    if not there:
        raise DroppedError("transit gateway not in the zone")
    port = only(receiver.port)
    yield Crossing(departure.subnet, True, receiver.address, receiver.address, port)
    if departure.address is not None:
        yield Crossing(there[0].id, False, departure.address, receiver.address, port)
    if there[0].id == departure.subnet:
        return
    if departure.address is not None:
        yield Crossing(there[0].id, True, receiver.address, departure.address, departure.ephemeral)
    yield Crossing(departure.subnet, False, receiver.address, receiver.address, departure.ephemeral)


def _attachment(vpc: Vpc, gateway: str) -> TransitGatewayAttachment | None:
    """None when attachments are not to be seen."""
    for attachment in vpc.transit_gateway_attachments or ():
        if attachment.transit_gateway_id == gateway and attachment.vpc_id == vpc.id:
            if attachment.state != "available":
                raise DroppedError("transit gateway attachment not available")
            return attachment
    if vpc.transit_gateway_attachments is None or vpc.shared:
        return None
    raise DroppedError("transit gateway attachment not available")


def _peering(vpc: Vpc, receiver: Receiver, target: str) -> None:
    """Peering is not transitive: it leads to the other VPC's own addresses (VPC peering limitations)."""
    for peering in vpc.peering_connections or ():
        if peering.id == target:
            if peering.state != "active":
                raise DroppedError("peering not active")
            others = [cidrs for vpc_id, cidrs in peering.cidrs.items() if vpc_id != vpc.id]
            if not any(
                block.version == receiver.address.version and receiver.address in block
                for cidrs in others
                for block in cidrs
            ):
                raise DroppedError("peering not transitive")
            return
    if vpc.peering_connections is not None and not vpc.shared:
        raise DroppedError("peering not active")


def _endpoint(vpc: Vpc, target: str) -> None:
    """The route brought the packet here, so its address is in the endpoint's prefix list (Gateway endpoints)."""
    for endpoint in vpc.endpoints:
        if endpoint.id == target and endpoint.type is not EndpointType.INTERFACE:
            if endpoint.state != "available":
                raise DroppedError("endpoint not available")
            return
    if not vpc.shared:
        raise DroppedError("endpoint not available")


def _out_and_back(
    subnet: str, address: Address | None, receiver: Receiver, ephemeral: PortRange
) -> Iterator[Crossing]:
    """Only the far end's address matters to rules on the way out and on the way in."""
    near = address or receiver.address
    yield Crossing(subnet, True, near, receiver.address, only(receiver.port))
    yield Crossing(subnet, False, receiver.address, near, ephemeral)


def _must_be_attached(vpc: Vpc, gateway: str) -> None:
    for igw in vpc.internet_gateways:
        if igw.id == gateway:
            if igw.vpc_id != vpc.id:
                raise DroppedError("internet gateway not attached")
            return
    if not vpc.shared:
        raise DroppedError("internet gateway not attached")


def _must_be_public(receiver: Receiver) -> None:
    if not is_public(receiver.address):
        raise DroppedError("private address on the internet")


def _block(vpc: Vpc, subnet: str) -> InternetGatewayBlock:
    return _subnet(vpc, subnet).internet_gateway_block


def _subnet(vpc: Vpc, wanted: str) -> Subnet:
    return next(subnet for subnet in vpc.subnets if subnet.id == wanted)
