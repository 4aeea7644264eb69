"""From an inventory to candidates: the endpoints that Teleport can serve, and why the others are left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from rds_enrollment.api.databases import DatabaseKind
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment import obstacles
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
_NOT_RDS_ENGINES = ("docdb", "neptune")
"""Amazon DocumentDB and Neptune, which share the listing."""
_CUSTOM = ".cluster-custom-"
"""What follows the name of a custom endpoint in its address (Amazon Aurora User Guide, "Aurora endpoint types")."""


class EndpointType(StrEnum):
    """Value of the label `endpoint-type` (Teleport lib/srv/discovery/common/database.go)."""

    INSTANCE = "instance"
    PRIMARY = "primary"
    READER = "reader"
    CUSTOM = "custom"


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


EndpointKey: TypeAlias = tuple[RdsResource, EndpointType, str]


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
    custom_name: str = ""
    """Name of a custom endpoint."""
    certified_host: str = ""
    """The host that the database's certificate names, when that is another one than `host`."""

    @property
    def key(self) -> EndpointKey:
        """What tells it apart from all others; sorts as equal claims to a name are decided."""
        return self.resource, self.endpoint_type, self.host


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An instance or cluster (or one endpoint of it) that exists and is left out."""

    resource: RdsResource
    vpc_id: str
    reason: Reason
    message: str
    name: str = ""
    """The name that it would have in Teleport; empty when it was not looked at."""
    candidate: Candidate | None = None
    """The one endpoint that is left out; None when the whole resource is."""


Found: TypeAlias = Candidate | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class RdsDatabase:
    """An instance or cluster with what it is chosen by, and its endpoints."""

    resource: RdsResource
    engine: str
    vpc_id: str
    """Empty when RDS names none."""
    tags: Tags
    endpoints: tuple[Found, ...]


def discover(inventory: RdsInventory) -> Iterator[RdsDatabase]:
    """Every instance and cluster, in a stable order.

    Members of a cluster are endpoints of that cluster, not databases of their own.
    """
    members = _members_by_cluster(inventory.instances)
    for instance in sorted(inventory.instances, key=lambda instance: instance.identifier):
        if not instance.cluster_identifier and instance.engine not in _NOT_RDS_ENGINES:
            yield _instance(inventory, instance)
    for cluster in sorted(inventory.clusters, key=lambda cluster: cluster.identifier):
        if cluster.engine not in _NOT_RDS_ENGINES:
            yield _cluster(inventory, cluster, members.get(cluster.identifier, ()))


def _members_by_cluster(instances: Iterable[DbInstance]) -> dict[str, list[DbInstance]]:
    members: dict[str, list[DbInstance]] = {}
    for instance in instances:
        if instance.cluster_identifier:
            members.setdefault(instance.cluster_identifier, []).append(instance)
    return members


def _instance(inventory: RdsInventory, instance: DbInstance) -> RdsDatabase:
    resource = RdsResource(
        region=inventory.region,
        account=inventory.account,
        kind=DatabaseKind.INSTANCE,
        identifier=instance.identifier,
        resource_id=instance.resource_id,
    )
    return RdsDatabase(
        resource=resource,
        engine=instance.engine,
        vpc_id=instance.vpc_id,
        tags=instance.tags,
        endpoints=(_instance_endpoint(resource, instance),),
    )


def _instance_endpoint(resource: RdsResource, instance: DbInstance) -> Found:
    obstacle = obstacles.of_instance(instance)
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


def _cluster(inventory: RdsInventory, cluster: DbCluster, members: Sequence[DbInstance]) -> RdsDatabase:
    resource = RdsResource(
        region=inventory.region,
        account=inventory.account,
        kind=DatabaseKind.CLUSTER,
        identifier=cluster.identifier,
        resource_id=cluster.resource_id,
    )
    place = _place(members)
    return RdsDatabase(
        resource=resource,
        engine=cluster.engine,
        vpc_id=place.vpc_id if place else "",
        tags=cluster.tags,
        endpoints=tuple(_cluster_endpoints(resource, cluster, place)),
    )


def _place(members: Sequence[DbInstance]) -> DbInstance | None:
    """The member whose subnet group stands for the cluster's, since DescribeDBClusters tells neither its VPC nor
    its subnets."""
    return min(members, key=lambda member: (not member.vpc_id, member.identifier), default=None)


def _cluster_endpoints(
    resource: RdsResource, cluster: DbCluster, place: DbInstance | None
) -> Iterator[Found]:
    obstacle = obstacles.of_cluster(cluster, place)
    if obstacle or place is None:
        reason, message = obstacle or obstacles.NO_INSTANCES
        vpc_id = place.vpc_id if place else ""
        yield Skipped(resource=resource, vpc_id=vpc_id, reason=reason, message=message)
        return
    yield _cluster_endpoint(resource, cluster, place, EndpointType.PRIMARY, cluster.endpoint)
    if cluster.reader_endpoint and not all(member.writer for member in cluster.members):
        yield _cluster_endpoint(resource, cluster, place, EndpointType.READER, cluster.reader_endpoint)
    for host in sorted(cluster.custom_endpoints):
        yield _cluster_endpoint(resource, cluster, place, EndpointType.CUSTOM, host)


def _cluster_endpoint(
    resource: RdsResource, cluster: DbCluster, place: DbInstance, endpoint_type: EndpointType, host: str
) -> Candidate:
    is_custom = endpoint_type is EndpointType.CUSTOM
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
        custom_name=host.partition(_CUSTOM)[0].partition(".")[0] if is_custom else "",
        certified_host=cluster.endpoint if is_custom else "",
    )
