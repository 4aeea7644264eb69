from ipaddress import ip_network

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.ec2 import (
    find_security_groups,
    find_subnets,
    get_security_groups,
    get_subnets,
    get_vpc_dns,
)
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.observed.network import VpcDns
from rds_enrollment.plan.outcome import Blocked

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import Refusal, StubAws, xml


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "first", private_tags={"tier": "private", "odd": "a\\b*c"})


@pytest.fixture
def other_vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "second", cidr="10.1.0.0/16")


def test_subnets_by_id_leave_out_the_ones_that_do_not_exist(
    account: AwsAccount, vpc: Vpc, other_vpc: Vpc
) -> None:
    wanted = {vpc.private_subnets[0], other_vpc.public_subnets[0], "subnet-00000000000000000"}

    found = {subnet.id: subnet for subnet in get_subnets(account, REGION, wanted)}

    assert set(found) == {vpc.private_subnets[0], other_vpc.public_subnets[0]}
    subnet = found[vpc.private_subnets[0]]
    assert subnet.vpc_id == vpc.id
    assert subnet.availability_zone.startswith(REGION)
    assert subnet.tags["tier"] == "private"
    assert found[other_vpc.public_subnets[0]].vpc_id == other_vpc.id


def test_subnets_by_tags_are_those_of_the_vpc(account: AwsAccount, vpc: Vpc, other_vpc: Vpc) -> None:
    found = find_subnets(account, REGION, vpc.id, {"tier": "private"})

    assert {subnet.id for subnet in found} == set(vpc.private_subnets)
    assert len(find_subnets(account, REGION, vpc.id, {})) == 4
    assert {subnet.id for subnet in find_subnets(account, REGION, other_vpc.id, {"tier": "private"})} == set(
        other_vpc.private_subnets
    )


def test_all_tags_must_match_exactly(account: AwsAccount, vpc: Vpc) -> None:
    assert find_subnets(account, REGION, vpc.id, {"tier": "private", "absent": "x"}) == ()
    assert find_subnets(account, REGION, vpc.id, {"tier": "priv*"}) == ()


def test_security_groups_by_id_leave_out_the_ones_that_do_not_exist(account: AwsAccount, vpc: Vpc) -> None:
    (group,) = get_security_groups(account, REGION, [vpc.agents_group, "sg-00000000000000000"])

    assert (group.id, group.vpc_id, group.name) == (vpc.agents_group, vpc.id, "first-agents")
    assert group.tags["role"] == "teleport-agents"


def test_security_groups_by_tags_are_those_of_the_vpc(account: AwsAccount, vpc: Vpc, other_vpc: Vpc) -> None:
    found = find_security_groups(account, REGION, vpc.id, {"role": "teleport-agents"})

    assert [group.id for group in found] == [vpc.agents_group]


def test_no_ids_cost_no_call(account: AwsAccount, sandbox: AwsSandbox) -> None:
    assert get_subnets(account, REGION, ()) == ()
    assert get_security_groups(account, REGION, ()) == ()
    assert not sandbox.calls.counts


def turn_dns_off(world: World, vpc: Vpc, *servers: str) -> None:
    ec2 = world.client("ec2", REGION)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    if servers:
        options = [
            {"Key": "domain-name", "Values": ["example.com"]},
            {"Key": "domain-name-servers", "Values": list(servers)},
        ]
        made = ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"]
        ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=vpc.id)


def test_where_dns_resolution_is_on_nothing_else_is_asked(
    account: AwsAccount, sandbox: AwsSandbox, vpc: Vpc
) -> None:
    assert get_vpc_dns(account, REGION, vpc.id) == VpcDns(support=True)
    assert dict(sandbox.calls.counts) == {"ec2:DescribeVpcAttribute": 1}


def test_where_it_is_off_the_dhcp_options_tell_the_servers(
    account: AwsAccount, world: World, vpc: Vpc, other_vpc: Vpc
) -> None:
    turn_dns_off(world, vpc)
    turn_dns_off(world, other_vpc, "AmazonProvidedDNS", "10.1.0.53")

    assert get_vpc_dns(account, REGION, vpc.id) == VpcDns(
        support=False, servers=(), cidr=ip_network("10.0.0.0/16")
    )
    assert get_vpc_dns(account, REGION, other_vpc.id) == VpcDns(
        support=False, servers=("AmazonProvidedDNS", "10.1.0.53"), cidr=ip_network("10.1.0.0/16")
    )


@pytest.mark.usefixtures("static_credentials")
def test_dhcp_options_of_another_account_are_not_taken_for_none(stub: StubAws) -> None:
    answers = {
        "DescribeVpcAttribute": "<enableDnsSupport><value>false</value></enableDnsSupport>",
        "DescribeVpcs": "<vpcSet><item><cidrBlock>10.0.0.0/16</cidrBlock>"
        "<dhcpOptionsId>dopt-1</dhcpOptionsId></item></vpcSet>",
        "DescribeDhcpOptions": "<dhcpOptionsSet/>",
    }
    stub.answer = lambda request: xml(f"<Answer>{answers[request.operation]}</Answer>")

    assert get_vpc_dns(AwsClients().own(), REGION, "vpc-1").servers is None


@pytest.mark.usefixtures("static_credentials")
def test_a_denial_of_the_dns_is_an_outcome_like_any_other(stub: StubAws) -> None:
    stub.answer = Refusal("UnauthorizedOperation")

    with pytest.raises(Blocked) as denied:
        get_vpc_dns(AwsClients().own(), REGION, "vpc-1")

    assert denied.value.reason is Reason.ACCESS_DENIED
    assert "ec2:DescribeVpcAttribute" in denied.value.message
