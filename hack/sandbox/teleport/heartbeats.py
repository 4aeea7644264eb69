"""What a joined Database Service publishes about itself and about each database that it serves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.heartbeat_pb2 import (
    DatabaseResourceMatcher,
    DatabaseServerSpecV3,
    DatabaseServerStatusV3,
    DatabaseServerV3,
    DatabaseServiceSpecV1,
    DatabaseServiceV1,
    TargetHealth,
)
from rds_enrollment.teleport.wire.resource_pb2 import Metadata, ResourceHeader
from rds_enrollment.teleport.wire.wrappers_pb2 import LabelValues, StringValues

from hack.sandbox.aws.tasks import Reachability
from hack.sandbox.teleport.labels import LabelSelector
from hack.sandbox.teleport.validation.metadata import DEFAULT_NAMESPACE

AWS_OIDC_AGENT_LABEL = "teleport.dev/awsoidc-agent"
"""`true` on agents that were deployed by way of an AWS OIDC integration (Teleport api/types/constants.go)."""

HEALTHY, UNHEALTHY = "healthy", "unhealthy"


@dataclass(frozen=True)
class Host:
    """The agent as its heartbeats name it."""

    host_id: str
    hostname: str
    version: str
    deployed_by_integration: bool
    selectors: tuple[LabelSelector, ...]
    """The label selectors of db_service.resources."""


def database_service(host: Host, expires: datetime) -> DatabaseServiceV1:
    """The `db_service` of an agent, named by its host id."""
    labels = {AWS_OIDC_AGENT_LABEL: "true"} if host.deployed_by_integration else {}
    metadata = Metadata(
        Name=host.host_id, Namespace=DEFAULT_NAMESPACE, Labels=labels, Expires=_timestamp(expires)
    )
    return DatabaseServiceV1(
        Header=ResourceHeader(Kind="db_service", Version="v1", Metadata=metadata),
        Spec=DatabaseServiceSpecV1(Hostname=host.hostname, ResourceMatchers=_matchers(host.selectors)),
    )


def _matchers(selectors: Iterable[LabelSelector]) -> list[DatabaseResourceMatcher]:
    return [
        DatabaseResourceMatcher(
            Labels=LabelValues(Values={key: StringValues(Values=values) for key, values in selector.items()})
        )
        for selector in selectors
    ]


def database_server(
    host: Host, database: DatabaseV3, health: TargetHealth, expires: datetime
) -> DatabaseServerV3:
    """The `db_server` of an agent for one database, named by the database."""
    return DatabaseServerV3(
        Kind="db_server",
        Version="v3",
        Metadata=Metadata(
            Name=database.Metadata.Name, Namespace=DEFAULT_NAMESPACE, Expires=_timestamp(expires)
        ),
        Spec=DatabaseServerSpecV3(
            Version=host.version, Hostname=host.hostname, HostID=host.host_id, Database=database
        ),
        Status=DatabaseServerStatusV3(TargetHealth=health),
    )


def target_health(
    address: str, reach: Reachability, now: datetime, last: TargetHealth | None
) -> TargetHealth:
    """Result of one TCP check (Teleport lib/healthcheck).

    The first result counts at once, and so does each later one here: the thresholds of a health_check_config are not
    simulated. The time of the transition stays while the status does.
    """
    health = TargetHealth(
        Address=address,
        Protocol="TCP",
        Status=HEALTHY if reach.ok else UNHEALTHY,
        TransitionReason="threshold_reached",
        TransitionError=reach.error,
        Message=f"1 health check {'passed' if reach.ok else 'failed'}",
    )
    if last is not None and last.Status == health.Status:
        health.TransitionTimestamp.CopyFrom(last.TransitionTimestamp)
    else:
        health.TransitionTimestamp.CopyFrom(_timestamp(now))
    return health


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
