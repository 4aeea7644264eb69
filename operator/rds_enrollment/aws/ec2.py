"""AWS EC2: the subnets and security groups that tasks may use, and the DNS of their VPC.

Reads go by filter, never by the id parameters: with those, one id that does not exist fails the whole call.
"""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import read_tags
from rds_enrollment.plan.observed.aws import SecurityGroup, Subnet
from rds_enrollment.plan.observed.network import VpcDns

_PAGE: Any = {"PageSize": 1000}
_NO_DHCP_OPTIONS = "default"
"""The DhcpOptionsId of a VPC that has no DHCP options (EC2 API, "Vpc")."""


def get_subnets(account: AwsAccount, region: str, ids: Collection[str]) -> tuple[Subnet, ...]:
    """ec2:DescribeSubnets by id, in whatever VPC. Ids that do not exist are missing from the result."""
    if not ids:
        return ()
    found = _describe_subnets(account, region, _filter("subnet-id", ids), f"subnets {', '.join(sorted(ids))}")
    return tuple(subnet for subnet in found if subnet.id in ids)


def find_subnets(
    account: AwsAccount, region: str, vpc_id: str, tags: Mapping[str, str]
) -> tuple[Subnet, ...]:
    """ec2:DescribeSubnets of one VPC, those that carry all of `tags`."""
    found = _describe_subnets(account, region, _in_vpc(vpc_id, tags), f"subnets of {vpc_id}")
    return tuple(subnet for subnet in found if tags.items() <= subnet.tags.items())


def get_security_groups(account: AwsAccount, region: str, ids: Collection[str]) -> tuple[SecurityGroup, ...]:
    """ec2:DescribeSecurityGroups by id, in whatever VPC. Ids that do not exist are missing from the result."""
    if not ids:
        return ()
    found = _describe_groups(
        account, region, _filter("group-id", ids), f"security groups {', '.join(sorted(ids))}"
    )
    return tuple(group for group in found if group.id in ids)


def find_security_groups(
    account: AwsAccount, region: str, vpc_id: str, tags: Mapping[str, str]
) -> tuple[SecurityGroup, ...]:
    """ec2:DescribeSecurityGroups of one VPC, those that carry all of `tags`."""
    found = _describe_groups(account, region, _in_vpc(vpc_id, tags), f"security groups of {vpc_id}")
    return tuple(group for group in found if tags.items() <= group.tags.items())


def get_vpc_dns(account: AwsAccount, region: str, vpc_id: str) -> VpcDns:
    """ec2:DescribeVpcAttribute, and only where DNS resolution is off what the DHCP options name instead.

    Raises:
        Outcome: also where the operator has no right to ask, which it does not need.
    """
    client, resource = account.client("ec2", region), f"the DNS of {vpc_id} in {region}"
    with translated("ec2:DescribeVpcAttribute", resource):
        attribute = client.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")
    if attribute["EnableDnsSupport"].get("Value", True):
        return VpcDns(support=True)
    with translated("ec2:DescribeVpcs", resource):
        vpcs = client.describe_vpcs(Filters=_filter("vpc-id", [vpc_id]))["Vpcs"]
    ids = [vpc.get("DhcpOptionsId", "") for vpc in vpcs]
    with translated("ec2:DescribeDhcpOptions", resource):
        options = client.describe_dhcp_options(Filters=_filter("dhcp-options-id", ids))["DhcpOptions"]
    return VpcDns(
        support=False,
        servers=_dns_servers(options) if options or ids == [_NO_DHCP_OPTIONS] else None,
        cidr=next((ip_network(vpc["CidrBlock"]) for vpc in vpcs), None),
    )


def _dns_servers(options: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    items = (item for entry in options for item in entry.get("DhcpConfigurations", ()))
    return tuple(
        value["Value"] for item in items if item["Key"] == "domain-name-servers" for value in item["Values"]
    )


def _describe_subnets(
    account: AwsAccount, region: str, filters: list[Any], resource: str
) -> tuple[Subnet, ...]:
    with translated("ec2:DescribeSubnets", f"{resource} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_subnets")
        pages = list(paginator.paginate(Filters=filters, PaginationConfig=_PAGE))
    return tuple(_subnet(entry) for page in pages for entry in page["Subnets"])


def _describe_groups(
    account: AwsAccount, region: str, filters: list[Any], resource: str
) -> tuple[SecurityGroup, ...]:
    with translated("ec2:DescribeSecurityGroups", f"{resource} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_security_groups")
        pages = list(paginator.paginate(Filters=filters, PaginationConfig=_PAGE))
    return tuple(_security_group(entry) for page in pages for entry in page["SecurityGroups"])


def _in_vpc(vpc_id: str, tags: Mapping[str, str]) -> list[Any]:
    filters = _filter("vpc-id", [vpc_id])
    for key, value in sorted(tags.items()):
        filters += _filter(f"tag:{key}", [value])
    return filters


def _filter(name: str, values: Collection[str]) -> list[Any]:
    r"""One filter. `*` and `?` in a value match more than themselves, so callers compare the results exactly;
    a backslash would match less than itself and is escaped (EC2 API, "Filter")."""
    return [{"Name": name, "Values": [value.replace("\\", "\\\\") for value in sorted(values)]}]


def _subnet(entry: Mapping[str, Any]) -> Subnet:
    return Subnet(
        id=entry["SubnetId"],
        vpc_id=entry.get("VpcId", ""),
        availability_zone=entry.get("AvailabilityZone", ""),
        tags=read_tags(entry.get("Tags")),
    )


def _security_group(entry: Mapping[str, Any]) -> SecurityGroup:
    return SecurityGroup(
        id=entry["GroupId"],
        vpc_id=entry.get("VpcId", ""),
        name=entry.get("GroupName", ""),
        tags=read_tags(entry.get("Tags")),
    )
