"""Small words for VPCs: a healthy one, edits of it, and the questions that the tables ask.

Rules and routes are written as one line each:
    route        "0.0.0.0/0 nat-1", "pl-s3 vpce-s3 blackhole", "10.9.0.0/16 vgw-1 propagated"
    group rule   "tcp 443 0.0.0.0/0", "tcp 1024-65535 sg-db", "all ::/0"
    ACL rule     "out 100 allow tcp 443 0.0.0.0/0", "in 90 deny all 10.0.0.0/8"
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

from rds_enrollment.plan.network.question import AwsService, Host, Interface, Source
from rds_enrollment.plan.observed.network import (
    ALL_PORTS,
    AclRule,
    Cidr,
    EndpointType,
    GroupRule,
    InternetGateway,
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
    Vpc,
    VpcDns,
    VpcEndpoint,
)

Edit: TypeAlias = Callable[[Vpc], Vpc]

VPC = "vpc-1"
REGION = "eu-west-1"
ALLOW_ALL = (
    "in 100 allow all 0.0.0.0/0",
    "out 100 allow all 0.0.0.0/0",
    "in 101 allow all ::/0",
    "out 101 allow all ::/0",
)


def block(text: str) -> Cidr:
    return ip_network(text)


def _peer(text: str) -> Cidr | str:
    return text if text.startswith(("sg-", "pl-")) else block(text)


def _ports(text: str) -> PortRange:
    first, _, last = text.partition("-")
    return PortRange(int(first), int(last or first))


def parse_route(line: str) -> Route:
    destination, target, *state = line.split()
    return Route(_peer(destination), target, "blackhole" in state, "propagated" in state)


def parse_group_rule(line: str) -> GroupRule:
    protocol, *ports, peer = line.split()
    return GroupRule(_peer(peer), protocol, _ports(ports[0]) if ports else ALL_PORTS)


def parse_acl_rule(line: str) -> AclRule:
    direction, number, action, protocol, *ports, cidr = line.split()
    return AclRule(
        int(number),
        direction == "out",
        action == "allow",
        protocol,
        block(cidr),
        _ports(ports[0]) if ports else ALL_PORTS,
    )


def healthy() -> Vpc:
    """A public subnet with an internet and a NAT gateway, a private one behind it, and one for databases."""
    return edited(
        Vpc(VPC, REGION),
        subnet("subnet-public", "10.0.0.0/24 2001:db8:0:0::/64"),
        subnet("subnet-private", "10.0.1.0/24 2001:db8:0:1::/64"),
        subnet("subnet-data", "10.0.2.0/24", zone="b"),
        table("rtb-public", "10.0.0.0/16 local", "0.0.0.0/0 igw-1", "::/0 igw-1", subnets="subnet-public"),
        table("rtb-private", "10.0.0.0/16 local", "0.0.0.0/0 nat-1", "::/0 eigw-1", subnets="subnet-private"),
        table("rtb-main", "10.0.0.0/16 local", main=True),
        acl("acl-default", *ALLOW_ALL, default=True),
        group("sg-agents", outbound=("all 0.0.0.0/0", "all ::/0")),
        group("sg-db", inbound=("tcp 5432 sg-agents",)),
        internet_gateway("igw-1"),
        nat("nat-1", "subnet-public"),
        interface("eni-db", "subnet-data", "10.0.2.10", groups="sg-db"),
    )


def edited(vpc: Vpc, *edits: Edit) -> Vpc:
    for edit in edits:
        vpc = edit(vpc)
    return vpc


def _put(field: str, item: Any) -> Edit:
    """Adds `item`, or replaces the one with its id."""

    def edit(vpc: Vpc) -> Vpc:
        others = tuple(other for other in getattr(vpc, field) if other.id != item.id)
        values: dict[str, Any] = {field: (*others, item)}
        return replace(vpc, **values)

    return edit


def gone(field: str, item_id: str) -> Edit:
    def edit(vpc: Vpc) -> Vpc:
        items = getattr(vpc, field)
        kept = tuple(item for item in items if item.id != item_id)
        assert len(kept) < len(items)
        values: dict[str, Any] = {field: kept}
        return replace(vpc, **values)

    return edit


def change(field: str, item_id: str, **values: Any) -> Edit:
    def edit(vpc: Vpc) -> Vpc:
        (item,) = (item for item in getattr(vpc, field) if item.id == item_id)
        return _put(field, replace(item, **values))(vpc)

    return edit


def subnet(subnet_id: str, cidrs: str, zone: str = "a", **values: Any) -> Edit:
    blocks = tuple(block(cidr) for cidr in cidrs.split())
    return _put("subnets", Subnet(subnet_id, VPC, zone, blocks, **{"available_addresses": 200, **values}))


def table(table_id: str, *routes: str, subnets: str = "", main: bool = False) -> Edit:
    parsed = tuple(parse_route(line) for line in routes)
    return _put("route_tables", RouteTable(table_id, VPC, main, frozenset(subnets.split()), parsed))


def route(table_id: str, line: str) -> Edit:
    """Sets the route of its destination and origin."""
    new = parse_route(line)

    def edit(vpc: Vpc) -> Vpc:
        (old,) = (item for item in vpc.route_tables if item.id == table_id)
        key = (new.destination, new.propagated)
        kept = tuple(item for item in old.routes if (item.destination, item.propagated) != key)
        return _put("route_tables", replace(old, routes=(*kept, new)))(vpc)

    return edit


def no_route(table_id: str, destination: str) -> Edit:
    def edit(vpc: Vpc) -> Vpc:
        (old,) = (item for item in vpc.route_tables if item.id == table_id)
        kept = tuple(item for item in old.routes if item.destination != _peer(destination))
        assert len(kept) < len(old.routes)
        return _put("route_tables", replace(old, routes=kept))(vpc)

    return edit


def acl(acl_id: str, *rules: str, subnets: str = "", default: bool = False) -> Edit:
    parsed = tuple(parse_acl_rule(line) for line in rules)
    return _put("network_acls", NetworkAcl(acl_id, VPC, default, frozenset(subnets.split()), parsed))


def group(group_id: str, *, inbound: tuple[str, ...] = (), outbound: tuple[str, ...] = ()) -> Edit:
    rules = tuple(map(parse_group_rule, inbound)), tuple(map(parse_group_rule, outbound))
    return _put("security_groups", SecurityGroup(group_id, VPC, *rules))


def internet_gateway(gateway_id: str) -> Edit:
    return _put("internet_gateways", InternetGateway(gateway_id, VPC))


def nat(nat_id: str, subnet_id: str, state: str = "available", *, public: bool = True) -> Edit:
    return _put("nat_gateways", NatGateway(nat_id, VPC, subnet_id, state, public))


def attachment(state: str = "available", subnets: str = "subnet-private") -> Edit:
    item = TransitGatewayAttachment("tgw-attach-1", "tgw-1", VPC, state, frozenset(subnets.split()))
    return _put("transit_gateway_attachments", item)


def peering(state: str = "active", cidr: str = "10.9.0.0/16") -> Edit:
    blocks = {VPC: (block("10.0.0.0/16"),), "vpc-peer": (block(cidr),)}
    return _put("peering_connections", PeeringConnection("pcx-1", state, blocks))


def gateway_endpoint(state: str = "available") -> Edit:
    return _put("endpoints", VpcEndpoint("vpce-s3", VPC, _service("s3"), EndpointType.GATEWAY, state))


def interface_endpoint(
    service: str, state: str = "available", *, groups: str = "sg-vpce", **values: Any
) -> Edit:
    """An endpoint in subnet-data; its interface is vpce-<service>'s eni-<service>."""
    defaults: dict[str, Any] = {
        "subnets": frozenset({"subnet-data"}),
        "security_groups": frozenset(groups.split()),
        "private_dns": True,
        "network_interfaces": frozenset({f"eni-{service}"}),
    }
    return _put(
        "endpoints",
        VpcEndpoint(
            f"vpce-{service}", VPC, _service(service), EndpointType.INTERFACE, state, **{**defaults, **values}
        ),
    )


def prefix_list(list_id: str, *cidrs: str, name: str = "office") -> Edit:
    return _put("prefix_lists", PrefixList(list_id, name, tuple(block(cidr) for cidr in cidrs)))


S3_LIST = prefix_list("pl-s3", "52.92.0.0/17", name=f"com.amazonaws.{REGION}.s3")


def interface(eni: str, subnet_id: str, address: str, *, groups: str = "") -> Edit:
    return _put(
        "network_interfaces",
        NetworkInterface(eni, VPC, subnet_id, "", (ip_address(address),), frozenset(groups.split())),
    )


def dns(*servers: str, support: bool = False) -> Edit:
    """The VPC's DNS: off, unless `support`; `servers` are those of the DHCP options."""
    return lambda vpc: replace(vpc, dns=VpcDns(support, servers, block("10.0.0.0/16")))


def shared(vpc: Vpc) -> Vpc:
    return replace(vpc, shared=True)


def unread(field: str) -> Edit:
    values: dict[str, Any] = {field: None}
    return lambda vpc: replace(vpc, **values)


def _service(service: str) -> str:
    return f"com.amazonaws.{REGION}.{service}"


AGENTS = frozenset({"sg-agents"})
PRIVATE = Source("subnet-private", AGENTS, public_ip=True)
"""As the operator deploys: asking for a public address, which helps only where an internet gateway is the way."""
PUBLIC = Source("subnet-public", AGENTS, public_ip=True)
PUBLIC_WITHOUT_ADDRESS = Source("subnet-public", AGENTS, public_ip=False)
PRIVATE_V6 = Source("subnet-private", AGENTS, public_ip=False, ipv6=True)
PUBLIC_V6 = Source("subnet-public", AGENTS, public_ip=False, ipv6=True)

REGISTRY = Host("public.ecr.aws", 443)
PROXY = Host("proxy.example.com", 443, (ip_address("18.0.0.10"),))
PROXY_V6 = Host("proxy.example.com", 443, (ip_address("2600:1::10"),))
PROXY_BOTH = Host("proxy.example.com", 443, (ip_address("2600:1::10"), ip_address("18.0.0.10")))
REMOTE = Host("proxy.corp.example.com", 443, (ip_address("10.9.0.10"),))
S3 = AwsService("s3", "s3.eu-west-1.amazonaws.com")
ECR = AwsService("ecr.dkr", "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
DB = Interface("eni-db", "subnet-data", frozenset({"sg-db"}), 5432, ip_address("10.0.2.10"))
DB_ANYWHERE = Interface("db-1", "subnet-data", frozenset({"sg-db"}), 5432)
