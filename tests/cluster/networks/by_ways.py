"""Networks in which a route, a gateway or an address is missing or does not do."""

from hack.sandbox.stack import PROXY_ADDRESS
from tests.cluster.networks.case import (
    ADDRESSES,
    CONNECTED,
    IMAGE,
    NAMES,
    PROXY,
    Case,
)
from tests.cluster.networks.site import ANYWHERE, Fault, Mend, Place, Site

TO_PROXY = f"{PROXY_ADDRESS}/32"

# Routes


def no_route(site: Site) -> Fault:
    site.unroute(site.private_table)
    return Fault(
        site.in_private,
        site.private_table,
        to_nat(site),
    )


def to_nat(site: Site) -> Mend:
    """Gives the private subnets their default route back."""
    return lambda: site.route(site.private_table, ANYWHERE, NatGatewayId=site.nat)


def part_of_the_internet(site: Site) -> Fault:
    site.unroute(site.private_table)
    site.route(site.private_table, "10.96.0.0/11", NatGatewayId=site.nat)
    return Fault(
        site.in_private,
        site.private_table,
        to_nat(site),
    )


def main_table(site: Site) -> Fault:
    """A subnet that nobody has associated has the main table, which only knows the VPC."""
    subnet = _more(site, "10.0.8.0/24")
    return Fault(
        site.at(subnet),
        site.main_table,
        lambda: site.ec2.associate_route_table(RouteTableId=site.private_table, SubnetId=subnet),
    )


def wrong_table(site: Site) -> Fault:
    subnet = _more(site, "10.0.8.0/24")
    table = site.ec2.create_route_table(VpcId=site.vpc)["RouteTable"]["RouteTableId"]
    made = site.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    return Fault(
        site.at(subnet),
        table,
        lambda: site.ec2.replace_route_table_association(AssociationId=made, RouteTableId=site.private_table),
    )


def _more(site: Site, block: str) -> str:
    """Another subnet of the zone of the first two."""
    made = site.ec2.create_subnet(VpcId=site.vpc, CidrBlock=block, AvailabilityZone=f"{site.region}a")
    return str(made["Subnet"]["SubnetId"])


# Gateways


def internet_gateway_detached(site: Site) -> Fault:
    ids = {"InternetGatewayId": site.internet_gateway, "VpcId": site.vpc}
    site.ec2.detach_internet_gateway(**ids)
    return Fault(site.in_public, site.internet_gateway, lambda: site.ec2.attach_internet_gateway(**ids))


def internet_gateway_detached_behind_nat(site: Site) -> Fault:
    fault = internet_gateway_detached(site)
    return Fault(site.in_private, fault.culprit, fault.mend)


def no_public_address(site: Site) -> Fault:
    """The deployment asks for none, so that the way has to be another: behind the NAT gateway."""
    subnet = _more(site, "10.0.8.0/24")
    association = site.ec2.associate_route_table(RouteTableId=site.public_table, SubnetId=subnet)
    return Fault(
        site.at(subnet, assignPublicIp="Disabled"),
        subnet,
        lambda: site.ec2.replace_route_table_association(
            AssociationId=association["AssociationId"], RouteTableId=site.private_table
        ),
    )


def nat_deleted(site: Site) -> Fault:
    site.ec2.delete_nat_gateway(NatGatewayId=site.nat)
    return Fault(
        site.in_private,
        site.nat,
        lambda: site.reroute(site.private_table, NatGatewayId=site.new_nat(site.public)),
    )


def nat_private(site: Site) -> Fault:
    wrong = site.new_nat(site.public, public=False)
    site.reroute(site.private_table, NatGatewayId=wrong)
    return Fault(site.in_private, wrong, site.through_nat)


def nat_in_a_private_subnet(site: Site) -> Fault:
    """Its subnet has the main table."""
    fault = main_table(site)
    (subnet,) = fault.place.subnets
    site.reroute(site.private_table, NatGatewayId=site.new_nat(subnet))
    return Fault(site.in_private, fault.culprit, site.through_nat)


def nat_in_the_tasks_subnet(site: Site) -> Fault:
    site.reroute(site.private_table, NatGatewayId=site.new_nat(site.private))
    return Fault(site.in_private, site.private_table, site.through_nat)


def nat_behind_a_nat(site: Site) -> Fault:
    site.reroute(site.public_table, NatGatewayId=site.new_nat(site.other))
    return Fault(
        site.in_private,
        site.public_table,
        lambda: site.reroute(site.public_table, GatewayId=site.internet_gateway),
    )


def transit_gateway_not_attached(site: Site) -> Fault:
    transit = site.transit_gateway()
    site.reroute(site.private_table, TransitGatewayId=transit)
    return Fault(site.in_private, transit, lambda: site.attach(transit, site.private))


def transit_gateway_detached(site: Site) -> Fault:
    transit = site.transit_gateway()
    attachment = site.attach(transit, site.private)
    site.reroute(site.private_table, TransitGatewayId=transit)
    site.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    return Fault(site.in_private, transit, lambda: site.attach(transit, site.private))


def transit_gateway_in_another_zone(site: Site) -> Fault:
    transit = site.transit_gateway()
    attachment = site.attach(transit, site.other)
    site.reroute(site.private_table, TransitGatewayId=transit)
    return Fault(
        site.in_private,
        attachment,
        lambda: site.ec2.modify_transit_gateway_vpc_attachment(
            TransitGatewayAttachmentId=attachment, AddSubnetIds=[site.private]
        ),
    )


def transit_gateway_behind_an_acl(site: Site) -> Fault:
    """The attachment is in another subnet of the zone, whose ACL lets nothing in."""
    transit = site.transit_gateway()
    site.attach(transit, site.public)
    site.reroute(site.private_table, TransitGatewayId=transit)
    acl = site.acl(site.public, "out 100 allow all 0.0.0.0/0")
    return Fault(site.in_private, acl, lambda: site.open_acl(acl))


def peering_pending(site: Site) -> Fault:
    """Nobody has accepted the connection that the default route goes through."""
    made = site.peering()
    site.reroute(site.private_table, VpcPeeringConnectionId=made)
    return Fault(site.in_private, made, site.through_nat)


def peering_is_not_transitive(site: Site) -> Fault:
    made = site.peering()
    site.accept(made)
    site.reroute(site.private_table, VpcPeeringConnectionId=made)
    return Fault(site.in_private, site.private_table, site.through_nat)


# Addresses


def no_free_address(site: Site) -> Fault:
    """The smallest subnet that AWS allows, filled."""
    subnet = _small(site, "10.0.255.240/28")
    taken = _fill(site, subnet, leave=0)
    return Fault(site.at(subnet), subnet, lambda: _release(site, taken))


def fewer_addresses_than_tasks(site: Site) -> Fault:
    """Each subnet has an address, and both together fewer than there are tasks."""
    subnets = [_small(site, block) for block in ("10.0.255.240/28", "10.0.255.224/28")]
    taken = [eni for subnet in subnets for eni in _fill(site, subnet, leave=1)]
    return Fault(Place(subnets, (site.agents,), {"replicas": 3}), subnets[0], lambda: _release(site, taken))


def _small(site: Site, block: str) -> str:
    subnet = _more(site, block)
    site.ec2.associate_route_table(RouteTableId=site.private_table, SubnetId=subnet)
    return subnet


def _fill(site: Site, subnet: str, *, leave: int) -> list[str]:
    free = site.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]
    made = [site.ec2.create_network_interface(SubnetId=subnet) for _ in range(free - leave)]
    return [item["NetworkInterface"]["NetworkInterfaceId"] for item in made]


def _release(site: Site, interfaces: list[str]) -> None:
    for interface in interfaces:
        site.ec2.delete_network_interface(NetworkInterfaceId=interface)


# The proxy


def proxy_routed_to_a_pending_peering(site: Site) -> Fault:
    made = site.peering()
    site.route(site.private_table, TO_PROXY, VpcPeeringConnectionId=made)
    return Fault(site.in_private, made, lambda: site.unroute(site.private_table, TO_PROXY))


def http_proxy_of_another_network(site: Site) -> Fault:
    """The agents are told to use an HTTP proxy in another VPC, to which no route leads."""
    made = site.peering("10.96.0.0/16")
    site.accept(made)
    place = site.at(site.private, environment=[{"name": "HTTPS_PROXY", "value": "http://10.96.0.8:3128"}])
    return Fault(
        place,
        site.public_table,
        lambda: site.route(site.private_table, "10.96.0.0/16", VpcPeeringConnectionId=made),
    )


def dns_off(site: Site) -> Fault:
    site.dns_support(on=False)
    return Fault(site.in_private, site.vpc, lambda: site.dns_support(on=True))


def dns_off_and_amazons_server_by_address(site: Site) -> Fault:
    """What the DHCP options name is the server that is off: the third address of the VPC."""
    site.dns_servers("10.0.0.2")
    return dns_off(site)


ROUTES = (
    Case("no-route", no_route, IMAGE, "NoRoute"),
    Case("route-to-another-network-alone", part_of_the_internet, IMAGE, "NoRoute"),
    Case("main-table", main_table, IMAGE, "NoRoute"),
    Case("wrong-table", wrong_table, IMAGE, "NoRoute"),
    Case("http-proxy-elsewhere", http_proxy_of_another_network, PROXY, "NoRoute", region=CONNECTED),
)

GATEWAYS = (
    Case("igw-detached", internet_gateway_detached, IMAGE, "InternetGatewayDetached"),
    Case("igw-detached-behind-nat", internet_gateway_detached_behind_nat, IMAGE, "InternetGatewayDetached"),
    Case("no-public-address", no_public_address, IMAGE, "NoPublicAddress"),
    Case("nat-deleted", nat_deleted, IMAGE, "NatGatewayUnavailable"),
    Case("nat-private", nat_private, IMAGE, "NatGatewayPrivate"),
    Case("nat-in-a-private-subnet", nat_in_a_private_subnet, IMAGE, "NatSubnetNotPublic"),
    Case("nat-in-the-tasks-subnet", nat_in_the_tasks_subnet, IMAGE, "NatSubnetNotPublic"),
    Case("nat-behind-a-nat", nat_behind_a_nat, IMAGE, "NatSubnetNotPublic"),
    Case(
        "tgw-not-attached", transit_gateway_not_attached, IMAGE, "TransitGatewayNotAttached", region=CONNECTED
    ),
    Case("tgw-detached", transit_gateway_detached, IMAGE, "TransitGatewayNotAttached", region=CONNECTED),
    Case(
        "tgw-other-zone", transit_gateway_in_another_zone, IMAGE, "TransitGatewayNotInZone", region=CONNECTED
    ),
    Case("tgw-behind-an-acl", transit_gateway_behind_an_acl, IMAGE, "NetworkAclIngress", region=CONNECTED),
    Case("peering-pending", peering_pending, IMAGE, "PeeringNotActive", region=CONNECTED),
    Case("peering-transitive", peering_is_not_transitive, IMAGE, "PeeringNotTransitive", region=CONNECTED),
    Case(
        "proxy-peering-pending",
        proxy_routed_to_a_pending_peering,
        PROXY,
        "PeeringNotActive",
        region=CONNECTED,
    ),
)

DNS = (
    Case("dns-off", dns_off, NAMES),
    Case("dns-off-and-its-address-named", dns_off_and_amazons_server_by_address, NAMES),
)

ADDRESS_SPACE = (
    Case("no-address", no_free_address, ADDRESSES),
    Case("fewer-addresses-than-tasks", fewer_addresses_than_tasks, ADDRESSES),
)
