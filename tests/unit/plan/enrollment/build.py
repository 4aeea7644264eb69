"""Small worlds for the tests of the enrolment's planning: every value can be overridden."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed.aws import DbCluster, DbClusterMember, DbInstance, RdsInventory
from rds_enrollment.plan.observed.teleport import Database, DatabaseServer, RdsMetadata, TargetHealth
from rds_enrollment.plan.ownership import Owner

ACCOUNT = "123456789012"
REGION = "us-west-1"
OTHER_REGION = "eu-central-1"
VPC = "vpc-0123456789abcdef0"
OTHER_VPC = "vpc-0fedcba9876543210"
UID = "11111111-2222-3333-4444-555555555555"
OTHER_UID = "99999999-8888-7777-6666-555555555555"
OWNER = Owner("cluster-a", "rdsenroll", "teleport", "prod")
MARK = "cluster-a/rdsenroll/teleport/prod"
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)

INSTANCE = DbInstance(
    identifier="orders",
    arn="arn:aws:rds:us-west-1:123456789012:db:orders",
    resource_id="db-ORDERS",
    cluster_identifier="",
    engine="postgres",
    engine_version="16.4",
    status="available",
    endpoint="orders.abc.us-west-1.rds.amazonaws.com",
    port=5432,
    vpc_id=VPC,
    subnets=("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
    security_groups=("sg-0cccccccccccccccc",),
    iam_auth=True,
    tags={},
)
CLUSTER = DbCluster(
    identifier="events",
    arn="arn:aws:rds:us-west-1:123456789012:cluster:events",
    resource_id="cluster-EVENTS",
    engine="aurora-mysql",
    engine_version="8.0.mysql_aurora.3.08.0",
    engine_mode="provisioned",
    status="available",
    endpoint="events.cluster-abc.us-west-1.rds.amazonaws.com",
    reader_endpoint="events.cluster-ro-abc.us-west-1.rds.amazonaws.com",
    port=3306,
    members=(DbClusterMember("events-1", writer=True), DbClusterMember("events-2", writer=False)),
    security_groups=("sg-0dddddddddddddddd",),
    iam_auth=False,
    tags={},
)


def instance(identifier: str = "orders", **fields: Any) -> DbInstance:
    """A standalone PostgreSQL instance."""
    own = {
        "identifier": identifier,
        "resource_id": f"db-{identifier.upper()}",
        "endpoint": f"{identifier}.abc.us-west-1.rds.amazonaws.com",
    }
    return replace(INSTANCE, **{**own, **fields})


def member(identifier: str, cluster: str = "events", **fields: Any) -> DbInstance:
    """An instance of an Aurora cluster."""
    return instance(identifier, cluster_identifier=cluster, engine="aurora-mysql", **fields)


MEMBERS = (member("events-1"), member("events-2"))


def cluster(**fields: Any) -> DbCluster:
    """An Aurora cluster with a writer and a reader."""
    return replace(CLUSTER, **fields)


def inventory(
    instances: Iterable[DbInstance] = (), clusters: Iterable[DbCluster] = (), region: str = REGION
) -> RdsInventory:
    return RdsInventory(ACCOUNT, region, tuple(instances), tuple(clusters))


def spec(**fields: Any) -> RdsEnrollmentSpec:
    """All databases of one region, no deployment."""
    base: dict[str, Any] = {
        "integrationRef": {"name": "prod-aws"},
        "regions": [REGION],
        "databases": {"all": {}},
    }
    return RdsEnrollmentSpec.model_validate({**base, **fields})


TEMPLATE: Mapping[str, Any] = {
    "subnets": {"selector": {"tags": {"tier": "private"}}},
    "securityGroups": {"selector": {"tags": {"role": "teleport-agents"}}},
}


def wanted(*, confirmed_prune: str = "", confirmed_naming: str = "", **fields: Any) -> WantedEnrollment:
    """An enrolment with the fields of its spec."""
    return WantedEnrollment(
        owner=OWNER,
        uid=UID,
        account=ACCOUNT,
        spec=spec(**fields),
        teleport_cluster="example.teleport.sh",
        confirmed_prune=confirmed_prune,
        confirmed_naming=confirmed_naming,
    )


def world(
    *inventories: RdsInventory,
    databases: Iterable[Database] = (),
    deployments: Sequence[Mapping[str, Any]] = (),
    servers: Iterable[DatabaseServer] = (),
) -> EnrollmentWorld:
    """A world in which everything was seen."""
    return EnrollmentWorld(
        read_at=NOW,
        inventories={item.region: item for item in inventories},
        databases=tuple(databases),
        deployments=tuple(deployments),
        servers=tuple(servers),
    )


def foreign(name: str, **fields: Any) -> Database:
    """A db object that somebody else registered."""
    base = Database(
        name=name,
        description="by hand",
        labels={"teleport.dev/origin": "dynamic"},
        protocol="postgres",
        uri=f"{name}.example.com:5432",
        region="",
        account_id="",
        rds=RdsMetadata(),
    )
    return replace(base, **fields)


def server(
    database: str, status: str, *, host: str = "host-1", error: str = "", ttl: float = 60
) -> DatabaseServer:
    """An agent's report on a database; its heartbeat expires `ttl` seconds from NOW."""
    return DatabaseServer(
        database=database,
        host_id=host,
        hostname=f"ip-{host}",
        version="18.0.0",
        expires=NOW + timedelta(seconds=ttl),
        health=TargetHealth(status=status, error=error, message=""),
    )
