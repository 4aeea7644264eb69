"""From an inventory to candidates: the endpoints that Teleport can serve, and why the others are left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from rds_enrollment.api.rds_enrollment import DatabaseKind
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.availability import is_cluster_available, is_instance_available
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, RdsInventory, Tags

PROTOCOLS: Mapping[str, str] = MappingProxyType(
    {
        "postgres": "postgres",
        "mysql": "mysql",
        "mariadb": "mysql",
        "aurora-postgresql": "postgres",
        "aurora-mysql": "mysql",
    }
)
"""Teleport's database protocol by RDS engine (Teleport lib/srv/discovery/common/database.go)."""
_INSTANCE_ENGINES = ("postgres", "mysql", "mariadb")
_AURORA_ENGINES = ("aurora-postgresql", "aurora-mysql")
_MULTI_AZ_ENGINES = ("postgres", "mysql")
_NOT_RDS_ENGINES = ("docdb", "neptune")
"""Amazon DocumentDB and Neptune, which share the listing."""
_MARIADB_MINIMUM = (10, 6)
"""The first MariaDB with IAM authentication in RDS; Teleport serves none before."""


class EndpointType(StrEnum):
    """Value of the label `endpoint-type` (Teleport lib/srv/discovery/common/database.go)."""

    INSTANCE = "instance"
    PRIMARY = "primary"
    READER = "reader"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RdsResource:
    """An RDS instance or cluster. The order is the one in which equal claims to a name are decided."""

    region: str
    account: str
    kind: DatabaseKind
    identifier: str
    resource_id: str

    def __str__(self) -> str:
        return f"{self.kind.value.lower()} {self.identifier} in {self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One endpoint that can be a db object."""

    resource: RdsResource
    endpoint_type: EndpointType
    engine: str
    engine_version: str
    status: str
    host: str
    port: int
    vpc_id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    iam_auth: bool
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An instance or cluster (or one endpoint of it) that exists and is left out."""

    resource: RdsResource
    vpc_id: str
    reason: Reason
    message: str
    name: str = ""
    """The name that it would have in Teleport; empty when it was not looked at."""


Found: TypeAlias = Candidate | Skipped


def discover(inventory: RdsInventory) -> tuple[Found, ...]:
    """Every endpoint of every instance and cluster, in a stable order.

    Members of a cluster are endpoints of that cluster, not of their own.
    """
    members = _members_by_cluster(inventory.instances)
    found: list[Found] = []
    for instance in sorted(inventory.instances, key=lambda instance: instance.identifier):
        if not instance.cluster_identifier and instance.engine not in _NOT_RDS_ENGINES:
            found.append(_instance(inventory, instance))
    for cluster in sorted(inventory.clusters, key=lambda cluster: cluster.identifier):
        if cluster.engine not in _NOT_RDS_ENGINES:
            found.extend(_cluster(inventory, cluster, members.get(cluster.identifier, ())))
    return tuple(found)


def _members_by_cluster(instances: Iterable[DbInstance]) -> dict[str, list[DbInstance]]:
    members: dict[str, list[DbInstance]] = {}
    for instance in instances:
        if instance.cluster_identifier:
            members.setdefault(instance.cluster_identifier, []).append(instance)
    return members


def _instance(inventory: RdsInventory, instance: DbInstance) -> Found:
    resource = RdsResource(
        region=inventory.region,
        account=inventory.account,
        kind=DatabaseKind.INSTANCE,
        identifier=instance.identifier,
        resource_id=instance.resource_id,
    )
    obstacle = _instance_obstacle(instance)
    if obstacle:
        reason, message = obstacle
        return Skipped(resource=resource, vpc_id=instance.vpc_id, reason=reason, message=message)
    return Candidate(
        resource=resource,
        endpoint_type=EndpointType.INSTANCE,
        engine=instance.engine,
        engine_version=instance.engine_version,
        status=instance.status,
        host=instance.endpoint,
        port=instance.port,
        vpc_id=instance.vpc_id,
        subnets=instance.subnets,
        security_groups=instance.security_groups,
        iam_auth=instance.iam_auth,
        tags=instance.tags,
    )


def _instance_obstacle(instance: DbInstance) -> tuple[Reason, str] | None:
    if instance.engine not in _INSTANCE_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, f"Engine {instance.engine} is not one that is enrolled."
    if instance.engine == "mariadb" and _major_minor(instance.engine_version) < _MARIADB_MINIMUM:
        return (
            Reason.UNSUPPORTED_VERSION,
            f"MariaDB {instance.engine_version} has no IAM authentication in RDS. Upgrade it to 10.6 or newer.",
        )
    if not is_instance_available(instance.status):
        return Reason.NOT_AVAILABLE, f"Its status in RDS is {instance.status}."
    if not instance.endpoint or not instance.port:
        return Reason.NO_ENDPOINT, "RDS has not assigned an endpoint yet."
    if not instance.vpc_id:
        return Reason.NO_VPC, "RDS names no VPC for it; agents are matched by VPC."
    return None


def _cluster(inventory: RdsInventory, cluster: DbCluster, members: Sequence[DbInstance]) -> tuple[Found, ...]:
    resource = RdsResource(
        region=inventory.region,
        account=inventory.account,
        kind=DatabaseKind.CLUSTER,
        identifier=cluster.identifier,
        resource_id=cluster.resource_id,
    )
    place = _place(members)
    obstacle = _cluster_obstacle(cluster, place)
    if obstacle or place is None:
        reason, message = obstacle or _NO_INSTANCES
        vpc_id = place.vpc_id if place else ""
        return (Skipped(resource=resource, vpc_id=vpc_id, reason=reason, message=message),)
    primary = _cluster_endpoint(resource, cluster, place, EndpointType.PRIMARY, cluster.endpoint)
    if not cluster.reader_endpoint or all(member.writer for member in cluster.members):
        return (primary,)
    return primary, _cluster_endpoint(resource, cluster, place, EndpointType.READER, cluster.reader_endpoint)


def _cluster_endpoint(
    resource: RdsResource, cluster: DbCluster, place: DbInstance, endpoint_type: EndpointType, host: str
) -> Candidate:
    return Candidate(
        resource=resource,
        endpoint_type=endpoint_type,
        engine=cluster.engine,
        engine_version=cluster.engine_version,
        status=cluster.status,
        host=host,
        port=cluster.port,
        vpc_id=place.vpc_id,
        subnets=place.subnets,
        security_groups=cluster.security_groups,
        iam_auth=cluster.iam_auth,
        tags=cluster.tags,
    )


def _place(members: Sequence[DbInstance]) -> DbInstance | None:
    """The member whose subnet group stands for the cluster's, since DescribeDBClusters tells neither its VPC nor
    its subnets."""
    return min(members, key=lambda member: (not member.vpc_id, member.identifier), default=None)


_NO_INSTANCES = (Reason.NO_INSTANCES, "The cluster has no instances, hence no VPC and nothing to connect to.")


def _cluster_obstacle(cluster: DbCluster, place: DbInstance | None) -> tuple[Reason, str] | None:
    if cluster.engine in _MULTI_AZ_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, "Multi-AZ DB clusters are not enrolled, only Aurora clusters are."
    if cluster.engine not in _AURORA_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, f"Engine {cluster.engine} is not one that is enrolled."
    if cluster.engine_mode == "serverless":
        return Reason.UNSUPPORTED_VERSION, "Aurora Serverless v1 has no IAM authentication. Migrate it to v2."
    if not is_cluster_available(cluster.status):
        return Reason.NOT_AVAILABLE, f"Its status in RDS is {cluster.status}."
    if place is None:
        return _NO_INSTANCES
    if not cluster.endpoint or not cluster.port:
        return Reason.NO_ENDPOINT, "RDS has not assigned an endpoint yet."
    if not place.vpc_id:
        return (
            Reason.NO_VPC,
            f"RDS names no VPC for its instance {place.identifier}; agents are matched by VPC.",
        )
    return None


def _major_minor(version: str) -> tuple[int, ...]:
    """The first two numbers of an engine version. One that cannot be read counts as new enough."""
    parts = version.split(".")[:2]
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return _MARIADB_MINIMUM
    return tuple(int(part) for part in parts)
