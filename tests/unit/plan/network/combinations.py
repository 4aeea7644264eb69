"""Worlds with several things wrong: the order in which they are named, and how each is mended."""

from dataclasses import dataclass

from rds_enrollment.plan.network.question import Destination, Source
from rds_enrollment.plan.network.verdict import BlockerKind as Kind
from rds_enrollment.plan.observed.network import InternetGatewayBlock

from tests.unit.plan.network.broken_filters import IN, OUT, data_acl, private_acl, public_acl
from tests.unit.plan.network.broken_gateways import NO_GATEWAY, TO_PEER, TO_REMOTE
from tests.unit.plan.network.broken_ways import ECR_ENDPOINT, NO_WAY_OUT, VPCE_GROUP
from tests.unit.plan.network.dsl import (
    ALLOW_ALL,
    DB,
    ECR,
    PRIVATE,
    PRIVATE_V6,
    PROXY,
    PROXY_BOTH,
    PROXY_V6,
    PUBLIC,
    PUBLIC_WITHOUT_ADDRESS,
    REGISTRY,
    REMOTE,
    S3,
    S3_LIST,
    Edit,
    attachment,
    change,
    gateway_endpoint,
    group,
    interface_endpoint,
    internet_gateway,
    nat,
    no_route,
    peering,
    route,
    subnet,
)

Step = tuple[Kind, str, Edit]


@dataclass(frozen=True)
class Combination:
    """`blockers` in the order in which they are named, each with the edit that mends it."""

    name: str
    edits: tuple[Edit, ...]
    source: Source
    destination: Destination
    blockers: tuple[Step, ...]

    def __str__(self) -> str:
        return self.name


NO_EGRESS = group("sg-agents")
EGRESS: Step = (
    Kind.SECURITY_GROUP_EGRESS,
    "sg-agents",
    group("sg-agents", outbound=("all 0.0.0.0/0", "all ::/0")),
)
NO_INGRESS = group("sg-db")
INGRESS: Step = (Kind.SECURITY_GROUP_INGRESS, "sg-db", group("sg-db", inbound=("tcp 5432 sg-agents",)))
ACL_OUT: Step = (Kind.NETWORK_ACL_EGRESS, "acl-private", private_acl(OUT))
ACL_IN: Step = (Kind.NETWORK_ACL_INGRESS, "acl-private", private_acl(*ALLOW_ALL))
ROUTE: Step = (Kind.NO_ROUTE, "rtb-private", route("rtb-private", "0.0.0.0/0 nat-1"))
FAILED_NAT = nat("nat-1", "subnet-public", "failed")
NAT: Step = (Kind.NAT_GATEWAY_UNAVAILABLE, "nat-1", nat("nat-1", "subnet-public"))
GATEWAY: Step = (Kind.INTERNET_GATEWAY_DETACHED, "igw-1", internet_gateway("igw-1"))
MISPLACED_NAT = nat("nat-1", "subnet-data")
BLOCKED = change("subnets", "subnet-public", internet_gateway_block=InternetGatewayBlock.BIDIRECTIONAL)
UNBLOCKED: Step = (
    Kind.PUBLIC_ACCESS_BLOCKED,
    "subnet-public",
    change("subnets", "subnet-public", internet_gateway_block=InternetGatewayBlock.OFF),
)

COMBINATIONS = [
    Combination("groups and route", (NO_EGRESS, NO_WAY_OUT), PRIVATE, REGISTRY, (EGRESS, ROUTE)),
    Combination(
        "groups, ACL both ways and route",
        (NO_EGRESS, private_acl(), NO_WAY_OUT),
        PRIVATE,
        PROXY,
        (EGRESS, ACL_OUT, ROUTE, ACL_IN),
    ),
    Combination("ACL and NAT gateway", (private_acl(), FAILED_NAT), PRIVATE, PROXY, (ACL_OUT, NAT, ACL_IN)),
    Combination("route and NAT gateway", (NO_WAY_OUT, FAILED_NAT), PRIVATE, PROXY, (ROUTE, NAT)),
    Combination("NAT gateway and internet gateway", (FAILED_NAT, NO_GATEWAY), PRIVATE, PROXY, (NAT, GATEWAY)),
    Combination(
        "NAT gateway, misplaced and failed",
        (nat("nat-1", "subnet-data", "failed"),),
        PRIVATE,
        PROXY,
        (
            (Kind.NAT_GATEWAY_UNAVAILABLE, "nat-1", MISPLACED_NAT),
            (Kind.NAT_SUBNET_NOT_PUBLIC, "rtb-main", NAT[2]),
        ),
    ),
    Combination(
        "both sides of the NAT gateway's ACL",
        (public_acl(OUT.replace("0.0.0.0/0", "10.0.0.0/16")),),
        PRIVATE,
        PROXY,
        (
            (Kind.NETWORK_ACL_INGRESS, "acl-public", public_acl(IN, "out 100 allow all 10.0.0.0/16")),
            (Kind.NETWORK_ACL_EGRESS, "acl-public", public_acl(IN, OUT)),
        ),
    ),
    Combination(
        "internet gateway and public address block",
        (NO_GATEWAY, BLOCKED),
        PUBLIC,
        PROXY,
        (GATEWAY, UNBLOCKED),
    ),
    Combination(
        "groups and public address block behind NAT",
        (NO_EGRESS, BLOCKED),
        PRIVATE,
        REGISTRY,
        (EGRESS, UNBLOCKED),
    ),
    Combination(
        "internet gateway, and no public address",
        (NO_GATEWAY,),
        PUBLIC_WITHOUT_ADDRESS,
        PROXY,
        (GATEWAY, (Kind.NO_PUBLIC_ADDRESS, "subnet-public", route("rtb-public", "0.0.0.0/0 eni-nat"))),
    ),
    Combination("groups at both ends", (NO_EGRESS, NO_INGRESS), PRIVATE, DB, (EGRESS, INGRESS)),
    Combination(
        "ACL and groups of the database",
        (data_acl(), NO_INGRESS),
        PRIVATE,
        DB,
        (
            (Kind.NETWORK_ACL_INGRESS, "acl-data", data_acl(IN)),
            INGRESS,
            (Kind.NETWORK_ACL_EGRESS, "acl-data", data_acl(IN, OUT)),
        ),
    ),
    Combination(
        "both ACLs on the way to the database",
        (private_acl(), data_acl()),
        PRIVATE,
        DB,
        (
            ACL_OUT,
            (Kind.NETWORK_ACL_INGRESS, "acl-data", data_acl(IN)),
            (Kind.NETWORK_ACL_EGRESS, "acl-data", data_acl(IN, OUT)),
            ACL_IN,
        ),
    ),
    Combination(
        "IPv6: route and ACL",
        (no_route("rtb-private", "::/0"), private_acl(IN, OUT)),
        PRIVATE_V6,
        PROXY_V6,
        (
            (Kind.NETWORK_ACL_EGRESS, "acl-private", private_acl(*ALLOW_ALL)),
            (Kind.NO_ROUTE, "rtb-private", route("rtb-private", "::/0 eigw-1")),
        ),
    ),
    Combination(
        "neither IPv6 nor IPv4",
        (NO_WAY_OUT, no_route("rtb-private", "::/0")),
        PRIVATE_V6,
        PROXY_BOTH,
        ((Kind.NO_ROUTE, "rtb-private", route("rtb-private", "0.0.0.0/0 nat-1")),),
    ),
    Combination(
        "endpoint's group and the tasks'",
        (*ECR_ENDPOINT, group("sg-vpce"), NO_EGRESS),
        PRIVATE,
        ECR,
        (EGRESS, (Kind.SECURITY_GROUP_INGRESS, "sg-vpce", VPCE_GROUP)),
    ),
    Combination(
        "endpoint without private DNS and no way out",
        (interface_endpoint("ecr.dkr", private_dns=False), group("sg-vpce"), NO_WAY_OUT),
        PRIVATE,
        ECR,
        (
            (Kind.NO_ROUTE, "rtb-private", interface_endpoint("ecr.dkr")),
            (Kind.SECURITY_GROUP_INGRESS, "sg-vpce", VPCE_GROUP),
        ),
    ),
    Combination(
        "gateway endpoint without a route, then failed",
        (S3_LIST, gateway_endpoint("failed"), NO_WAY_OUT),
        PRIVATE,
        S3,
        (
            (Kind.NO_ROUTE, "rtb-private", route("rtb-private", "pl-s3 vpce-s3")),
            (Kind.ENDPOINT_UNAVAILABLE, "vpce-s3", gateway_endpoint()),
        ),
    ),
    Combination(
        "transit gateway: route, acceptance, zone",
        (attachment("pendingAcceptance", "subnet-data"), NO_WAY_OUT),
        PRIVATE,
        REMOTE,
        (
            (Kind.NO_ROUTE, "rtb-private", TO_REMOTE),
            (Kind.TRANSIT_GATEWAY_NOT_ATTACHED, "tgw-attach-1", attachment(subnets="subnet-data")),
            (Kind.TRANSIT_GATEWAY_NOT_IN_ZONE, "tgw-attach-1", attachment()),
        ),
    ),
    Combination(
        "peering: acceptance, blocks",
        (TO_PEER, peering("pending-acceptance", "10.8.0.0/16")),
        PRIVATE,
        REMOTE,
        (
            (Kind.PEERING_NOT_ACTIVE, "pcx-1", peering(cidr="10.8.0.0/16")),
            (Kind.PEERING_NOT_TRANSITIVE, "rtb-private", peering()),
        ),
    ),
    Combination(
        "blackhole in front of a misplaced NAT gateway",
        (
            route("rtb-private", "0.0.0.0/0 nat-1 blackhole"),
            MISPLACED_NAT,
            subnet("subnet-data", "10.0.2.0/24"),
        ),
        PRIVATE,
        PROXY,
        (
            (Kind.BLACKHOLE_ROUTE, "rtb-private", route("rtb-private", "0.0.0.0/0 nat-1")),
            (Kind.NAT_SUBNET_NOT_PUBLIC, "rtb-main", route("rtb-main", "0.0.0.0/0 igw-1")),
        ),
    ),
]
