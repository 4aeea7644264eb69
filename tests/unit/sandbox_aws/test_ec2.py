"""Security groups of the sandbox: what is used stays, and a rule is the same whatever its description."""

from typing import Any

import pytest

from hack.sandbox.aws.world import Vpc, World

from .support import REGION, Aws, refusal


@pytest.fixture
def ec2(world: World) -> Any:
    return world.client("ec2", REGION)


@pytest.fixture
def group(ec2: Any, vpc: Vpc) -> str:
    made = ec2.create_security_group(GroupName="new", Description="new", VpcId=vpc.id)
    return str(made["GroupId"])


def _from(group: str, description: str) -> list[dict[str, Any]]:
    pair = {"GroupId": group, "Description": description}
    return [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}]


def test_a_group_that_a_task_has_stays(aws: Aws, ec2: Any, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    ec2.revoke_security_group_ingress(
        GroupId=vpc.database_group,
        SecurityGroupRuleIds=[
            rule["SecurityGroupRuleId"]
            for rule in ec2.describe_security_group_rules(
                Filters=[{"Name": "group-id", "Values": [vpc.database_group]}]
            )["SecurityGroupRules"]
            if not rule["IsEgress"]
        ],
    )
    code, _ = refusal(lambda: ec2.delete_security_group(GroupId=vpc.agents_group))
    assert code == "DependencyViolation"


def test_a_group_that_anothers_rule_names_stays(ec2: Any, vpc: Vpc, group: str) -> None:
    code, _ = refusal(lambda: ec2.delete_security_group(GroupId=vpc.agents_group))
    assert code == "DependencyViolation"
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=_from(group, "itself"))
    ec2.delete_security_group(GroupId=group)


def test_names_are_unique_in_a_vpc(ec2: Any, vpc: Vpc, group: str) -> None:
    code, _ = refusal(lambda: ec2.create_security_group(GroupName="new", Description="another", VpcId=vpc.id))
    assert code == "InvalidGroup.Duplicate"


def test_rules_of_groups_have_descriptions_and_tags(ec2: Any, vpc: Vpc, group: str) -> None:
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=_from(vpc.agents_group, "agents"),
        TagSpecifications=[
            {"ResourceType": "security-group-rule", "Tags": [{"Key": "owner", "Value": "us"}]}
        ],
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "tag:owner", "Values": ["us"]}])
    [rule] = rules["SecurityGroupRules"]
    assert (rule["GroupId"], rule["Description"], rule["FromPort"]) == (group, "agents", 5432)
    code, _ = refusal(
        lambda: ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=_from(vpc.agents_group, "others")
        )
    )
    assert code == "InvalidPermission.Duplicate"
