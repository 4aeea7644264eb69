"""Worlds in which a route or an endpoint is in the way."""

from dataclasses import replace

from rds_enrollment.plan.network.question import Host
from rds_enrollment.plan.network.verdict import BlockerKind as Kind

from tests.unit.plan.network.broken import Broken, wizard
from tests.unit.plan.network.dsl import (
    ALLOW_ALL,
    DB,
    ECR,
    PRIVATE,
    PRIVATE_V6,
    PROXY,
    PROXY_V6,
    REGISTRY,
    REMOTE,
    S3,
    S3_LIST,
    Edit,
    acl,
    gateway_endpoint,
    gone,
    group,
    interface,
    interface_endpoint,
    no_route,
    route,
    table,
)

NO_WAY_OUT = no_route("rtb-private", "0.0.0.0/0")
S3_ENDPOINT = (S3_LIST, gateway_endpoint(), route("rtb-private", "pl-s3 vpce-s3"))
VPCE_GROUP = group("sg-vpce", inbound=("tcp 443 10.0.1.0/24",))
ECR_ENDPOINT = (
    interface_endpoint("ecr.dkr"),
    interface("eni-ecr.dkr", "subnet-data", "10.0.2.20", groups="sg-vpce"),
)


def _no_route(name: str, *edits: Edit, culprit: str = "rtb-private") -> Broken:
    return Broken(name, edits, PRIVATE, PROXY, Kind.NO_ROUTE, culprit)


ROUTES = [
    wizard(replace(_no_route("no route to a gateway", NO_WAY_OUT), destination=REGISTRY)),
    _no_route("only part of the internet is routed", NO_WAY_OUT, route("rtb-private", "52.0.0.0/8 nat-1")),
    _no_route(
        "no association: the main table without a default route",
        table("rtb-private", "10.0.0.0/16 local", "0.0.0.0/0 nat-1"),
        culprit="rtb-main",
    ),
    _no_route(
        "associated with the wrong table",
        table("rtb-other", "10.0.0.0/16 local", subnets="subnet-private"),
        gone("route_tables", "rtb-private"),
        culprit="rtb-other",
    ),
    _no_route(
        "no route table at all",
        gone("route_tables", "rtb-private"),
        gone("route_tables", "rtb-main"),
        culprit="subnet-private",
    ),
    replace(
        _no_route("no route for IPv6", no_route("rtb-private", "::/0")),
        source=PRIVATE_V6,
        destination=PROXY_V6,
    ),
    replace(_no_route("no route to the other network"), destination=REMOTE, edits=(NO_WAY_OUT,)),
    replace(
        _no_route("a private address through the default route", culprit="rtb-public"), destination=REMOTE
    ),
    wizard(
        Broken(
            "the NAT gateway's route is a blackhole",
            (route("rtb-private", "0.0.0.0/0 nat-1 blackhole"),),
            PRIVATE,
            REGISTRY,
            Kind.BLACKHOLE_ROUTE,
            "rtb-private",
        )
    ),
    Broken(
        "a narrower route is a blackhole",
        (route("rtb-private", "18.0.0.0/16 tgw-1 blackhole"),),
        PRIVATE,
        PROXY,
        Kind.BLACKHOLE_ROUTE,
        "rtb-private",
    ),
    Broken(
        "a deleted egress-only gateway",
        (route("rtb-private", "::/0 eigw-1 blackhole"),),
        PRIVATE_V6,
        PROXY_V6,
        Kind.BLACKHOLE_ROUTE,
        "rtb-private",
    ),
    Broken(
        "a blackhole behind the NAT gateway",
        (route("rtb-public", "0.0.0.0/0 igw-1 blackhole"),),
        PRIVATE,
        PROXY,
        Kind.BLACKHOLE_ROUTE,
        "rtb-public",
    ),
    Broken(
        "an S3 gateway endpoint is not the internet",
        (*S3_ENDPOINT, NO_WAY_OUT),
        PRIVATE,
        REGISTRY,
        Kind.NO_ROUTE,
        "rtb-private",
    ),
]


def _ecr(name: str, *edits: Edit, kind: Kind, culprit: str) -> Broken:
    return Broken(name, edits, PRIVATE, ECR, kind, culprit)


ENDPOINTS = [
    Broken(
        "a firewall's endpoint that is gone, on the way to a database",
        (route("rtb-private", "10.0.2.0/24 vpce-firewall"),),
        PRIVATE,
        DB,
        Kind.ENDPOINT_UNAVAILABLE,
        "vpce-firewall",
    ),
    Broken(
        "a route to an interface endpoint",
        (interface_endpoint("sts"), route("rtb-private", "0.0.0.0/0 vpce-sts")),
        PRIVATE,
        REGISTRY,
        Kind.ENDPOINT_UNAVAILABLE,
        "vpce-sts",
    ),
    Broken(
        "an S3 endpoint that failed",
        (S3_LIST, gateway_endpoint("failed"), route("rtb-private", "pl-s3 vpce-s3")),
        PRIVATE,
        S3,
        Kind.ENDPOINT_UNAVAILABLE,
        "vpce-s3",
    ),
    Broken(
        "an S3 endpoint that is gone",
        (S3_LIST, route("rtb-private", "pl-s3 vpce-s3")),
        PRIVATE,
        S3,
        Kind.ENDPOINT_UNAVAILABLE,
        "vpce-s3",
    ),
    Broken(
        "an S3 endpoint that this table does not know",
        (S3_LIST, gateway_endpoint(), NO_WAY_OUT, route("rtb-main", "pl-s3 vpce-s3")),
        PRIVATE,
        S3,
        Kind.NO_ROUTE,
        "rtb-private",
    ),
    Broken(
        "outbound rules that leave out S3's prefix list",
        (*S3_ENDPOINT, group("sg-agents", outbound=("tcp 443 10.0.0.0/16",))),
        PRIVATE,
        S3,
        Kind.SECURITY_GROUP_EGRESS,
        "sg-agents",
    ),
    Broken(
        "an ACL that knows nothing of S3",
        (
            *S3_ENDPOINT,
            acl(
                "acl-private",
                "in 100 allow all 0.0.0.0/0",
                "out 100 allow all 10.0.0.0/8",
                subnets="subnet-private",
            ),
        ),
        PRIVATE,
        S3,
        Kind.NETWORK_ACL_EGRESS,
        "acl-private",
    ),
    _ecr(
        "an endpoint whose group lets nothing in, though a NAT gateway works",
        *ECR_ENDPOINT,
        group("sg-vpce"),
        kind=Kind.SECURITY_GROUP_INGRESS,
        culprit="sg-vpce",
    ),
    _ecr(
        "an endpoint whose group lets another port in",
        *ECR_ENDPOINT,
        group("sg-vpce", inbound=("tcp 80 10.0.0.0/16",)),
        kind=Kind.SECURITY_GROUP_INGRESS,
        culprit="sg-vpce",
    ),
    _ecr(
        "an endpoint that the tasks' group does not let out to",
        *ECR_ENDPOINT,
        VPCE_GROUP,
        group("sg-agents", outbound=("tcp 443 10.0.3.0/24",)),
        kind=Kind.SECURITY_GROUP_EGRESS,
        culprit="sg-agents",
    ),
    _ecr(
        "an endpoint behind an ACL",
        *ECR_ENDPOINT,
        VPCE_GROUP,
        acl("acl-data", *ALLOW_ALL[1:], subnets="subnet-data"),
        kind=Kind.NETWORK_ACL_INGRESS,
        culprit="acl-data",
    ),
    _ecr(
        "an endpoint without private DNS, and no way out",
        interface_endpoint("ecr.dkr", private_dns=False),
        VPCE_GROUP,
        NO_WAY_OUT,
        kind=Kind.NO_ROUTE,
        culprit="rtb-private",
    ),
    _ecr(
        "an endpoint that is pending, and no way out",
        interface_endpoint("ecr.dkr", "pendingacceptance"),
        VPCE_GROUP,
        NO_WAY_OUT,
        kind=Kind.NO_ROUTE,
        culprit="rtb-private",
    ),
    _ecr(
        "an endpoint of another service, and no way out",
        interface_endpoint("ecr.api"),
        VPCE_GROUP,
        NO_WAY_OUT,
        kind=Kind.NO_ROUTE,
        culprit="rtb-private",
    ),
    Broken(
        "endpoints do not carry the public registry",
        (*ECR_ENDPOINT, VPCE_GROUP, *S3_ENDPOINT, NO_WAY_OUT),
        PRIVATE,
        REGISTRY,
        Kind.NO_ROUTE,
        "rtb-private",
    ),
    Broken(
        "a name that resolves to nothing reachable",
        (NO_WAY_OUT,),
        PRIVATE,
        Host("proxy", 3080),
        Kind.NO_ROUTE,
        "rtb-private",
    ),
]
