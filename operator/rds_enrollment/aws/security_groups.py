"""Amazon EC2: the security groups that we make, and single rules of any."""

from collections.abc import Collection, Mapping
from typing import Any

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.aws.errors import gone_is_done, translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import capitalised_tags, read_tags
from rds_enrollment.plan.observed.network import PortRange
from rds_enrollment.plan.observed.security_groups import (
    ALL_PROTOCOLS,
    EVERYWHERE,
    ManagedGroup,
    SecurityGroupRule,
    SecurityGroupUse,
)
from rds_enrollment.plan.steps import security_groups as steps

_PAGE: Any = {"PageSize": 1000}
_MAX_VALUES = 200
"""Values of one filter (EC2 API, Filter)."""
_GONE = ("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound")


def get_group(account: AwsAccount, region: str, vpc_id: str, name: str) -> ManagedGroup | None:
    """ec2:DescribeSecurityGroups by name, and its ec2:DescribeSecurityGroupRules. `use` is not read."""
    filters = [_filter("vpc-id", vpc_id), _filter("group-name", name)]
    entry = next(iter(_groups(account, region, filters, name)), None)
    if entry is None:
        return None
    group: str = entry["GroupId"]
    return ManagedGroup(
        id=group,
        vpc_id=entry.get("VpcId", ""),
        name=name,
        tags=read_tags(entry.get("Tags")),
        rules=rules_of_groups(account, region, [group]),
    )


def rules_of_owner(account: AwsAccount, region: str, mark: str) -> tuple[SecurityGroupRule, ...]:
    """ec2:DescribeSecurityGroupRules: the rules with an owner's mark, in whatever group."""
    return _find_rules(account, region, [_filter(f"tag:{OWNER_MARK}", mark)], f"security groups of {mark}")


def marked_groups(account: AwsAccount, region: str) -> tuple[ManagedGroup, ...]:
    """ec2:DescribeSecurityGroups: the groups with anybody's owner mark, by id, each with its `use` and without its
    rules."""
    found = _groups(account, region, [_filter("tag-key", OWNER_MARK)], f"with tag {OWNER_MARK}")
    return tuple(
        ManagedGroup(
            id=entry["GroupId"],
            vpc_id=entry.get("VpcId", ""),
            name=entry.get("GroupName", ""),
            tags=read_tags(entry.get("Tags")),
            use=get_use(account, region, entry["GroupId"]),
        )
        for entry in sorted(found, key=lambda entry: str(entry["GroupId"]))
    )


def marked_rules(account: AwsAccount, region: str) -> tuple[SecurityGroupRule, ...]:
    """ec2:DescribeSecurityGroupRules: the rules with anybody's owner mark."""
    return _find_rules(account, region, [_filter("tag-key", OWNER_MARK)], "marked security groups")


def rules_of_groups(
    account: AwsAccount, region: str, groups: Collection[str]
) -> tuple[SecurityGroupRule, ...]:
    """ec2:DescribeSecurityGroupRules: all rules of some groups."""
    listed = sorted(groups)
    chunks = (listed[first : first + _MAX_VALUES] for first in range(0, len(listed), _MAX_VALUES))
    return tuple(
        rule
        for chunk in chunks
        for rule in _find_rules(
            account, region, [{"Name": "group-id", "Values": chunk}], f"security groups {', '.join(chunk)}"
        )
    )


def _find_rules(
    account: AwsAccount, region: str, filters: list[Any], resource: str
) -> tuple[SecurityGroupRule, ...]:
    with translated("ec2:DescribeSecurityGroupRules", f"rules of {resource} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_security_group_rules")
        pages = paginator.paginate(Filters=filters, PaginationConfig=_PAGE)
        return tuple(_rule(entry) for page in pages for entry in page["SecurityGroupRules"])


def get_use(account: AwsAccount, region: str, group: str) -> SecurityGroupUse:
    """ec2:DescribeNetworkInterfaces and ec2:DescribeSecurityGroups: whatever names the group."""
    with translated("ec2:DescribeNetworkInterfaces", f"network interfaces with {group} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_network_interfaces")
        pages = paginator.paginate(Filters=[_filter("group-id", group)], PaginationConfig=_PAGE)
        interfaces = tuple(
            entry["NetworkInterfaceId"] for page in pages for entry in page["NetworkInterfaces"]
        )
    named = {
        entry["GroupId"]
        for name in ("ip-permission.group-id", "egress.ip-permission.group-id")
        for entry in _groups(account, region, [_filter(name, group)], group)
    }
    return SecurityGroupUse(interfaces=interfaces, groups=tuple(sorted(named - {group})))


def create_group(account: AwsAccount, step: steps.CreateSecurityGroup) -> None:
    """ec2:CreateSecurityGroup. Names are unique in a VPC: raises Conflict when this one is taken."""
    with translated("ec2:CreateSecurityGroup", step.target):
        account.client("ec2", step.region).create_security_group(
            GroupName=step.group_name,
            Description=step.description,
            VpcId=step.vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": capitalised_tags(step.tags)}],
        )


def tag(account: AwsAccount, step: steps.TagSecurityGroup) -> None:
    """ec2:CreateTags, which overwrites."""
    with translated("ec2:CreateTags", step.target):
        account.client("ec2", step.region).create_tags(
            Resources=[step.resource], Tags=capitalised_tags(step.tags)
        )


def untag(account: AwsAccount, step: steps.UntagSecurityGroup) -> None:
    """ec2:DeleteTags: tags with these keys go, whatever their values. What is gone has none."""
    with translated("ec2:DeleteTags", step.target), gone_is_done(*_GONE):
        account.client("ec2", step.region).delete_tags(
            Resources=[step.resource], Tags=[{"Key": key} for key in step.keys]
        )


def authorize_egress(account: AwsAccount, step: steps.AuthorizeSecurityGroupEgress) -> None:
    """ec2:AuthorizeSecurityGroupEgress. Raises Conflict when the rule is there."""
    with translated("ec2:AuthorizeSecurityGroupEgress", step.target):
        account.client("ec2", step.region).authorize_security_group_egress(
            GroupId=step.group,
            IpPermissions=[{"IpProtocol": ALL_PROTOCOLS, "IpRanges": [{"CidrIp": EVERYWHERE}]}],
        )


def authorize_ingress(account: AwsAccount, step: steps.AuthorizeSecurityGroupIngress) -> None:
    """ec2:AuthorizeSecurityGroupIngress with a description and tags. Raises Conflict when such a rule is there."""
    source: Any = {"GroupId": step.source, "Description": step.description}
    with translated("ec2:AuthorizeSecurityGroupIngress", step.target):
        account.client("ec2", step.region).authorize_security_group_ingress(
            GroupId=step.group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": step.port,
                    "ToPort": step.port,
                    "UserIdGroupPairs": [source],
                }
            ],
            TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": capitalised_tags(step.tags)}],
        )


def revoke_ingress(account: AwsAccount, step: steps.RevokeSecurityGroupIngress) -> None:
    """ec2:RevokeSecurityGroupIngress. Rules that are gone are revoked."""
    with translated("ec2:RevokeSecurityGroupIngress", step.target), gone_is_done(*_GONE):
        account.client("ec2", step.region).revoke_security_group_ingress(
            GroupId=step.group, SecurityGroupRuleIds=list(step.rules)
        )


def delete_group(account: AwsAccount, step: steps.DeleteSecurityGroup) -> None:
    """ec2:DeleteSecurityGroup. One that is gone is deleted. Raises Waiting while something names it."""
    with translated("ec2:DeleteSecurityGroup", step.target), gone_is_done(*_GONE):
        account.client("ec2", step.region).delete_security_group(GroupId=step.group)


def _groups(account: AwsAccount, region: str, filters: list[Any], resource: str) -> list[Any]:
    with translated("ec2:DescribeSecurityGroups", f"security group {resource} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_security_groups")
        pages = paginator.paginate(Filters=filters, PaginationConfig=_PAGE)
        return [entry for page in pages for entry in page["SecurityGroups"]]


def _filter(name: str, value: str) -> Any:
    return {"Name": name, "Values": [value]}


def _rule(entry: Mapping[str, Any]) -> SecurityGroupRule:
    peer = entry.get("CidrIpv4") or entry.get("CidrIpv6") or entry.get("PrefixListId")
    first, last = entry.get("FromPort", -1), entry.get("ToPort", -1)
    return SecurityGroupRule(
        id=entry["SecurityGroupRuleId"],
        group=entry["GroupId"],
        egress=entry["IsEgress"],
        protocol=entry["IpProtocol"],
        ports=None if first == -1 else PortRange(first, last),
        peer=peer or entry.get("ReferencedGroupInfo", {}).get("GroupId", ""),
        tags=read_tags(entry.get("Tags")),
    )
