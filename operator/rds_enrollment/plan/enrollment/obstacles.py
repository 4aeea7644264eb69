"""Why an instance or cluster that exists cannot be enrolled."""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.availability import is_cluster_available, is_instance_available
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance

Obstacle = tuple[Reason, str]
"""A reason, and what people can do about it."""

INSTANCE_ENGINES = ("postgres", "mysql", "mariadb")
AURORA_ENGINES = ("aurora-postgresql", "aurora-mysql")
_MULTI_AZ_ENGINES = ("postgres", "mysql")
_MARIADB_MINIMUM = (10, 6)
"""The first MariaDB with IAM authentication in RDS; Teleport serves none before."""
_PARALLEL_QUERY_VERSIONS = frozenset({"1.22.2", "1.20.1", "1.19.6", "5.6.10a"})
"""Aurora MySQL versions without IAM authentication in engine mode parallelquery (Teleport lib/cloud/aws/aws.go)."""
NO_INSTANCES = (Reason.NO_INSTANCES, "The cluster has no instances, hence no VPC and nothing to connect to.")
_NO_ENDPOINT = (Reason.NO_ENDPOINT, "RDS has not assigned an endpoint yet.")


def of_instance(instance: DbInstance) -> Obstacle | None:
    """What is in the way of a DB instance; None when nothing is."""
    if instance.engine not in INSTANCE_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, f"Engine {instance.engine} is not one that is enrolled."
    if instance.engine == "mariadb" and _major_minor(instance.engine_version) < _MARIADB_MINIMUM:
        return (
            Reason.UNSUPPORTED_VERSION,
            f"MariaDB {instance.engine_version} has no IAM authentication in RDS. Upgrade it to 10.6 or newer.",
        )
    if not is_instance_available(instance.status):
        return Reason.NOT_AVAILABLE, f"Its status in RDS is {instance.status}."
    if not instance.endpoint or not instance.port:
        return _NO_ENDPOINT
    if not instance.vpc_id:
        return Reason.NO_VPC, "RDS names no VPC for it; agents are matched by VPC."
    return None


def of_cluster(cluster: DbCluster, place: DbInstance | None) -> Obstacle | None:
    """What is in the way of a DB cluster; `place` is the member whose VPC stands for the cluster's, if it has one."""
    if cluster.engine in _MULTI_AZ_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, "Multi-AZ DB clusters are not enrolled, only Aurora clusters are."
    if cluster.engine not in AURORA_ENGINES:
        return Reason.UNSUPPORTED_ENGINE, f"Engine {cluster.engine} is not one that is enrolled."
    if cluster.engine_mode == "serverless":
        return Reason.UNSUPPORTED_VERSION, "Aurora Serverless v1 has no IAM authentication. Migrate it to v2."
    if cluster.engine_mode == "parallelquery" and _aurora_version(cluster) in _PARALLEL_QUERY_VERSIONS:
        return (
            Reason.UNSUPPORTED_VERSION,
            f"Aurora MySQL {cluster.engine_version} with parallel query has no IAM authentication. Upgrade it.",
        )
    if not is_cluster_available(cluster.status):
        return Reason.NOT_AVAILABLE, f"Its status in RDS is {cluster.status}."
    if place is None:
        return NO_INSTANCES
    if not cluster.endpoint or not cluster.port:
        return _NO_ENDPOINT
    if not place.vpc_id:
        return (
            Reason.NO_VPC,
            f"RDS names no VPC for its instance {place.identifier}; agents are matched by VPC.",
        )
    return None


def _aurora_version(cluster: DbCluster) -> str:
    """The part after the community version: 5.6.mysql_aurora.1.22.2 is Aurora MySQL 1.22.2."""
    return cluster.engine_version.rpartition("mysql_aurora.")[2]


def _major_minor(version: str) -> tuple[int, ...]:
    """The first two numbers of an engine version. One that cannot be read counts as new enough."""
    parts = version.split(".")[:2]
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return _MARIADB_MINIMUM
    return tuple(int(part) for part in parts)
