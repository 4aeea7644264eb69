"""A healthy VPC in the AWS sandbox, and the few words in which its networks are broken and mended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hack.sandbox.aws.world import Vpc, World
from tests.cluster.scene import ACCOUNT

ANYWHERE = "0.0.0.0/0"
INSIDE = "10.0.0.0/16"
PUBLIC_BLOCK, PRIVATE_BLOCK, OTHER_BLOCK = "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"
PROTOCOLS = {"all": "-1", "tcp": "tcp", "udp": "udp"}
NUMBERS = {"all": "-1", "tcp": "6", "udp": "17"}

Mend = Callable[[], Any]


@dataclass(frozen=True)
class Place:
    """Where a deployment runs; the first subnet is the one to look at. `spec` is merged into the deployment's."""

    subnets: Sequence[str]
    groups: Sequence[str]
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A network that was built: where to deploy, the resource to blame, and how to mend it."""

    place: Place
    culprit: str = ""
    mend: Mend = lambda: None


@dataclass(frozen=True)
class Site:
    """A VPC with a public subnet at an internet gateway, and two private ones of different zones behind a NAT
    gateway. `agents` is a group that lets everything out."""

    world: World
    region: str
    name: str
    vpc: str
    public: str
    private: str
    other: str
    """Private, in another zone: where endpoints and databases are."""
    public_table: str
    private_table: str
    internet_gateway: str
    nat: str
    agents: str

    @property
    def ec2(self) -> Any:
        return self.world.client("ec2", self.region)

    @property
    def private_image(self) -> dict[str, Any]:
        """The fields of a spec whose image is in private ECR."""
        return {"image": {"repository": f"{ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com/teleport"}}

    @property
    def main_table(self) -> str:
        """Of the subnets that have no table of their own."""
        filters = [
            {"Name": "vpc-id", "Values": [self.vpc]},
            {"Name": "association.main", "Values": ["true"]},
        ]
        return str(self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"])

    def at(self, subnet: str, group: str = "", **spec: Any) -> Place:
        return Place((subnet,), (group or self.agents,), spec)

    @property
    def in_private(self) -> Place:
        return self.at(self.private)

    @property
    def in_public(self) -> Place:
        return self.at(self.public)

    @cached_property
    def default_acl(self) -> Any:
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "default", "Values": ["true"]}]
        return self.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]

    # Security groups

    def group(self, name: str, *, outbound: Sequence[str] = (), inbound: Sequence[str] = ()) -> str:
        """A group with these rules and no others."""
        made = str(
            self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        )
        self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=permissions("all 0.0.0.0/0"))
        if outbound:
            self.let_out(made, *outbound)
        if inbound:
            self.let_in(made, *inbound)
        return made

    def let_out(self, group: str, *rules: str) -> None:
        self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permissions(*rules))

    def let_in(self, group: str, *rules: str) -> None:
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions(*rules))

    # Network ACLs

    def acl(self, subnet: str, *entries: str) -> str:
        """A network ACL of a subnet's own, with these entries and no others."""
        made = str(self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"])
        for text in entries:
            self.acl_entry(made, text)
        (association,) = (
            item["NetworkAclAssociationId"]
            for item in self.default_acl["Associations"]
            if item["SubnetId"] == subnet
        )
        self.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=made)
        return made

    def acl_entry(self, acl: str, text: str) -> None:
        """Adds an entry, written as `in 100 allow tcp 1024-65535 0.0.0.0/0`."""
        direction, number, action, protocol, *ports, block = text.split()
        arguments: dict[str, Any] = {}
        if ports:
            first, _, last = ports[0].partition("-")
            arguments["PortRange"] = {"From": int(first), "To": int(last or first)}
        self.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=int(number),
            Egress=direction == "out",
            Protocol=NUMBERS[protocol],
            RuleAction=action,
            CidrBlock=block,
            **arguments,
        )

    def open_acl(self, acl: str) -> None:
        """Entries that come before all others."""
        for direction in ("in", "out"):
            self.acl_entry(acl, f"{direction} 1 allow all 0.0.0.0/0")

    # Names

    def dns_support(self, *, on: bool) -> None:
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsSupport={"Value": on})

    def dns_servers(self, *servers: str) -> None:
        """DHCP options that name these."""
        options = [{"Key": "domain-name-servers", "Values": list(servers)}]
        made = self.ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"]
        self.ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=self.vpc)

    # Routes and gateways

    def route(self, table: str, destination: str, **target: str) -> None:
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=destination, **target)

    def unroute(self, table: str, destination: str = ANYWHERE) -> None:
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=destination)

    def reroute(self, table: str, destination: str = ANYWHERE, **target: str) -> None:
        """Another target for a destination that has one."""
        self.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=destination, **target)

    def through_nat(self) -> None:
        """The default route of the private subnets as it was."""
        self.reroute(self.private_table, NatGatewayId=self.nat)

    def new_nat(self, subnet: str, *, public: bool = True) -> str:
        return _nat(self.ec2, subnet, public=public)

    def transit_gateway(self) -> str:
        return str(self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"])

    def attach(self, transit: str, subnet: str) -> str:
        made = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=transit, VpcId=self.vpc, SubnetIds=[subnet]
        )
        return str(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])

    def peering(self, block: str = "172.16.0.0/16") -> str:
        """A pending one, with a new VPC."""
        peer = self.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        made = self.ec2.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=peer)
        return str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])

    def accept(self, peering: str) -> None:
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)

    # Endpoints

    def endpoint(self, service: str, *groups: str, subnet: str = "", private_dns: bool = True) -> str:
        """An interface endpoint."""
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{self.region}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[subnet or self.other],
            SecurityGroupIds=list(groups) or [self.agents],
            PrivateDnsEnabled=private_dns,
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def s3_endpoint(self, *tables: str) -> str:
        """A gateway endpoint, with its routes."""
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.{self.region}.s3", RouteTableIds=list(tables)
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def database(self, *groups: str) -> None:
        """A PostgreSQL instance in the other subnet, which the scene's enrolment registers with Teleport."""
        subnets = f"{self.name}-databases"
        self.world.client("rds", self.region).create_db_subnet_group(
            DBSubnetGroupName=subnets, DBSubnetGroupDescription=subnets, SubnetIds=[self.other]
        )
        vpc = Vpc(
            ACCOUNT,
            self.region,
            self.vpc,
            (self.private,),
            (self.public,),
            self.private_table,
            self.agents,
            groups[0],
            subnets,
        )
        self.world.seed_instance(vpc, self.name, security_groups=groups)


def make_site(world: World, region: str, name: str) -> Site:
    """Builds a healthy VPC."""
    ec2: Any = world.client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock=INSIDE)["Vpc"]["VpcId"]
    zones = (f"{region}a", f"{region}a", f"{region}b")
    public, private, other = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for block, zone in zip((PUBLIC_BLOCK, PRIVATE_BLOCK, OTHER_BLOCK), zones, strict=True)
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    nat = _nat(ec2, public)
    public_table = _table(ec2, vpc, public, GatewayId=gateway)
    private_table = _table(ec2, vpc, private, other, NatGatewayId=nat)
    agents = ec2.create_security_group(GroupName="agents", Description="agents", VpcId=vpc)["GroupId"]
    return Site(
        world, region, name, vpc, public, private, other, public_table, private_table, gateway, nat, agents
    )


def permissions(*rules: str) -> list[dict[str, Any]]:
    """EC2's form of rules that are written as `tcp 443 0.0.0.0/0`."""
    return [_permission(rule) for rule in rules]


def _permission(rule: str) -> dict[str, Any]:
    protocol, *ports, peer = rule.split()
    permission: dict[str, Any] = {"IpProtocol": PROTOCOLS[protocol]}
    if ports:
        first, _, last = ports[0].partition("-")
        permission.update(FromPort=int(first), ToPort=int(last or first))
    if peer.startswith("sg-"):
        return {**permission, "UserIdGroupPairs": [{"GroupId": peer}]}
    if peer.startswith("pl-"):
        return {**permission, "PrefixListIds": [{"PrefixListId": peer}]}
    if ":" in peer:
        return {**permission, "Ipv6Ranges": [{"CidrIpv6": peer}]}
    return {**permission, "IpRanges": [{"CidrIp": peer}]}


def _nat(ec2: Any, subnet: str, *, public: bool = True) -> str:
    if not public:
        made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    else:
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    return str(made["NatGateway"]["NatGatewayId"])


def _table(ec2: Any, vpc: str, *subnets: str, **target: str) -> str:
    """A route table of these subnets with a default route."""
    table = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **target)
    return table
