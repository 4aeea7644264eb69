"""Entries of EC2's answers as values of the network model. Field names are those of the EC2 API."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from rds_enrollment.aws.tags import read_tags
from rds_enrollment.plan.observed.network import (
    ALL_PORTS,
    AclRule,
    Cidr,
    EndpointType,
    GroupRule,
    InternetGateway,
    InternetGatewayBlock,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    PeeringConnection,
    PortRange,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    VpcEndpoint,
)

Entry = Mapping[str, Any]

_PROTOCOLS = {"-1": "all", "1": "icmp", "6": "tcp", "17": "udp"}

_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)
"""The members of a Route that name its target; one is set, an interface together with its instance."""

_ATTACHED = ("available", "attached")
"""EC2 API, InternetGatewayAttachment: `available` stands for attached."""


def _block(text: str) -> Cidr:
    """Host bits are passed over, as EC2 itself does (EC2 API, CreateRoute)."""
    return ip_network(text, strict=False)


def subnet(entry: Entry) -> Subnet:
    """ec2:DescribeSubnets, Subnet."""
    mode = entry.get("BlockPublicAccessStates", {}).get("InternetGatewayBlockMode")
    return Subnet(
        id=entry["SubnetId"],
        vpc_id=entry["VpcId"],
        owner=entry.get("OwnerId", ""),
        availability_zone=entry.get("AvailabilityZone", ""),
        cidrs=tuple(_subnet_blocks(entry)),
        available_addresses=entry.get("AvailableIpAddressCount", 0),
        map_public_ip=entry.get("MapPublicIpOnLaunch", False),
        tags=read_tags(entry.get("Tags")),
        internet_gateway_block=next(
            (item for item in InternetGatewayBlock if item == mode), InternetGatewayBlock.OFF
        ),
    )


def _subnet_blocks(entry: Entry) -> Iterator[Cidr]:
    if entry.get("CidrBlock"):  # a subnet of IPv6 alone has none
        yield _block(entry["CidrBlock"])
    for association in entry.get("Ipv6CidrBlockAssociationSet", ()):
        if association.get("Ipv6CidrBlockState", {}).get("State") == "associated":
            yield _block(association["Ipv6CidrBlock"])


def route_table(entry: Entry) -> RouteTable:
    """ec2:DescribeRouteTables, RouteTable. Associations that are not in force do not count."""
    associations = [
        association
        for association in entry.get("Associations", ())
        if association.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    return RouteTable(
        id=entry["RouteTableId"],
        vpc_id=entry["VpcId"],
        main=any(association.get("Main", False) for association in associations),
        subnets=frozenset(
            association["SubnetId"] for association in associations if association.get("SubnetId")
        ),
        routes=tuple(_route(route) for route in entry.get("Routes", ())),
    )


def _route(entry: Entry) -> Route:
    cidr = entry.get("DestinationCidrBlock") or entry.get("DestinationIpv6CidrBlock")
    return Route(
        destination=_block(cidr) if cidr else entry["DestinationPrefixListId"],
        target=next((str(entry[name]) for name in _TARGETS if entry.get(name)), ""),
        blackhole=entry.get("State") == "blackhole",
        propagated=entry.get("Origin") == "EnableVgwRoutePropagation",
    )


def network_acl(entry: Entry) -> NetworkAcl:
    """ec2:DescribeNetworkAcls, NetworkAcl."""
    return NetworkAcl(
        id=entry["NetworkAclId"],
        vpc_id=entry["VpcId"],
        default=entry.get("IsDefault", False),
        subnets=frozenset(association["SubnetId"] for association in entry.get("Associations", ())),
        rules=tuple(_acl_rule(rule) for rule in entry.get("Entries", ())),
    )


def _acl_rule(entry: Entry) -> AclRule:
    return AclRule(
        number=entry["RuleNumber"],
        egress=entry["Egress"],
        allow=entry["RuleAction"] == "allow",
        protocol=_protocol(entry["Protocol"]),
        cidr=_block(entry.get("CidrBlock") or entry["Ipv6CidrBlock"]),
        ports=_port_range(entry.get("PortRange", {}), "From", "To"),
    )


def security_group(entry: Entry) -> SecurityGroup:
    """ec2:DescribeSecurityGroups, SecurityGroup: one rule for each peer of a permission."""
    return SecurityGroup(
        id=entry["GroupId"],
        vpc_id=entry.get("VpcId", ""),
        ingress=tuple(_group_rules(entry.get("IpPermissions", ()))),
        egress=tuple(_group_rules(entry.get("IpPermissionsEgress", ()))),
        name=entry.get("GroupName", ""),
        tags=read_tags(entry.get("Tags")),
    )


def _group_rules(permissions: Iterable[Entry]) -> Iterator[GroupRule]:
    for permission in permissions:
        protocol = _protocol(permission["IpProtocol"])
        ports = _port_range(permission, "FromPort", "ToPort")
        for peer in _peers(permission):
            yield GroupRule(peer, protocol, ports)


def _peers(permission: Entry) -> Iterator[Cidr | str]:
    yield from (_block(item["CidrIp"]) for item in permission.get("IpRanges", ()))
    yield from (_block(item["CidrIpv6"]) for item in permission.get("Ipv6Ranges", ()))
    yield from (item["GroupId"] for item in permission.get("UserIdGroupPairs", ()))
    yield from (item["PrefixListId"] for item in permission.get("PrefixListIds", ()))


def _protocol(text: str) -> str:
    return _PROTOCOLS.get(text, text)


def _port_range(entry: Entry, first: str, last: str) -> PortRange:
    if entry.get(first, -1) == -1:
        return ALL_PORTS
    return PortRange(entry[first], entry[last])


def internet_gateway(entry: Entry) -> InternetGateway:
    """ec2:DescribeInternetGateways, InternetGateway."""
    attached = (item["VpcId"] for item in entry.get("Attachments", ()) if item.get("State") in _ATTACHED)
    return InternetGateway(id=entry["InternetGatewayId"], vpc_id=next(attached, ""))


def nat_gateway(entry: Entry) -> NatGateway:
    """ec2:DescribeNatGateways, NatGateway."""
    addresses = (item.get("PrivateIp") for item in entry.get("NatGatewayAddresses", ()))
    return NatGateway(
        id=entry["NatGatewayId"],
        vpc_id=entry["VpcId"],
        subnet_id=entry.get("SubnetId", ""),
        state=entry["State"],
        public=entry.get("ConnectivityType", "public") == "public",
        addresses=tuple(ip_address(address) for address in addresses if address),
    )


def transit_gateway_attachment(entry: Entry) -> TransitGatewayAttachment:
    """ec2:DescribeTransitGatewayVpcAttachments, TransitGatewayVpcAttachment."""
    return TransitGatewayAttachment(
        id=entry["TransitGatewayAttachmentId"],
        transit_gateway_id=entry["TransitGatewayId"],
        vpc_id=entry["VpcId"],
        state=entry["State"],
        subnets=frozenset(entry.get("SubnetIds", ())),
    )


def peering_connection(entry: Entry) -> PeeringConnection:
    """ec2:DescribeVpcPeeringConnections, VpcPeeringConnection."""
    sides = (entry["RequesterVpcInfo"], entry["AccepterVpcInfo"])
    return PeeringConnection(
        id=entry["VpcPeeringConnectionId"],
        state=entry["Status"]["Code"],
        cidrs={side["VpcId"]: tuple(_side_blocks(side)) for side in sides},
    )


def _side_blocks(side: Entry) -> Iterator[Cidr]:
    blocks = [item["CidrBlock"] for item in side.get("CidrBlockSet", ())]
    if not blocks and side.get("CidrBlock"):
        blocks = [side["CidrBlock"]]
    blocks += [item["Ipv6CidrBlock"] for item in side.get("Ipv6CidrBlockSet", ())]
    yield from map(_block, blocks)


def vpc_endpoint(entry: Entry) -> VpcEndpoint:
    """ec2:DescribeVpcEndpoints, VpcEndpoint."""
    private_dns = entry.get("PrivateDnsEnabled", False)
    for_resolvers_alone = entry.get("DnsOptions", {}).get("PrivateDnsOnlyForInboundResolverEndpoint", False)
    kind = str(entry.get("VpcEndpointType", "")).lower()
    return VpcEndpoint(
        id=entry["VpcEndpointId"],
        vpc_id=entry["VpcId"],
        service_name=entry["ServiceName"],
        type=next((item for item in EndpointType if item.lower() == kind), EndpointType.OTHER),
        state=str(entry["State"]).lower(),
        subnets=frozenset(entry.get("SubnetIds", ())),
        security_groups=frozenset(group["GroupId"] for group in entry.get("Groups", ())),
        private_dns=private_dns and not for_resolvers_alone,
        network_interfaces=frozenset(entry.get("NetworkInterfaceIds", ())),
    )


def prefix_list(entry: Entry) -> PrefixList:
    """ec2:DescribePrefixLists, PrefixList."""
    return PrefixList(
        id=entry["PrefixListId"],
        name=entry["PrefixListName"],
        cidrs=tuple(map(_block, entry.get("Cidrs", ()))),
    )


def prefix_list_entry(entry: Entry) -> Cidr:
    """ec2:GetManagedPrefixListEntries, PrefixListEntry."""
    return _block(entry["Cidr"])


def network_interface(entry: Entry) -> NetworkInterface:
    """ec2:DescribeNetworkInterfaces, NetworkInterface."""
    ipv4 = (item["PrivateIpAddress"] for item in entry.get("PrivateIpAddresses", ()))
    ipv6 = (item["Ipv6Address"] for item in entry.get("Ipv6Addresses", ()))
    return NetworkInterface(
        id=entry["NetworkInterfaceId"],
        vpc_id=entry["VpcId"],
        subnet_id=entry["SubnetId"],
        description=entry.get("Description", ""),
        addresses=tuple(map(ip_address, (*ipv4, *ipv6))),
        security_groups=frozenset(group["GroupId"] for group in entry.get("Groups", ())),
    )
