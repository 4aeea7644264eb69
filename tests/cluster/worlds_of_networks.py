"""Networks made in the AWS sandbox: what is wrong with each, who is to blame, and how it is mended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from hack.sandbox.aws.world import Vpc
from hack.sandbox.stack import PROXY_ADDRESS
from tests.cluster.scene import REGION

ANYWHERE = "0.0.0.0/0"
DISTINCT = 18

PARAGRAPHS = (
    "security groups must let the tasks out",
    "one group's outbound rule is enough: groups add up",
    "subnets need a route to an internet or a NAT gateway",
    "network ACLs must let the traffic out",
)
"""The advice of Teleport's page on the RDS enrolment wizard that is about the tasks' network, in our words."""


@dataclass(frozen=True)
class Place:
    """Where a deployment runs; the first subnet is the one to look at."""

    vpc: Vpc
    subnets: Sequence[str]
    groups: Sequence[str]


@dataclass(frozen=True)
class Fault:
    """A network that was built: where to deploy, the resource to blame, and how to mend it."""

    place: Place
    culprit: str = ""
    mend: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Case:
    """A kind of network. `build` makes it of a healthy VPC; without a reason it is healthy."""

    name: str
    build: Callable[[Any, Vpc], Fault]
    reason: str = ""
    blocker: str = ""
    wizard: str = ""


def _private(vpc: Vpc) -> Place:
    return Place(vpc, vpc.private_subnets[:1], (vpc.agents_group,))


def _public(vpc: Vpc) -> Place:
    return Place(vpc, vpc.public_subnets[:1], (vpc.agents_group,))


def _group(ec2: Any, vpc: Vpc, name: str, *, open_out: bool = False) -> str:
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc.id)["GroupId"]
    if not open_out:
        ec2.revoke_security_group_egress(GroupId=made, IpPermissions=_everything())
    return str(made)


def _everything() -> list[dict[str, Any]]:
    return [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]


def _https(cidr: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}]


def _default_acl(ec2: Any, vpc: Vpc) -> str:
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["NetworkAcls"]
    return str(acl["NetworkAclId"])


def _deny(ec2: Any, vpc: Vpc, *, egress: bool, cidr: str, ports: tuple[int, int]) -> Fault:
    """A denial before the default rule."""
    acl = _default_acl(ec2, vpc)
    entry = {"NetworkAclId": acl, "RuleNumber": 90, "Egress": egress}
    ec2.create_network_acl_entry(
        **entry,
        Protocol="6",
        RuleAction="deny",
        CidrBlock=cidr,
        PortRange={"From": ports[0], "To": ports[1]},
    )
    return Fault(_private(vpc), acl, lambda: ec2.delete_network_acl_entry(**entry))


def _nat_of(ec2: Any, vpc: Vpc) -> str:
    found = ec2.describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["NatGateways"]
    return str(found[0]["NatGatewayId"])


def _gateway_of(ec2: Any, vpc: Vpc) -> str:
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc.id]}]
    found = ec2.describe_internet_gateways(Filters=filters)["InternetGateways"]
    return str(found[0]["InternetGatewayId"])


def _new_nat(ec2: Any, subnet: str, *, public: bool = True) -> str:
    if not public:
        made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    else:
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    return str(made["NatGateway"]["NatGatewayId"])


def _default_route(ec2: Any, vpc: Vpc, **target: str) -> None:
    """Where the private subnets' table sends everything."""
    ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE)
    ec2.create_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE, **target)


# What is in the way of the image, in the order of the packet


def _group_lets_nothing_out(ec2: Any, vpc: Vpc) -> Fault:
    group = _group(ec2, vpc, "shut")
    place = Place(vpc, vpc.private_subnets[:1], (group,))
    return Fault(
        place,
        group,
        lambda: ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_everything()),
    )


def _group_lets_only_databases_out(ec2: Any, vpc: Vpc) -> Fault:
    group = _group(ec2, vpc, "databases-only")
    inside = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=inside)
    place = Place(vpc, vpc.private_subnets[:1], (group,))
    return Fault(
        place,
        group,
        lambda: ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_https(ANYWHERE)),
    )


def _acl_denies_out(ec2: Any, vpc: Vpc) -> Fault:
    return _deny(ec2, vpc, egress=True, cidr=ANYWHERE, ports=(443, 443))


def _acl_denies_answers(ec2: Any, vpc: Vpc) -> Fault:
    return _deny(ec2, vpc, egress=False, cidr=ANYWHERE, ports=(1024, 65535))


def _no_route(ec2: Any, vpc: Vpc) -> Fault:
    nat = _nat_of(ec2, vpc)
    ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE)
    return Fault(
        _private(vpc),
        vpc.route_table,
        lambda: ec2.create_route(
            RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat
        ),
    )


def _internet_gateway_detached(ec2: Any, vpc: Vpc) -> Fault:
    gateway = _gateway_of(ec2, vpc)
    ids = {"InternetGatewayId": gateway, "VpcId": vpc.id}
    ec2.detach_internet_gateway(**ids)
    return Fault(_public(vpc), gateway, lambda: ec2.attach_internet_gateway(**ids))


def _nat_gateway_deleted(ec2: Any, vpc: Vpc) -> Fault:
    nat = _nat_of(ec2, vpc)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    return Fault(
        _private(vpc),
        nat,
        lambda: _default_route(ec2, vpc, NatGatewayId=_new_nat(ec2, vpc.public_subnets[0])),
    )


def _nat_gateway_private(ec2: Any, vpc: Vpc) -> Fault:
    right, wrong = _nat_of(ec2, vpc), _new_nat(ec2, vpc.public_subnets[0], public=False)
    _default_route(ec2, vpc, NatGatewayId=wrong)
    return Fault(_private(vpc), wrong, lambda: _default_route(ec2, vpc, NatGatewayId=right))


def _nat_gateway_in_a_private_subnet(ec2: Any, vpc: Vpc) -> Fault:
    right, wrong = _nat_of(ec2, vpc), _new_nat(ec2, vpc.private_subnets[1])
    _default_route(ec2, vpc, NatGatewayId=wrong)
    return Fault(_private(vpc), vpc.route_table, lambda: _default_route(ec2, vpc, NatGatewayId=right))


def _transit_gateway_without_attachment(ec2: Any, vpc: Vpc) -> Fault:
    transit = str(ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"])
    _default_route(ec2, vpc, TransitGatewayId=transit)
    return Fault(_private(vpc), transit, lambda: _attach(ec2, vpc, transit, vpc.private_subnets[0]))


def _transit_gateway_in_another_zone(ec2: Any, vpc: Vpc) -> Fault:
    transit = str(ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"])
    attachment = _attach(ec2, vpc, transit, vpc.private_subnets[1])
    _default_route(ec2, vpc, TransitGatewayId=transit)
    return Fault(
        _private(vpc),
        attachment,
        lambda: ec2.modify_transit_gateway_vpc_attachment(
            TransitGatewayAttachmentId=attachment, AddSubnetIds=[vpc.private_subnets[0]]
        ),
    )


def _attach(ec2: Any, vpc: Vpc, transit: str, subnet: str) -> str:
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=vpc.id, SubnetIds=[subnet]
    )
    return str(made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])


def _peering(ec2: Any, vpc: Vpc) -> str:
    """A pending one, with the default route through it."""
    peer = ec2.create_vpc(CidrBlock="172.16.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc.id, PeerVpcId=peer)
    peering = str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    _default_route(ec2, vpc, VpcPeeringConnectionId=peering)
    return peering


def _peering_not_accepted(ec2: Any, vpc: Vpc) -> Fault:
    nat = _nat_of(ec2, vpc)
    peering = _peering(ec2, vpc)
    return Fault(_private(vpc), peering, lambda: _default_route(ec2, vpc, NatGatewayId=nat))


def _peering_is_not_transitive(ec2: Any, vpc: Vpc) -> Fault:
    nat = _nat_of(ec2, vpc)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=_peering(ec2, vpc))
    return Fault(_private(vpc), vpc.route_table, lambda: _default_route(ec2, vpc, NatGatewayId=nat))


def _no_free_address(ec2: Any, vpc: Vpc) -> Fault:
    """The smallest subnet that AWS allows, filled."""
    block = ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]["CidrBlock"].replace("0.0/16", "255.240/28")
    subnet = str(ec2.create_subnet(VpcId=vpc.id, CidrBlock=block)["Subnet"]["SubnetId"])
    ec2.associate_route_table(RouteTableId=vpc.route_table, SubnetId=subnet)
    free = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(free)]
    ids = [item["NetworkInterfaceId"] for item in made]

    def mend() -> None:
        for id_ in ids:
            ec2.delete_network_interface(NetworkInterfaceId=id_)

    return Fault(Place(vpc, (subnet,), (vpc.agents_group,)), "", mend)


# Other needs


def _proxy_denied_by_acl(ec2: Any, vpc: Vpc) -> Fault:
    return _deny(ec2, vpc, egress=True, cidr=f"{PROXY_ADDRESS}/32", ports=(443, 443))


def _proxy_not_in_the_groups_rules(ec2: Any, vpc: Vpc) -> Fault:
    group = _group(ec2, vpc, "no-proxy")
    for cidr in ("0.0.0.0/1", "128.0.0.0/2"):  # the proxy is at 203.0.113.20
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_https(cidr))
    return Fault(
        Place(vpc, vpc.private_subnets[:1], (group,)),
        group,
        lambda: ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=_https(f"{PROXY_ADDRESS}/32")
        ),
    )


def _proxy_routed_to_a_pending_peering(ec2: Any, vpc: Vpc) -> Fault:
    nat = _nat_of(ec2, vpc)
    peering = _peering(ec2, vpc)
    _default_route(ec2, vpc, NatGatewayId=nat)
    route = {"RouteTableId": vpc.route_table, "DestinationCidrBlock": f"{PROXY_ADDRESS}/32"}
    ec2.create_route(**route, VpcPeeringConnectionId=peering)
    return Fault(_private(vpc), peering, lambda: ec2.delete_route(**route))


def _endpoint_lets_nobody_in(service: str) -> Callable[[Any, Vpc], Fault]:
    """An interface endpoint takes the service's name over, and its group has no rule."""

    def build(ec2: Any, vpc: Vpc) -> Fault:
        group = _group(ec2, vpc, f"endpoint-{service}", open_out=True)
        ec2.create_vpc_endpoint(
            VpcId=vpc.id,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[vpc.private_subnets[1]],
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
        return Fault(
            _private(vpc),
            group,
            lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=_https("10.0.0.0/8")),
        )

    return build


# Several at once: the first one on the way is told


def _both(
    first: Callable[[Any, Vpc], Fault], second: Callable[[Any, Vpc], Fault]
) -> Callable[[Any, Vpc], Fault]:
    def build(ec2: Any, vpc: Vpc) -> Fault:
        one, other = first(ec2, vpc), second(ec2, vpc)

        def mend() -> None:
            one.mend()
            other.mend()

        return Fault(one.place, one.culprit, mend)

    return build


# Healthy ones


def _one_open_group_is_enough(ec2: Any, vpc: Vpc) -> Fault:
    shut = _group(ec2, vpc, "shut")
    return Fault(Place(vpc, vpc.private_subnets, (shut, vpc.agents_group)))


def _exact_rules(ec2: Any, vpc: Vpc) -> Fault:
    """443 out of the group; 443 out and ephemeral ports in through the ACL, and nothing else."""
    group = _group(ec2, vpc, "https-only")
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=_https(ANYWHERE))
    acl = _default_acl(ec2, vpc)
    web, ephemeral = (443, 443), (1024, 65535)
    for number, (egress, ports) in enumerate(product((True, False), (web, ephemeral)), start=50):
        ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=number,
            Egress=egress,
            Protocol="6",
            RuleAction="allow",
            CidrBlock=ANYWHERE,
            PortRange={"From": ports[0], "To": ports[1]},
        )
    for egress in (True, False):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=egress)
    return Fault(Place(vpc, vpc.private_subnets, (group,)))


def _attached_transit_gateway(ec2: Any, vpc: Vpc) -> Fault:
    transit = str(ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"])
    _attach(ec2, vpc, transit, vpc.private_subnets[0])
    _default_route(ec2, vpc, TransitGatewayId=transit)
    return Fault(_private(vpc))


def _open_endpoint(ec2: Any, vpc: Vpc) -> Fault:
    fault = _endpoint_lets_nobody_in("logs")(ec2, vpc)
    fault.mend()
    return Fault(fault.place)


IMAGE, PROXY = "ImageRegistryUnreachable", "TeleportProxyUnreachable"
_OUT, _GATEWAY, _ACL = PARAGRAPHS[0], PARAGRAPHS[2], PARAGRAPHS[3]

BROKEN = (
    Case("group-shut", _group_lets_nothing_out, IMAGE, "SecurityGroupEgress", _OUT),
    Case("group-databases-only", _group_lets_only_databases_out, IMAGE, "SecurityGroupEgress", _OUT),
    Case("acl-out", _acl_denies_out, IMAGE, "NetworkAclEgress", _ACL),
    Case("acl-answers", _acl_denies_answers, IMAGE, "NetworkAclIngress", _ACL),
    Case("no-route", _no_route, IMAGE, "NoRoute", _GATEWAY),
    Case("igw-detached", _internet_gateway_detached, IMAGE, "InternetGatewayDetached", _GATEWAY),
    Case("nat-deleted", _nat_gateway_deleted, IMAGE, "NatGatewayUnavailable", _GATEWAY),
    Case("nat-private", _nat_gateway_private, IMAGE, "NatGatewayPrivate", _GATEWAY),
    Case("nat-in-private-subnet", _nat_gateway_in_a_private_subnet, IMAGE, "NatSubnetNotPublic", _GATEWAY),
    Case("tgw-not-attached", _transit_gateway_without_attachment, IMAGE, "TransitGatewayNotAttached"),
    Case("tgw-other-zone", _transit_gateway_in_another_zone, IMAGE, "TransitGatewayNotInZone"),
    Case("peering-pending", _peering_not_accepted, IMAGE, "PeeringNotActive"),
    Case("peering-transitive", _peering_is_not_transitive, IMAGE, "PeeringNotTransitive"),
    Case("no-address", _no_free_address, "NoFreeAddresses"),
    Case("proxy-acl", _proxy_denied_by_acl, PROXY, "NetworkAclEgress"),
    Case("proxy-group", _proxy_not_in_the_groups_rules, PROXY, "SecurityGroupEgress"),
    Case("proxy-route", _proxy_routed_to_a_pending_peering, PROXY, "PeeringNotActive"),
    Case("logs-endpoint", _endpoint_lets_nobody_in("logs"), "LogsUnreachable", "SecurityGroupIngress"),
    Case("rds-endpoint", _endpoint_lets_nobody_in("rds"), "RdsApiUnreachable", "SecurityGroupIngress"),
    Case("group-and-route", _both(_group_lets_nothing_out, _no_route), IMAGE, "SecurityGroupEgress"),
    Case("acl-and-route", _both(_acl_denies_out, _no_route), IMAGE, "NetworkAclEgress"),
    Case("nat-and-logs", _both(_nat_gateway_deleted, _endpoint_lets_nobody_in("logs")), IMAGE, "NatGatewayUnavailable"),
)  # fmt: skip

HEALTHY = (
    Case("behind-nat", lambda _, vpc: Fault(Place(vpc, vpc.private_subnets, (vpc.agents_group,)))),
    Case("public", lambda _, vpc: Fault(Place(vpc, vpc.public_subnets, (vpc.agents_group,)))),
    Case("groups-add-up", _one_open_group_is_enough, wizard=PARAGRAPHS[1]),
    Case("exact-rules", _exact_rules),
    Case("tgw-attached", _attached_transit_gateway),
    Case("endpoint-open", _open_endpoint),
)

ALL = (*BROKEN, *HEALTHY)
