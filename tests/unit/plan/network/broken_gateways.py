"""Worlds in which a gateway is in the way."""

from rds_enrollment.plan.network.verdict import BlockerKind as Kind
from rds_enrollment.plan.observed.network import InternetGatewayBlock

from tests.unit.plan.network.broken import Broken, wizard
from tests.unit.plan.network.dsl import (
    PRIVATE,
    PRIVATE_V6,
    PROXY,
    PROXY_V6,
    PUBLIC,
    PUBLIC_V6,
    PUBLIC_WITHOUT_ADDRESS,
    REGISTRY,
    REMOTE,
    Edit,
    acl,
    attachment,
    change,
    gone,
    nat,
    peering,
    route,
    subnet,
)

TO_REMOTE = route("rtb-private", "10.9.0.0/16 tgw-1")
TO_PEER = route("rtb-private", "10.9.0.0/16 pcx-1")
NO_GATEWAY = gone("internet_gateways", "igw-1")


def _block(subnet_id: str, mode: InternetGatewayBlock) -> Edit:
    return change("subnets", subnet_id, internet_gateway_block=mode)


def _nat(
    name: str, *edits: Edit, kind: Kind = Kind.NAT_GATEWAY_UNAVAILABLE, culprit: str = "nat-1"
) -> Broken:
    return Broken(name, edits, PRIVATE, PROXY, kind, culprit)


GATEWAYS = [
    wizard(
        Broken(
            "no internet gateway attached",
            (NO_GATEWAY,),
            PUBLIC,
            REGISTRY,
            Kind.INTERNET_GATEWAY_DETACHED,
            "igw-1",
        )
    ),
    _nat(
        "no internet gateway behind the NAT gateway",
        NO_GATEWAY,
        kind=Kind.INTERNET_GATEWAY_DETACHED,
        culprit="igw-1",
    ),
    _nat(
        "no internet gateway for a regional NAT gateway",
        nat("nat-1", ""),
        NO_GATEWAY,
        kind=Kind.INTERNET_GATEWAY_DETACHED,
    ),
    Broken(
        "no public address in a public subnet",
        (),
        PUBLIC_WITHOUT_ADDRESS,
        PROXY,
        Kind.NO_PUBLIC_ADDRESS,
        "subnet-public",
    ),
    Broken(
        "no public address, though the subnet gives one to others",
        (change("subnets", "subnet-public", map_public_ip=True),),
        PUBLIC_WITHOUT_ADDRESS,
        PROXY,
        Kind.NO_PUBLIC_ADDRESS,
        "subnet-public",
    ),
    Broken("no IPv6 address", (), PUBLIC, PROXY_V6, Kind.NO_IPV6_ADDRESS, "subnet-public"),
    Broken(
        "no IPv6 block",
        (subnet("subnet-public", "10.0.0.0/24"),),
        PUBLIC_V6,
        PROXY_V6,
        Kind.NO_IPV6_ADDRESS,
        "subnet-public",
    ),
    Broken(
        "no IPv4 block",
        (subnet("subnet-public", "2001:db8:0:0::/64"),),
        PUBLIC_V6,
        PROXY,
        Kind.NO_IPV4_ADDRESS,
        "subnet-public",
    ),
    Broken(
        "public access blocked both ways",
        (_block("subnet-public", InternetGatewayBlock.BIDIRECTIONAL),),
        PUBLIC,
        PROXY,
        Kind.PUBLIC_ACCESS_BLOCKED,
        "subnet-public",
    ),
    Broken(
        "public access blocked inwards",
        (_block("subnet-public", InternetGatewayBlock.INGRESS),),
        PUBLIC,
        PROXY,
        Kind.PUBLIC_ACCESS_BLOCKED,
        "subnet-public",
    ),
    _nat(
        "public access blocked at the NAT gateway",
        _block("subnet-public", InternetGatewayBlock.BIDIRECTIONAL),
        kind=Kind.PUBLIC_ACCESS_BLOCKED,
        culprit="subnet-public",
    ),
    Broken(
        "public access blocked at the egress-only gateway",
        (_block("subnet-private", InternetGatewayBlock.BIDIRECTIONAL),),
        PRIVATE_V6,
        PROXY_V6,
        Kind.PUBLIC_ACCESS_BLOCKED,
        "subnet-private",
    ),
    _nat("the NAT gateway failed", nat("nat-1", "subnet-public", "failed")),
    _nat("the NAT gateway is pending", nat("nat-1", "subnet-public", "pending")),
    _nat("the NAT gateway was deleted", nat("nat-1", "subnet-public", "deleted")),
    _nat("the NAT gateway is gone", gone("nat_gateways", "nat-1")),
    _nat(
        "the NAT gateway is private",
        nat("nat-1", "subnet-public", public=False),
        kind=Kind.NAT_GATEWAY_PRIVATE,
    ),
    wizard(
        _nat(
            "the NAT gateway is in a private subnet",
            nat("nat-1", "subnet-data"),
            kind=Kind.NAT_SUBNET_NOT_PUBLIC,
            culprit="rtb-main",
        )
    ),
    _nat(
        "the NAT gateway is in the tasks' subnet",
        nat("nat-1", "subnet-private"),
        kind=Kind.NAT_SUBNET_NOT_PUBLIC,
        culprit="rtb-private",
    ),
    _nat(
        "the NAT gateway's subnet routes to another NAT gateway",
        nat("nat-2", "subnet-data"),
        route("rtb-public", "0.0.0.0/0 nat-2"),
        kind=Kind.NAT_SUBNET_NOT_PUBLIC,
        culprit="rtb-public",
    ),
    Broken(
        "IPv6 through a NAT gateway",
        (route("rtb-private", "::/0 nat-1"),),
        PRIVATE_V6,
        PROXY_V6,
        Kind.WRONG_IP_FAMILY,
        "rtb-private",
    ),
    Broken(
        "no attachment of the transit gateway",
        (TO_REMOTE,),
        PRIVATE,
        REMOTE,
        Kind.TRANSIT_GATEWAY_NOT_ATTACHED,
        "tgw-1",
    ),
    Broken(
        "an attachment that nobody accepted",
        (TO_REMOTE, attachment("pendingAcceptance")),
        PRIVATE,
        REMOTE,
        Kind.TRANSIT_GATEWAY_NOT_ATTACHED,
        "tgw-attach-1",
    ),
    Broken(
        "an attachment that failed",
        (TO_REMOTE, attachment("failed")),
        PRIVATE,
        REMOTE,
        Kind.TRANSIT_GATEWAY_NOT_ATTACHED,
        "tgw-attach-1",
    ),
    Broken(
        "an attachment in another zone",
        (TO_REMOTE, attachment(subnets="subnet-data")),
        PRIVATE,
        REMOTE,
        Kind.TRANSIT_GATEWAY_NOT_IN_ZONE,
        "tgw-attach-1",
    ),
    Broken(
        "ACL of the attachment's subnet lets nothing in",
        (
            TO_REMOTE,
            attachment(subnets="subnet-tgw"),
            subnet("subnet-tgw", "10.0.4.0/28"),
            acl("acl-tgw", "out 100 allow all 0.0.0.0/0", subnets="subnet-tgw"),
        ),
        PRIVATE,
        REMOTE,
        Kind.NETWORK_ACL_INGRESS,
        "acl-tgw",
    ),
    Broken(
        "ACL of the attachment's subnet lets no answers out",
        (
            TO_REMOTE,
            attachment(subnets="subnet-tgw"),
            subnet("subnet-tgw", "10.0.4.0/28"),
            acl("acl-tgw", "in 100 allow all 0.0.0.0/0", subnets="subnet-tgw"),
        ),
        PRIVATE,
        REMOTE,
        Kind.NETWORK_ACL_EGRESS,
        "acl-tgw",
    ),
    Broken(
        "a peering that nobody accepted",
        (TO_PEER, peering("pending-acceptance")),
        PRIVATE,
        REMOTE,
        Kind.PEERING_NOT_ACTIVE,
        "pcx-1",
    ),
    Broken(
        "a peering that expired",
        (TO_PEER, peering("expired")),
        PRIVATE,
        REMOTE,
        Kind.PEERING_NOT_ACTIVE,
        "pcx-1",
    ),
    Broken("a peering that is gone", (TO_PEER,), PRIVATE, REMOTE, Kind.PEERING_NOT_ACTIVE, "pcx-1"),
    Broken(
        "the internet through a peering",
        (route("rtb-private", "0.0.0.0/0 pcx-1"), peering()),
        PRIVATE,
        PROXY,
        Kind.PEERING_NOT_TRANSITIVE,
        "rtb-private",
    ),
    Broken(
        "a third network through a peering",
        (TO_PEER, peering(cidr="10.8.0.0/16")),
        PRIVATE,
        REMOTE,
        Kind.PEERING_NOT_TRANSITIVE,
        "rtb-private",
    ),
]
