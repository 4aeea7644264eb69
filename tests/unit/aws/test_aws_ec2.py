import pytest
from rds_enrollment.aws.ec2 import find_security_groups, find_subnets, get_security_groups, get_subnets
from rds_enrollment.aws.session import AwsAccount

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World
from tests.unit.aws.conftest import REGION


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
