"""Security groups of our own, over HTTP."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.security_groups import get_group, get_use, rules_of_groups, rules_of_owner
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupRule, SecurityGroupUse
from rds_enrollment.plan.outcome import Conflict, Waiting
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    RevokeSecurityGroupIngress,
    TagSecurityGroup,
    UntagSecurityGroup,
)

from hack.sandbox.aws.world import Vpc, World
from tests.unit.aws.conftest import REGION

NAME = "example_teleport_sh-teleport-database-service"
TAGS = {"rds-enrollment.dev/owner": "a/dbsvc/b/c", "team": "data"}
_COMMON: Mapping[str, Any] = {"condition": ConditionType.NETWORK_READY, "region": REGION}


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "first")


@pytest.fixture
def creation(vpc: Vpc) -> CreateSecurityGroup:
    return CreateSecurityGroup(
        vpc_id=vpc.id, group_name=NAME, description="Agents: out.", tags=TAGS, **_COMMON
    )


@pytest.fixture
def group(account: AwsAccount, creation: CreateSecurityGroup) -> ManagedGroup:
    apply(account, creation)
    return _found(account, creation.vpc_id)


def _found(account: AwsAccount, vpc_id: str) -> ManagedGroup:
    group = get_group(account, REGION, vpc_id, NAME)
    assert group is not None
    return group


def test_a_new_group_lets_everything_out(account: AwsAccount, vpc: Vpc, group: ManagedGroup) -> None:
    assert (group.vpc_id, group.name, group.tags) == (vpc.id, NAME, TAGS)
    [rule] = group.rules
    assert (rule.egress, rule.protocol, rule.peer, rule.ports) == (True, "-1", "0.0.0.0/0", None)


def test_a_name_is_looked_for_in_its_vpc_alone(
    account: AwsAccount, world: World, group: ManagedGroup
) -> None:
    other = world.seed_vpc(REGION, "second", cidr="10.1.0.0/16")
    assert get_group(account, REGION, other.id, NAME) is None


def test_a_taken_name_is_a_conflict(
    account: AwsAccount, creation: CreateSecurityGroup, group: ManagedGroup
) -> None:
    with pytest.raises(Conflict):
        apply(account, creation)


def test_repairs(account: AwsAccount, world: World, vpc: Vpc, group: ManagedGroup) -> None:
    ec2 = world.client("ec2", REGION)
    ec2.revoke_security_group_egress(GroupId=group.id, SecurityGroupRuleIds=[group.rules[0].id])
    ec2.authorize_security_group_ingress(
        GroupId=group.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"
    )
    [inbound] = _found(account, vpc.id).rules
    assert (inbound.egress, inbound.peer, str(inbound.ports)) == (False, "10.0.0.0/8", "22")

    revocation = RevokeSecurityGroupIngress(group=group.id, rules=(inbound.id,), **_COMMON)
    for step in (AuthorizeSecurityGroupEgress(group=group.id, **_COMMON), revocation, revocation):
        apply(account, step)
    apply(account, TagSecurityGroup(resource=group.id, tags={"team": "ops"}, **_COMMON))

    mended = _found(account, vpc.id)
    [rule] = mended.rules
    assert (rule.egress, rule.peer) == (True, "0.0.0.0/0")
    assert mended.tags == {**TAGS, "team": "ops"}
    with pytest.raises(Conflict):
        apply(account, AuthorizeSecurityGroupEgress(group=group.id, **_COMMON))


def test_a_group_that_is_used_stays(account: AwsAccount, world: World, vpc: Vpc, group: ManagedGroup) -> None:
    ec2 = world.client("ec2", REGION)
    deletion = DeleteSecurityGroup(group=group.id, **_COMMON)
    eni = ec2.create_network_interface(SubnetId=vpc.private_subnets[0], Groups=[group.id])
    interface = eni["NetworkInterface"]["NetworkInterfaceId"]
    ec2.authorize_security_group_ingress(
        GroupId=vpc.database_group,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}],
    )
    ec2.authorize_security_group_ingress(
        GroupId=group.id,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}],
    )
    assert get_use(account, REGION, group.id) == SecurityGroupUse(
        interfaces=(interface,), groups=(vpc.database_group,)
    )
    with pytest.raises(Waiting) as waiting:
        apply(account, deletion)
    assert waiting.value.reason is Reason.IN_PROGRESS

    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.revoke_security_group_ingress(
        GroupId=vpc.database_group,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}],
    )
    assert get_use(account, REGION, group.id) == SecurityGroupUse()
    apply(account, deletion)
    apply(account, deletion)
    assert get_group(account, REGION, vpc.id, NAME) is None


def test_a_rule_in_anothers_group(account: AwsAccount, world: World, vpc: Vpc) -> None:
    """Found by its mark and taken away by its id; those beside it stay."""
    before = rules_of_groups(account, REGION, [vpc.database_group])
    opening = AuthorizeSecurityGroupIngress(
        group=vpc.database_group,
        port=1521,
        source=vpc.agents_group,
        description="Agents.",
        tags=TAGS,
        **_COMMON,
    )
    apply(account, opening)
    with pytest.raises(Conflict):
        apply(account, opening)

    [ours] = rules_of_owner(account, REGION, TAGS["rds-enrollment.dev/owner"])
    assert (ours.group, ours.egress, ours.protocol) == (vpc.database_group, False, "tcp")
    assert (ours.peer, str(ours.ports), ours.tags) == (vpc.agents_group, "1521", TAGS)
    [told] = world.client("ec2", REGION).describe_security_group_rules(SecurityGroupRuleIds=[ours.id])[
        "SecurityGroupRules"
    ]
    assert told["Description"] == "Agents."
    both = rules_of_groups(account, REGION, [vpc.agents_group, vpc.database_group])
    assert {rule.group for rule in both} == {vpc.agents_group, vpc.database_group}

    apply(account, UntagSecurityGroup(resource=ours.id, keys=("rds-enrollment.dev/owner",), **_COMMON))
    assert rules_of_owner(account, REGION, "a/dbsvc/b/c") == ()
    [left] = [rule for rule in rules_of_groups(account, REGION, [vpc.database_group]) if rule.id == ours.id]
    assert left.tags == {"team": "data"}

    apply(account, RevokeSecurityGroupIngress(group=vpc.database_group, rules=(ours.id,), **_COMMON))
    assert set(_ids(rules_of_groups(account, REGION, [vpc.database_group]))) == set(_ids(before))
    assert rules_of_owner(account, REGION, "nobody") == ()
    assert rules_of_groups(account, REGION, []) == ()


def _ids(rules: Iterable[SecurityGroupRule]) -> list[str]:
    return [rule.id for rule in rules]
