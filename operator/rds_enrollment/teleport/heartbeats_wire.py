"""Heartbeats from their wire messages (types.DatabaseServiceV1, types.DatabaseServerV3)."""

from collections.abc import Mapping

from rds_enrollment.plan.observed.teleport import Agent, DatabaseServer, TargetHealth
from rds_enrollment.teleport.metadata_wire import expiry
from rds_enrollment.teleport.wire.heartbeat_pb2 import (
    DatabaseResourceMatcher,
    DatabaseServerV3,
    DatabaseServiceV1,
)


def read_agent(message: DatabaseServiceV1) -> Agent:
    """The value of a `db_service`."""
    return Agent(
        host_id=message.Header.Metadata.Name,
        hostname=message.Spec.Hostname,
        matchers=tuple(map(_read_matcher, message.Spec.ResourceMatchers)),
        expires=expiry(message.Header.Metadata),
    )


def read_database_server(message: DatabaseServerV3) -> DatabaseServer:
    """The value of a `db_server`. Agents that do not check health leave its status empty."""
    health = message.Status.TargetHealth
    return DatabaseServer(
        database=message.Metadata.Name,
        host_id=message.Spec.HostID,
        hostname=message.Spec.Hostname,
        version=message.Spec.Version,
        expires=expiry(message.Metadata),
        health=TargetHealth(
            status=health.Status,
            error=health.TransitionError,
            message=health.Message,
            transition_reason=health.TransitionReason,
        ),
    )


def _read_matcher(message: DatabaseResourceMatcher) -> Mapping[str, tuple[str, ...]]:
    return {label: tuple(values.Values) for label, values in message.Labels.Values.items()}
