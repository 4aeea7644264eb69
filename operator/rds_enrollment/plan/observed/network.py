"""The networks of one account and region as values: what EC2 tells, nothing concluded from it.

Ids are EC2's. Field names follow the EC2 API where it has a word; protocols are `tcp`, `udp`, `icmp`, `all`
or a protocol number.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, TypeAlias, TypeVar

Address: TypeAlias = IPv4Address | IPv6Address
Cidr: TypeAlias = IPv4Network | IPv6Network
_Judgement = TypeVar("_Judgement")

_AWS_SERVICE = re.compile(r"(cn\.)?com\.amazonaws\.[a-z0-9-]+\.(?P<service>.+)")

LOCAL = "local"
"""The target of the routes that every route table has for the VPC's own CIDR blocks."""


@dataclass(frozen=True, slots=True)
class PortRange:
    """Both ends included."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


ALL_PORTS = PortRange(0, 65535)

LAST_RULE_NUMBER = 32766
"""Of a network ACL's own rules; the final denials that AWS lists have higher ones (EC2 API,
CreateNetworkAclEntry)."""


class InternetGatewayBlock(StrEnum):
    """Subnet.BlockPublicAccessStates.InternetGatewayBlockMode."""

    OFF = "off"
    INGRESS = "block-ingress"
    BIDIRECTIONAL = "block-bidirectional"


@dataclass(frozen=True, slots=True)
class Subnet:
    """ec2:DescribeSubnets, as far as packets care."""

    id: str
    vpc_id: str
    availability_zone: str
    cidrs: tuple[Cidr, ...]
    """Its IPv4 block and its associated IPv6 blocks."""
    available_addresses: int = 0
    """AvailableIpAddressCount: IPv4 only."""
    map_public_ip: bool = False
    """Whether an interface that does not say otherwise gets a public IPv4 address."""
    internet_gateway_block: InternetGatewayBlock = InternetGatewayBlock.OFF
    owner: str = ""
    """The account that it belongs to."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of a route table."""

    destination: Cidr | str
    """A CIDR block, or the id of a prefix list (pl-…)."""
    target: str
    """`local`, or an id: igw-, nat-, eigw-, tgw-, pcx-, vpce-, vgw-, eni-, i-, lgw-, cagw-, or a core network's ARN."""
    blackhole: bool = False
    """AWS says that the target is not available (deleted, detached, a peering that is not active)."""
    propagated: bool = False
    """Origin EnableVgwRoutePropagation."""


@dataclass(frozen=True, slots=True)
class RouteTable:
    """ec2:DescribeRouteTables. Tables of gateways (edge associations) have neither `main` nor `subnets`."""

    id: str
    vpc_id: str
    main: bool
    subnets: frozenset[str]
    """The subnets with an explicit association."""
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """ec2:DescribeInternetGateways."""

    id: str
    vpc_id: str
    """The VPC that it is attached to; empty while it is attached to none."""


@dataclass(frozen=True, slots=True)
class NatGateway:
    """ec2:DescribeNatGateways."""

    id: str
    vpc_id: str
    subnet_id: str
    """Empty for a regional NAT gateway, which is in no subnet."""
    state: str
    """pending, failed, available, deleting or deleted."""
    public: bool
    """ConnectivityType public: it has an Elastic IP address."""
    addresses: tuple[Address, ...] = ()
    """Its private addresses."""


@dataclass(frozen=True, slots=True)
class TransitGatewayAttachment:
    """ec2:DescribeTransitGatewayVpcAttachments."""

    id: str
    transit_gateway_id: str
    vpc_id: str
    state: str
    """`available` when it carries traffic; pendingAcceptance, pending, modifying, deleting, failed, …"""
    subnets: frozenset[str]


@dataclass(frozen=True, slots=True)
class PeeringConnection:
    """ec2:DescribeVpcPeeringConnections."""

    id: str
    state: str
    """Status.Code: `active` when it carries traffic."""
    cidrs: Mapping[str, tuple[Cidr, ...]]
    """The CIDR blocks of the two VPCs, by VPC id."""


class EndpointType(StrEnum):
    """VpcEndpoint.VpcEndpointType, where the model tells them apart."""

    GATEWAY = "Gateway"
    INTERFACE = "Interface"
    OTHER = "Other"
    """Gateway Load Balancer, resource and service network endpoints."""


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """ec2:DescribeVpcEndpoints."""

    id: str
    vpc_id: str
    service_name: str
    """com.amazonaws.<region>.<service>"""
    type: EndpointType
    state: str
    """`available` (EC2 also writes `Available`) when it carries traffic; the adapter writes lower case."""
    subnets: frozenset[str] = frozenset()
    security_groups: frozenset[str] = frozenset()
    private_dns: bool = False
    """The service's ordinary names resolve, inside the VPC, to the endpoint's addresses."""
    network_interfaces: frozenset[str] = frozenset()
    """Those of an interface endpoint: one in each of its subnets."""

    @property
    def service(self) -> str:
        """The AWS service that it leads to: s3, ecr.api, …; empty for those of others."""
        return _aws_service(self.service_name)


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A prefix list with its entries (ec2:DescribePrefixLists, ec2:GetManagedPrefixListEntries)."""

    id: str
    name: str
    """com.amazonaws.<region>.<service> for those of AWS services."""
    cidrs: tuple[Cidr, ...]

    @property
    def service(self) -> str:
        """The AWS service whose addresses these are; empty for other lists."""
        return _aws_service(self.name)


@dataclass(frozen=True, slots=True)
class AclRule:
    """One NetworkAclEntry. The lowest matching number decides; the final denials (`*`) need not be there."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: Cidr
    ports: PortRange = ALL_PORTS
    """Destination ports; means nothing unless `protocol` is tcp or udp."""


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """ec2:DescribeNetworkAcls."""

    id: str
    vpc_id: str
    default: bool
    subnets: frozenset[str]
    rules: tuple[AclRule, ...]


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One source or destination of one IpPermission."""

    peer: Cidr | str
    """A CIDR block, a security group (sg-…) or a prefix list (pl-…)."""
    protocol: str
    ports: PortRange = ALL_PORTS
    """Destination ports; means nothing unless `protocol` is tcp or udp."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """ec2:DescribeSecurityGroups with their rules."""

    id: str
    vpc_id: str
    ingress: tuple[GroupRule, ...] = ()
    egress: tuple[GroupRule, ...] = ()
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """ec2:DescribeNetworkInterfaces."""

    id: str
    vpc_id: str
    subnet_id: str
    description: str
    addresses: tuple[Address, ...]
    """Private IPv4 and IPv6 addresses."""
    security_groups: frozenset[str]
    """Empty where AWS filters nothing, as at a load balancer without groups."""


@dataclass(frozen=True, slots=True)
class VpcDns:
    """How the interfaces of a VPC come by a DNS server."""

    support: bool
    """ec2:DescribeVpcAttribute, enableDnsSupport: Amazon's DNS server answers."""
    servers: tuple[str, ...] | None = None
    """ec2:DescribeDhcpOptions, domain-name-servers: addresses, or AmazonProvidedDNS. Read only without `support`; None
    as well where the options are not visible, as those of a VPC that another account shares."""
    cidr: Cidr | None = None
    """ec2:DescribeVpcs, CidrBlock: Amazon's DNS server has its third address. Read only without `support`."""


@dataclass(frozen=True)
class Vpc:
    """All that is known of one VPC. Resources of other VPCs are not in it; prefix lists are the region's.

    `transit_gateway_attachments` and `peering_connections` are None when they were not read: the routes' own
    state is all that is known then.
    """

    id: str
    region: str = ""
    shared: bool = False
    """Another account owns it and shares subnets of it: gateways and endpoints of the owner are not visible
    (Amazon VPC User Guide, VPC sharing, Responsibilities and permissions for owners and participants)."""
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    internet_gateways: tuple[InternetGateway, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    transit_gateway_attachments: tuple[TransitGatewayAttachment, ...] | None = ()
    peering_connections: tuple[PeeringConnection, ...] | None = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    network_interfaces: tuple[NetworkInterface, ...] = ()
    dns: VpcDns | None = None
    """None when it was not read: it is read only while tasks are to start."""

    @cached_property
    def attached_internet_gateways(self) -> frozenset[str]:
        """Ids of the internet gateways that are attached to this VPC."""
        return frozenset(gateway.id for gateway in self.internet_gateways if gateway.vpc_id == self.id)

    @cached_property
    def subnet_by_id(self) -> Mapping[str, Subnet]:
        return {subnet.id: subnet for subnet in self.subnets}

    @cached_property
    def group_by_id(self) -> Mapping[str, SecurityGroup]:
        return {group.id: group for group in self.security_groups}

    @cached_property
    def interface_by_address(self) -> Mapping[Address, NetworkInterface]:
        return {address: item for item in self.network_interfaces for address in item.addresses}

    def judged_once(self, question: Hashable, judge: Callable[[], _Judgement]) -> _Judgement:
        """What `judge` finds out about these facts, kept by the question: they do not change, and neither does that.
        It must not depend on `dns`."""
        if question not in self._judgements:
            self._judgements[question] = judge()
        judgement: _Judgement = self._judgements[question]
        return judgement

    @cached_property
    def _judgements(self) -> dict[Hashable, Any]:
        return {}

    def with_dns(self, dns: VpcDns) -> "Vpc":
        """The same, and its DNS. The judgements are about ways through the network, and hold for both."""
        known = replace(self, dns=dns)
        vars(known)["_judgements"] = self._judgements
        return known

    @cached_property
    def prefix_list_by_id(self) -> Mapping[str, PrefixList]:
        return {prefix_list.id: prefix_list for prefix_list in self.prefix_lists}


@dataclass(frozen=True)
class NetworkFacts:
    """The networks of one account in one region, from complete listings only."""

    account: str
    region: str
    vpcs: Mapping[str, Vpc] = field(default_factory=dict)
    """By VPC id: those that have a subnet."""


def _aws_service(name: str) -> str:
    match = _AWS_SERVICE.fullmatch(name)
    return match["service"] if match else ""
