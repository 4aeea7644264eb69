"""Amazon RDS: the complete listing of one account and region.

An entry without some member (an endpoint while it is created, a VPC) is listed with empty fields: it is for
the planning to skip it with a reason, and dropping it here would read as its deletion.
"""

from collections.abc import Mapping
from sys import intern
from typing import TYPE_CHECKING, Any

from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import read_tags
from rds_enrollment.plan.observed.aws import DbCluster, DbClusterMember, DbInstance, RdsInventory

if TYPE_CHECKING:
    from types_boto3_rds.client import RDSClient

INSTANCE_ENGINES = ("postgres", "mysql", "mariadb", "aurora-mysql", "aurora-postgresql")
"""The engines that Teleport enrols; those of Aurora, because members carry the VPC of their cluster."""

CLUSTER_ENGINES = ("aurora-mysql", "aurora-postgresql", "mysql", "postgres")
"""Aurora, and the clusters of RDS Multi-AZ deployments."""

_INSTANCE_MEMBERS = frozenset(
    {
        *(
            "DBInstanceIdentifier",
            "DBInstanceArn",
            "DbiResourceId",
            "DBClusterIdentifier",
            "DBInstanceStatus",
        ),
        *("Engine", "EngineVersion", "Endpoint", "DBSubnetGroup", "VpcSecurityGroups"),
        *("IAMDatabaseAuthenticationEnabled", "TagList"),
    }
)
_CLUSTER_MEMBERS = frozenset(
    {
        *("DBClusterIdentifier", "DBClusterArn", "DbClusterResourceId", "DBClusterMembers", "Status"),
        *("Engine", "EngineVersion", "EngineMode", "Endpoint", "ReaderEndpoint", "CustomEndpoints", "Port"),
        *("VpcSecurityGroups", "IAMDatabaseAuthenticationEnabled", "TagList"),
    }
)
"""Members of DBInstance and DBCluster that are read (Amazon RDS API)."""
_INNER_MEMBERS = {
    "Endpoint": frozenset({"Address", "Port"}),
    "DBSubnetGroup": frozenset({"VpcId", "Subnets"}),
    "Subnets": frozenset({"SubnetIdentifier"}),
    "VpcSecurityGroups": frozenset({"VpcSecurityGroupId"}),
}
"""The same of what is in them, by the member that it is in."""

_PAGE: Any = {"PageSize": 100}
"""The most that AWS gives in one answer (MaxRecords)."""


def inventory(account: AwsAccount, region: str) -> RdsInventory:
    """rds:DescribeDBInstances and rds:DescribeDBClusters, all pages of both or an `Outcome`."""
    return RdsInventory(
        account=account.identity().account,
        region=region,
        instances=instances(account, region),
        clusters=clusters(account, region),
    )


def instances(account: AwsAccount, region: str) -> tuple[DbInstance, ...]:
    """rds:DescribeDBInstances, all pages or an `Outcome`."""
    with translated("rds:DescribeDBInstances", f"RDS instances in {region}"):
        client = account.client("rds", region)
        _parse_only(client, "DescribeDBInstances", "DBInstances", _INSTANCE_MEMBERS)
        paginator = client.get_paginator("describe_db_instances")
        pages = paginator.paginate(Filters=_engines(INSTANCE_ENGINES), PaginationConfig=_PAGE)
        return tuple(_instance(entry) for page in pages for entry in page["DBInstances"])


def clusters(account: AwsAccount, region: str) -> tuple[DbCluster, ...]:
    """rds:DescribeDBClusters, all pages or an `Outcome`."""
    with translated("rds:DescribeDBClusters", f"RDS clusters in {region}"):
        client = account.client("rds", region)
        _parse_only(client, "DescribeDBClusters", "DBClusters", _CLUSTER_MEMBERS)
        paginator = client.get_paginator("describe_db_clusters")
        pages = paginator.paginate(Filters=_engines(CLUSTER_ENGINES), PaginationConfig=_PAGE)
        return tuple(_cluster(entry) for page in pages for entry in page["DBClusters"])


def _parse_only(client: "RDSClient", operation: str, entries: str, members: frozenset[str]) -> None:
    """Have botocore parse these members of an entry alone: the others are most of an answer, and of the time."""
    shape: Any = client.meta.service_model.operation_model(operation).output_shape
    _narrow(shape.members[entries].member, members)


def _narrow(structure: Any, members: frozenset[str]) -> None:
    known = structure.members
    for name in known.keys() - members:
        known.pop(name, None)
    for name in known.keys() & _INNER_MEMBERS.keys():
        inner = known[name].member if known[name].type_name == "list" else known[name]
        if inner.type_name == "structure":  # an Endpoint of a cluster is a string
            _narrow(inner, _INNER_MEMBERS[name])


def _engines(engines: tuple[str, ...]) -> list[Any]:
    return [{"Name": "engine", "Values": list(engines)}]


def _instance(entry: Mapping[str, Any]) -> DbInstance:
    """What thousands of databases have in common is kept once."""
    endpoint = entry.get("Endpoint") or {}
    subnet_group = entry.get("DBSubnetGroup") or {}
    return DbInstance(
        identifier=entry.get("DBInstanceIdentifier", ""),
        arn=entry.get("DBInstanceArn", ""),
        resource_id=entry.get("DbiResourceId", ""),
        cluster_identifier=entry.get("DBClusterIdentifier", ""),
        engine=intern(entry.get("Engine", "")),
        engine_version=intern(entry.get("EngineVersion", "")),
        status=intern(entry.get("DBInstanceStatus", "")),
        endpoint=endpoint.get("Address", ""),
        port=endpoint.get("Port", 0),
        vpc_id=intern(subnet_group.get("VpcId", "")),
        subnets=_values(subnet_group.get("Subnets"), "SubnetIdentifier"),
        security_groups=_values(entry.get("VpcSecurityGroups"), "VpcSecurityGroupId"),
        iam_auth=entry.get("IAMDatabaseAuthenticationEnabled", False),
        tags=read_tags(entry.get("TagList")),
    )


def _cluster(entry: Mapping[str, Any]) -> DbCluster:
    return DbCluster(
        identifier=entry.get("DBClusterIdentifier", ""),
        arn=entry.get("DBClusterArn", ""),
        resource_id=entry.get("DbClusterResourceId", ""),
        engine=entry.get("Engine", ""),
        engine_version=entry.get("EngineVersion", ""),
        engine_mode=entry.get("EngineMode", ""),
        status=entry.get("Status", ""),
        endpoint=entry.get("Endpoint", ""),
        reader_endpoint=entry.get("ReaderEndpoint", ""),
        port=entry.get("Port", 0),
        members=tuple(_member(member) for member in entry.get("DBClusterMembers") or ()),
        security_groups=_values(entry.get("VpcSecurityGroups"), "VpcSecurityGroupId"),
        iam_auth=entry.get("IAMDatabaseAuthenticationEnabled", False),
        tags=read_tags(entry.get("TagList")),
        custom_endpoints=tuple(entry.get("CustomEndpoints") or ()),
    )


def _member(entry: Mapping[str, Any]) -> DbClusterMember:
    return DbClusterMember(
        instance_identifier=entry.get("DBInstanceIdentifier", ""), writer=entry.get("IsClusterWriter", False)
    )


def _values(entries: list[Mapping[str, Any]] | None, key: str) -> tuple[str, ...]:
    return tuple(intern(entry[key]) for entry in entries or () if entry.get(key))
