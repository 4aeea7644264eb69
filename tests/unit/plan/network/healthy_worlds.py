"""Worlds in which the connection gets through, near to the broken ones."""

from dataclasses import dataclass, replace
from ipaddress import ip_address

from rds_enrollment.plan.network.question import AwsService, Destination, Host, Source
from rds_enrollment.plan.observed.network import InternetGatewayBlock, PortRange

from tests.unit.plan.network.broken_filters import data_acl, private_acl, public_acl
from tests.unit.plan.network.broken_gateways import TO_PEER, TO_REMOTE
from tests.unit.plan.network.broken_ways import ECR_ENDPOINT, NO_WAY_OUT, S3_ENDPOINT, VPCE_GROUP
from tests.unit.plan.network.dsl import (
    AGENTS,
    DB,
    DB_ANYWHERE,
    ECR,
    PRIVATE,
    PRIVATE_V6,
    PROXY,
    PROXY_BOTH,
    PROXY_V6,
    PUBLIC,
    PUBLIC_V6,
    REGISTRY,
    REMOTE,
    S3,
    Edit,
    acl,
    attachment,
    change,
    gateway_endpoint,
    gone,
    group,
    interface,
    interface_endpoint,
    nat,
    no_route,
    peering,
    prefix_list,
    route,
    shared,
    subnet,
    table,
    unread,
)


@dataclass(frozen=True)
class Healthy:
    """`assumes`: whether a part of the way lies out of sight."""

    name: str
    edits: tuple[Edit, ...]
    source: Source
    destination: Destination
    assumes: bool = False

    def __str__(self) -> str:
        return self.name


IN, OUT = "in 100 allow all 0.0.0.0/0", "out 100 allow all 0.0.0.0/0"
# AWS's own example of a custom ACL answers Linux clients on these ports.
WEB_ACL = (
    "out 100 allow tcp 443 0.0.0.0/0",
    "out 110 allow tcp 5432 10.0.0.0/16",
    "in 100 allow tcp 32768-65535 0.0.0.0/0",
)
PROXY_INSIDE = Host("proxy.internal", 443, (ip_address("10.0.2.50"),))
S3_ADDRESS = replace(S3, addresses=(ip_address("52.92.1.1"),))
TGW_SUBNET = subnet("subnet-tgw", "10.0.4.0/28")

HEALTHY = [
    Healthy("behind a NAT gateway", (), PRIVATE, PROXY),
    Healthy("behind a NAT gateway, name not resolved", (), PRIVATE, REGISTRY),
    Healthy("behind a NAT gateway, without a public address", (), replace(PRIVATE, public_ip=False), PROXY),
    Healthy("public, with a public address", (), PUBLIC, PROXY),
    Healthy(
        "public, whatever the subnet's default",
        (change("subnets", "subnet-public", map_public_ip=False),),
        PUBLIC,
        PROXY,
    ),
    Healthy("IPv6 through an internet gateway", (), PUBLIC_V6, PROXY_V6),
    Healthy("IPv6 through an egress-only gateway", (), PRIVATE_V6, PROXY_V6),
    Healthy("no IPv6 here, but the host has IPv4 too", (), PRIVATE, PROXY_BOTH),
    Healthy(
        "one of two addresses is routed",
        (NO_WAY_OUT, route("rtb-private", "18.0.0.0/8 nat-1")),
        PRIVATE,
        replace(PROXY, addresses=(ip_address("52.0.0.1"), *PROXY.addresses)),
    ),
    Healthy(
        "one group of several lets out",
        (group("sg-more", outbound=("tcp 443 0.0.0.0/0",)), group("sg-agents")),
        replace(PRIVATE, security_groups=AGENTS | {"sg-more"}),
        REGISTRY,
    ),
    Healthy(
        "outbound to a prefix list",
        (group("sg-agents", outbound=("tcp 443 pl-office",)), prefix_list("pl-office", "18.0.0.0/24")),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "outbound to a prefix list that was not read",
        (group("sg-agents", outbound=("tcp 443 pl-unread",)),),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "groups keep state: no inbound rule for answers",
        (group("sg-agents", outbound=("tcp 443 0.0.0.0/0",)),),
        PRIVATE,
        PROXY,
    ),
    Healthy("an ACL of the usual kind", (private_acl(*WEB_ACL),), PRIVATE, PROXY),
    Healthy(
        "a NAT gateway's ACL of the usual kind",
        (
            public_acl(
                "in 90 allow tcp 443 10.0.0.0/16",
                "in 100 allow tcp 1024-65535 0.0.0.0/0",
                "out 90 allow tcp 443 0.0.0.0/0",
                "out 100 allow tcp 1024-65535 10.0.0.0/16",
            ),
        ),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "an ACL that allows before it denies",
        (
            private_acl(
                "in 100 allow all 0.0.0.0/0", "out 90 allow tcp 443 0.0.0.0/0", "out 100 deny all 0.0.0.0/0"
            ),
        ),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "an ACL that allows the answers' ports piece by piece",
        (
            private_acl(
                OUT, "in 100 allow tcp 32768-40000 0.0.0.0/0", "in 110 allow tcp 40001-65535 0.0.0.0/0"
            ),
        ),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "an ACL that denies others", (private_acl(IN, "out 90 deny all 52.0.0.0/8", OUT),), PRIVATE, PROXY
    ),
    Healthy(
        "an explicit final deny",
        (private_acl(IN, OUT, "out 32767 deny all 0.0.0.0/0", "in 32767 deny all 0.0.0.0/0"),),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "a client with high ports alone",
        (private_acl(OUT, "in 100 allow tcp 60000-65535 0.0.0.0/0"),),
        replace(PRIVATE, ephemeral_ports=PortRange(60000, 60999)),
        PROXY,
    ),
    Healthy("the database by group", (), PRIVATE, DB),
    Healthy("the database by block", (group("sg-db", inbound=("tcp 5000-6000 10.0.1.0/24",)),), PRIVATE, DB),
    Healthy(
        "the database by two half blocks",
        (group("sg-db", inbound=("tcp 5432 10.0.1.0/25", "tcp 5432 10.0.1.128/25")),),
        PRIVATE,
        DB_ANYWHERE,
    ),
    Healthy(
        "a rule for the half of the subnet that the task is in",
        (group("sg-db", inbound=("tcp 5432 10.0.1.0/25",)),),
        replace(PRIVATE, addresses=(ip_address("10.0.1.9"),)),
        DB,
    ),
    Healthy(
        "an ACL that denies addresses that AWS keeps",
        (data_acl(OUT, "in 50 deny all 10.0.1.0/30", IN),),
        PRIVATE,
        DB,
    ),
    Healthy(
        "the database in the same subnet: no ACL, no route",
        (subnet("subnet-data", "10.0.2.0/24"), private_acl(), gone("route_tables", "rtb-private")),
        replace(PRIVATE, subnet="subnet-data"),
        DB,
    ),
    Healthy("the database by its address", (), PRIVATE, Host("db.rds", 5432, (ip_address("10.0.2.10"),))),
    Healthy(
        "a main table with a default route",
        (
            table("rtb-private", "10.0.0.0/16 local"),
            table("rtb-main", "10.0.0.0/16 local", "0.0.0.0/0 nat-1", main=True),
        ),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "longest prefix: a hole towards the NAT gateway",
        (route("rtb-private", "0.0.0.0/0 tgw-9 blackhole"), route("rtb-private", "18.0.0.0/8 nat-1")),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "a static route wins over a propagated one",
        (route("rtb-private", "0.0.0.0/0 vgw-1 blackhole propagated"),),
        PRIVATE,
        PROXY,
    ),
    Healthy("a blackhole elsewhere", (route("rtb-private", "52.0.0.0/8 pcx-9 blackhole"),), PRIVATE, PROXY),
    Healthy("another NAT gateway failed", (nat("nat-2", "subnet-public", "failed"),), PRIVATE, PROXY),
    Healthy("a regional NAT gateway", (nat("nat-1", ""),), PRIVATE, PROXY),
    Healthy(
        "NAT while public access is blocked inwards",
        (change("subnets", "subnet-public", internet_gateway_block=InternetGatewayBlock.INGRESS),),
        PRIVATE,
        PROXY,
    ),
    Healthy(
        "egress-only while public access is blocked inwards",
        (change("subnets", "subnet-private", internet_gateway_block=InternetGatewayBlock.INGRESS),),
        PRIVATE_V6,
        PROXY_V6,
    ),
    Healthy("S3 through a gateway endpoint", (*S3_ENDPOINT, NO_WAY_OUT), PRIVATE, S3),
    Healthy("an address of S3 through a gateway endpoint", (*S3_ENDPOINT, NO_WAY_OUT), PRIVATE, S3_ADDRESS),
    Healthy(
        "S3 through a gateway endpoint whose list was not read",
        (gateway_endpoint(), route("rtb-private", "pl-s3 vpce-s3"), NO_WAY_OUT),
        PRIVATE,
        S3,
    ),
    Healthy(
        "outbound to S3's list alone",
        (*S3_ENDPOINT, group("sg-agents", outbound=("tcp 443 pl-s3",))),
        PRIVATE,
        S3,
    ),
    Healthy("ECR through an interface endpoint", (*ECR_ENDPOINT, VPCE_GROUP, NO_WAY_OUT), PRIVATE, ECR),
    Healthy(
        "ECR through an endpoint whose interface was not read",
        (interface_endpoint("ecr.dkr", network_interfaces=frozenset()), VPCE_GROUP, NO_WAY_OUT),
        PRIVATE,
        ECR,
    ),
    Healthy(
        "ECR through a NAT gateway, an endpoint without private DNS beside it",
        (interface_endpoint("ecr.dkr", private_dns=False), group("sg-vpce")),
        PRIVATE,
        ECR,
    ),
    Healthy(
        "ECR through a NAT gateway, a failed endpoint beside it",
        (interface_endpoint("ecr.dkr", "failed"), group("sg-vpce")),
        PRIVATE,
        ECR,
    ),
    Healthy(
        "ECR through an endpoint, by group",
        (
            *ECR_ENDPOINT,
            group("sg-vpce", inbound=("tcp 443 sg-agents",)),
            group("sg-agents", outbound=("tcp 443 sg-vpce",)),
        ),
        PRIVATE,
        ECR,
    ),
    Healthy(
        "another service than the endpoint's",
        (*ECR_ENDPOINT, group("sg-vpce")),
        PRIVATE,
        AwsService("logs", "logs"),
    ),
    Healthy("a host behind a transit gateway", (TO_REMOTE, attachment()), PRIVATE, REMOTE, assumes=True),
    Healthy(
        "the internet behind a transit gateway",
        (route("rtb-private", "0.0.0.0/0 tgw-1"), attachment(subnets="subnet-tgw"), TGW_SUBNET),
        PRIVATE,
        PROXY,
        assumes=True,
    ),
    Healthy(
        "a transit gateway whose attachments were not read",
        (TO_REMOTE, unread("transit_gateway_attachments")),
        PRIVATE,
        REMOTE,
        assumes=True,
    ),
    Healthy(
        "a transit gateway in the tasks' subnet: its ACL does not judge the answers",
        (
            TO_REMOTE,
            attachment(),
            acl("acl-private", OUT, "in 100 allow all 10.0.0.0/16", subnets="subnet-private"),
        ),
        PRIVATE,
        REMOTE,
        assumes=True,
    ),
    Healthy("a host in a peer VPC", (TO_PEER, peering()), PRIVATE, REMOTE, assumes=True),
    Healthy(
        "a peering that was not read", (TO_PEER, unread("peering_connections")), PRIVATE, REMOTE, assumes=True
    ),
    Healthy(
        "a host behind a VPN",
        (route("rtb-private", "10.9.0.0/16 vgw-1 propagated"),),
        PRIVATE,
        REMOTE,
        assumes=True,
    ),
    Healthy(
        "the internet behind a NAT instance",
        (route("rtb-private", "0.0.0.0/0 eni-nat"),),
        PRIVATE,
        PROXY,
        assumes=True,
    ),
    Healthy(
        "an appliance between subnets",
        (route("rtb-private", "10.0.2.0/24 eni-firewall"), data_acl()),
        PRIVATE,
        DB,
        assumes=True,
    ),
    Healthy(
        "an appliance behind the NAT gateway",
        (route("rtb-public", "0.0.0.0/0 eni-firewall"),),
        PRIVATE,
        PROXY,
        assumes=True,
    ),
    Healthy(
        "a private NAT gateway in front of a transit gateway",
        (
            nat("nat-1", "subnet-tgw", public=False),
            TGW_SUBNET,
            table("rtb-tgw", "10.0.0.0/16 local", "10.9.0.0/16 tgw-1", subnets="subnet-tgw"),
            attachment(),
        ),
        PRIVATE,
        REMOTE,
        assumes=True,
    ),
    Healthy(
        "a proxy inside the VPC whose groups are not known",
        (group("sg-agents", outbound=("tcp 443 sg-proxy",)), group("sg-proxy")),
        PRIVATE,
        PROXY_INSIDE,
        assumes=True,
    ),
    Healthy(
        "a load balancer without groups",
        (interface("eni-nlb", "subnet-data", "10.0.2.50"),),
        PRIVATE,
        PROXY_INSIDE,
    ),
    Healthy(
        "a shared VPC, whose owner's gateways are not visible",
        (gone("nat_gateways", "nat-1"), gone("internet_gateways", "igw-1"), shared),
        PRIVATE,
        PROXY,
        assumes=True,
    ),
    Healthy("a shared VPC's internet gateway", (gone("internet_gateways", "igw-1"), shared), PUBLIC, PROXY),
    Healthy("no IPv4 route, but IPv6", (no_route("rtb-public", "0.0.0.0/0"),), PUBLIC_V6, PROXY_BOTH),
]
