"""What the sandbox does not show: entries as the EC2 API documents them, pages, and refusals."""

from ipaddress import ip_address, ip_network

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws import network_values as values
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.plan.observed.network import (
    ALL_PORTS,
    LOCAL,
    EndpointType,
    GroupRule,
    InternetGatewayBlock,
    PortRange,
    Route,
)
from rds_enrollment.plan.outcome import Outcome

from hack.sandbox.aws.wire import AwsRequest, Reply
from tests.unit.aws.conftest import REGION, read_networks
from tests.unit.aws.stub import Refusal, StubAws, caller_identity, xml


def test_a_subnet_of_both_families() -> None:
    subnet = values.subnet(
        {
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "OwnerId": "111111111111",
            "AvailabilityZone": "eu-west-1a",
            "CidrBlock": "10.0.0.0/24",
            "Ipv6CidrBlockAssociationSet": [
                {"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": "associated"}},
                {"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": "disassociated"}},
            ],
            "AvailableIpAddressCount": 7,
            "MapPublicIpOnLaunch": True,
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "block-ingress"},
        }
    )

    assert subnet.cidrs == (ip_network("10.0.0.0/24"), ip_network("2001:db8::/64"))
    assert (subnet.available_addresses, subnet.map_public_ip, subnet.owner) == (7, True, "111111111111")
    assert subnet.internet_gateway_block == InternetGatewayBlock.INGRESS


def test_a_subnet_of_ipv6_alone() -> None:
    blocks = [{"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": "associated"}}]

    subnet = values.subnet({"SubnetId": "subnet-1", "VpcId": "vpc-1", "Ipv6CidrBlockAssociationSet": blocks})

    assert subnet.cidrs == (ip_network("2001:db8::/64"),)


@pytest.mark.parametrize(
    ("entry", "route"),
    [
        (
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
            Route(ip_network("10.0.0.0/16"), LOCAL),
        ),
        (
            {
                "DestinationIpv6CidrBlock": "::/0",
                "EgressOnlyInternetGatewayId": "eigw-1",
                "State": "blackhole",
            },
            Route(ip_network("::/0"), "eigw-1", blackhole=True),
        ),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, Route("pl-1", "vpce-1")),
        (
            {
                "DestinationCidrBlock": "10.9.0.0/16",
                "GatewayId": "vgw-1",
                "Origin": "EnableVgwRoutePropagation",
            },
            Route(ip_network("10.9.0.0/16"), "vgw-1", propagated=True),
        ),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1"},
            Route(ip_network("0.0.0.0/0"), "eni-1"),
        ),
    ],
    ids=["local", "blackhole", "prefix list", "propagated", "instance"],
)
def test_routes(entry: values.Entry, route: Route) -> None:
    table = values.route_table({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [entry]})

    assert table.routes == (route,)


def test_associations_that_are_not_in_force_do_not_count() -> None:
    table = values.route_table(
        {
            "RouteTableId": "rtb-1",
            "VpcId": "vpc-1",
            "Associations": [
                {"Main": True, "AssociationState": {"State": "associated"}},
                {"SubnetId": "subnet-1", "AssociationState": {"State": "associated"}},
                {"SubnetId": "subnet-2", "AssociationState": {"State": "disassociating"}},
                {"GatewayId": "igw-1", "AssociationState": {"State": "associated"}},
            ],
        }
    )

    assert (table.main, set(table.subnets)) == (True, {"subnet-1"})


def test_group_rules_one_a_peer() -> None:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5433,
        "IpRanges": [{"CidrIp": "10.0.0.7/24"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111111111111"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }

    group = values.security_group(
        {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [permission], "IpPermissionsEgress": []}
    )

    ports = PortRange(5432, 5433)
    peers = (ip_network("10.0.0.0/24"), ip_network("::/0"), "sg-2", "pl-1")
    assert group.ingress == tuple(GroupRule(peer, "tcp", ports) for peer in peers)


@pytest.mark.parametrize(
    ("protocol", "ports", "read"),
    [
        ("-1", {}, ("all", ALL_PORTS)),
        ("6", {"PortRange": {"From": 1, "To": 2}}, ("tcp", PortRange(1, 2))),
        ("50", {}, ("50", ALL_PORTS)),
    ],
)
def test_acl_rules(protocol: str, ports: dict[str, object], read: tuple[str, PortRange]) -> None:
    entry = {
        "RuleNumber": 32768,
        "Egress": True,
        "RuleAction": "deny",
        "Ipv6CidrBlock": "::/0",
        "Protocol": protocol,
    }

    acl = values.network_acl({"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Entries": [entry | ports]})

    (rule,) = acl.rules
    assert (rule.protocol, rule.ports) == read
    assert (rule.number, rule.egress, rule.allow, rule.cidr) == (32768, True, False, ip_network("::/0"))


@pytest.mark.parametrize(
    ("state", "vpc_id"), [("available", "vpc-1"), ("attached", "vpc-1"), ("detaching", "")]
)
def test_internet_gateways_are_attached_or_not(state: str, vpc_id: str) -> None:
    entry = {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": state}]}

    assert values.internet_gateway(entry).vpc_id == vpc_id


def test_a_private_nat_gateway_and_a_regional_one() -> None:
    address = {"PrivateIp": "10.0.0.9"}
    private = {"NatGatewayId": "nat-1", "VpcId": "vpc-1", "State": "available", "SubnetId": "subnet-1"}

    zonal = values.nat_gateway(private | {"ConnectivityType": "private", "NatGatewayAddresses": [address]})
    regional = values.nat_gateway({"NatGatewayId": "nat-2", "VpcId": "vpc-1", "State": "pending"})

    assert (zonal.public, zonal.subnet_id, zonal.addresses) == (False, "subnet-1", (ip_address("10.0.0.9"),))
    assert (regional.public, regional.subnet_id, regional.state) == (True, "", "pending")


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("Interface", EndpointType.INTERFACE),
        ("Gateway", EndpointType.GATEWAY),
        ("GatewayLoadBalancer", EndpointType.OTHER),
    ],
)
def test_endpoints(kind: str, read: EndpointType) -> None:
    entry = {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "ServiceName": "cn.com.amazonaws.cn-north-1.ecr.api",
    }

    endpoint = values.vpc_endpoint(
        entry | {"VpcEndpointType": kind, "State": "Available", "PrivateDnsEnabled": True}
    )

    assert (endpoint.type, endpoint.state, endpoint.private_dns, endpoint.service) == (
        read,
        "available",
        True,
        "ecr.api",
    )


def test_private_dns_for_resolvers_alone_does_not_serve_tasks() -> None:
    entry = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "x", "State": "available"}
    dns = {"PrivateDnsEnabled": True, "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": True}}

    assert not values.vpc_endpoint(entry | dns).private_dns


_SETS = (
    "subnetSet",
    "routeTableSet",
    "networkAclSet",
    "securityGroupInfo",
    "internetGatewaySet",
    "natGatewaySet",
    "vpcEndpointSet",
    "networkInterfaceSet",
)


@pytest.fixture
def clients(static_credentials: None) -> AwsClients:
    return AwsClients(attempts=1)


def _subnet_page(number: int, token: str) -> Reply:
    return xml(
        "<DescribeSubnetsResponse><subnetSet><item>"
        f"<subnetId>subnet-{number}</subnetId><vpcId>vpc-{number}</vpcId><cidrBlock>10.{number}.0.0/24</cidrBlock>"
        f"<ownerId>{number}11111111111</ownerId></item></subnetSet><nextToken>{token}</nextToken></DescribeSubnetsResponse>"
    )


def test_listings_are_read_to_their_end_and_shared_vpcs_told(clients: AwsClients, stub: StubAws) -> None:
    def answer(request: AwsRequest) -> Reply:
        if request.name != "ec2:DescribeSubnets":
            return _answer_nothing(request)
        pages_seen = sum(item.name == request.name for item in stub.requests)
        return _subnet_page(pages_seen, "more" if pages_seen == 1 else "")

    stub.answer = answer

    facts = read_networks(clients.own(), REGION)

    assert {vpc_id: vpc.shared for vpc_id, vpc in facts.vpcs.items()} == {"vpc-1": False, "vpc-2": True}


def test_a_refused_listing_fails_the_whole_read(clients: AwsClients, stub: StubAws) -> None:
    def answer(request: AwsRequest) -> Reply:
        refused = request.name == "ec2:DescribeNatGateways"
        return Refusal("UnauthorizedOperation", status=403)(request) if refused else _answer_nothing(request)

    stub.answer = answer

    with pytest.raises(Outcome) as raised:
        read_networks(clients.own(), REGION)

    assert raised.value.reason == Reason.ACCESS_DENIED
    assert "ec2:DescribeNatGateways" in raised.value.message


def _answer_nothing(request: AwsRequest) -> Reply:
    """Empty lists of every kind: those that an operation does not have are passed over."""
    if request.service == "sts":
        return caller_identity("111111111111")
    return xml(f"<Response>{''.join(f'<{name}/>' for name in _SETS)}</Response>")
