"""Reading networks over real HTTP, and asking the model about what was read."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from rds_enrollment.aws.network import MAX_CALLS
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.network.question import AwsService, Host, Interface, Source
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.network.verdict import BlockerKind
from rds_enrollment.plan.observed import network

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World
from tests.unit.aws.conftest import REGION, read_networks

REGISTRY = Host("public.ecr.aws", 443)


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "first")


@pytest.fixture
def ec2(world: World) -> Any:
    return world.client("ec2", REGION)


def read(account: AwsAccount, vpc: Vpc) -> network.Vpc:
    return read_networks(account, REGION).vpcs[vpc.id]


def private(vpc: Vpc) -> Source:
    return Source(vpc.private_subnets[0], frozenset({vpc.agents_group}), public_ip=False)


def database(vpc: Vpc) -> Interface:
    return Interface("db", vpc.private_subnets[1], frozenset({vpc.database_group}), 5432)


def blocker_kind(seen: network.Vpc, source: Source, destination: Any) -> BlockerKind | None:
    blocker = reach(seen, source, destination).blocker
    return blocker.kind if blocker else None


def test_a_healthy_network_reads_healthy(account: AwsAccount, vpc: Vpc) -> None:
    facts = read_networks(account, REGION)
    seen = facts.vpcs[vpc.id]

    assert (facts.account, facts.region) == (vpc.account, REGION)
    assert {subnet.id for subnet in seen.subnets} == {*vpc.private_subnets, *vpc.public_subnets}
    assert reach(seen, private(vpc), REGISTRY).open
    assert reach(seen, private(vpc), database(vpc)).open
    public = Source(vpc.public_subnets[0], frozenset({vpc.agents_group}), public_ip=True)
    assert reach(seen, public, REGISTRY).open


def test_each_vpc_has_its_own_resources_alone(account: AwsAccount, world: World, vpc: Vpc) -> None:
    other = world.seed_vpc(REGION, "second", cidr="10.1.0.0/16")

    facts = read_networks(account, REGION)

    first, second = facts.vpcs[vpc.id], facts.vpcs[other.id]
    assert vpc.agents_group in first.group_by_id
    assert vpc.agents_group not in second.group_by_id
    for items in (second.route_tables, second.network_acls, second.internet_gateways, second.nat_gateways):
        assert items
        assert {item.vpc_id for item in items} == {other.id}


def test_the_simplest_network_costs_eight_calls(account: AwsAccount, vpc: Vpc, sandbox: AwsSandbox) -> None:
    account.identity()
    sandbox.calls.clear()

    read_networks(account, REGION)

    assert sum(sandbox.calls.counts.values()) == 8


def test_no_page_is_larger_than_ec2_gives(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    asked: dict[str, int] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked[model.name] = params["MaxResults"]

    own_prefix_list(ec2, vpc)
    events = account.client("ec2", REGION).meta.events
    events.register("provide-client-params.ec2", note)
    try:
        read_networks(account, REGION)
    finally:
        events.unregister("provide-client-params.ec2", note)

    service: Any = account.client("ec2", REGION).meta.service_model
    assert "GetManagedPrefixListEntries" in asked
    for operation, size in asked.items():
        limits = service.operation_model(operation).input_shape.members["MaxResults"].metadata
        assert size <= limits.get("max", size)


def test_all_kinds_together_stay_within_the_budget(
    account: AwsAccount, vpc: Vpc, sandbox: AwsSandbox, ec2: Any
) -> None:
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    peering = ec2.create_vpc_peering_connection(
        VpcId=vpc.id, PeerVpcId=ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    )
    peering_id = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    s3_endpoint(ec2, vpc)
    ec2.create_route(
        RouteTableId=vpc.route_table, DestinationCidrBlock="10.8.0.0/16", TransitGatewayId=transit
    )
    ec2.create_route(
        RouteTableId=vpc.route_table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=peering_id
    )
    account.identity()
    sandbox.calls.clear()

    seen = read(account, vpc)

    assert sum(sandbox.calls.counts.values()) == MAX_CALLS
    assert seen.transit_gateway_attachments == ()
    assert seen.peering_connections is None
    remote = Host("remote", 443, (ip_address("10.9.0.1"),))
    assert reach(seen, private(vpc), remote).assumptions


def s3_endpoint(ec2: Any, vpc: Vpc) -> str:
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc.id,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[vpc.route_table],
    )
    return str(endpoint["VpcEndpoint"]["VpcEndpointId"])


def test_a_peering_and_its_blocks(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    peer = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    answer = ec2.create_vpc_peering_connection(VpcId=vpc.id, PeerVpcId=peer)
    peering = answer["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.create_route(
        RouteTableId=vpc.route_table, DestinationCidrBlock="10.0.0.0/8", VpcPeeringConnectionId=peering
    )
    inside, outside = (Host("remote", 443, (ip_address(text),)) for text in ("10.9.0.1", "10.8.0.1"))

    assert blocker_kind(read(account, vpc), private(vpc), inside) == BlockerKind.PEERING_NOT_ACTIVE
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    seen = read(account, vpc)

    assert reach(seen, private(vpc), inside).open
    assert blocker_kind(seen, private(vpc), outside) == BlockerKind.PEERING_NOT_TRANSITIVE


def test_a_transit_gateway_and_its_attachment(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_route(
        RouteTableId=vpc.route_table, DestinationCidrBlock="10.8.0.0/16", TransitGatewayId=transit
    )
    remote = Host("remote", 443, (ip_address("10.8.0.1"),))

    assert blocker_kind(read(account, vpc), private(vpc), remote) == BlockerKind.TRANSIT_GATEWAY_NOT_ATTACHED
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=vpc.id, SubnetIds=[vpc.private_subnets[0]]
    )
    seen = read(account, vpc)

    assert reach(seen, private(vpc), remote).open
    elsewhere = Source(vpc.private_subnets[1], frozenset({vpc.agents_group}), public_ip=False)
    assert blocker_kind(seen, elsewhere, remote) == BlockerKind.TRANSIT_GATEWAY_NOT_IN_ZONE


def test_a_gateway_endpoint_and_its_prefix_list(account: AwsAccount, world: World, ec2: Any) -> None:
    vpc = world.seed_vpc(REGION, "closed", internet=False)
    endpoint = s3_endpoint(ec2, vpc)

    seen = read(account, vpc)

    (listed,) = seen.prefix_lists
    assert (listed.service, bool(listed.cidrs)) == ("s3", True)
    verdict = reach(seen, private(vpc), AwsService("s3", f"s3.{REGION}.amazonaws.com"))
    assert verdict.open
    assert endpoint in {hop.id for hop in verdict.path}
    assert blocker_kind(seen, private(vpc), REGISTRY) == BlockerKind.NO_ROUTE


def test_an_interface_endpoint_and_its_groups(account: AwsAccount, world: World, ec2: Any) -> None:
    vpc = world.seed_vpc(REGION, "closed", internet=False)
    ec2.create_vpc_endpoint(
        VpcId=vpc.id,
        ServiceName=f"com.amazonaws.{REGION}.logs",
        VpcEndpointType="Interface",
        SubnetIds=[vpc.private_subnets[1]],
        SecurityGroupIds=[vpc.database_group],
        PrivateDnsEnabled=True,
    )
    logs = AwsService("logs", f"logs.{REGION}.amazonaws.com")

    assert blocker_kind(read(account, vpc), private(vpc), logs) == BlockerKind.SECURITY_GROUP_INGRESS
    ec2.authorize_security_group_ingress(
        GroupId=vpc.database_group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/16"
    )

    assert reach(read(account, vpc), private(vpc), logs).open


def own_prefix_list(ec2: Any, vpc: Vpc) -> None:
    """The agents may reach a list of the customer's own, and nothing else."""
    made = ec2.create_managed_prefix_list(
        PrefixListName="office", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "18.0.0.0/24"}]
    )
    list_id = made["PrefixList"]["PrefixListId"]
    every = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=vpc.agents_group, IpPermissions=[every])
    allowed = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [{"PrefixListId": list_id}],
    }
    ec2.authorize_security_group_egress(GroupId=vpc.agents_group, IpPermissions=[allowed])


def test_a_customers_prefix_list(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    own_prefix_list(ec2, vpc)

    seen = read(account, vpc)

    assert [item.cidrs for item in seen.prefix_lists] == [(ip_network("18.0.0.0/24"),)]
    assert reach(seen, private(vpc), Host("in", 443, (ip_address("18.0.0.1"),))).open
    outside = Host("out", 443, (ip_address("18.0.1.1"),))
    assert blocker_kind(seen, private(vpc), outside) == BlockerKind.SECURITY_GROUP_EGRESS


def test_acl_rules_both_ways(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["NetworkAcls"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=50,
        Protocol="6",
        PortRange={"From": 40000, "To": 41000},
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
    )

    blocker = reach(read(account, vpc), private(vpc), REGISTRY).blocker

    assert blocker is not None
    assert (blocker.kind, blocker.id) == (BlockerKind.NETWORK_ACL_INGRESS, acl["NetworkAclId"])
    assert "rule 50" in blocker.sentence


def test_a_change_by_hand_is_seen_at_the_next_read(account: AwsAccount, vpc: Vpc, ec2: Any) -> None:
    gateway = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc.id]}])
    gateway_id = gateway["InternetGateways"][0]["InternetGatewayId"]
    assert reach(read(account, vpc), private(vpc), REGISTRY).open

    ec2.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc.id)
    detached = reach(read(account, vpc), private(vpc), REGISTRY).blocker
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc.id)

    assert detached is not None
    assert (detached.kind, detached.id) == (BlockerKind.INTERNET_GATEWAY_DETACHED, gateway_id)
    assert reach(read(account, vpc), private(vpc), REGISTRY).open
