"""What the agents of a database say of it together: a TCP connection that they try from time to time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rds_enrollment.plan.observed.teleport import DatabaseServer

_HEALTHY = "healthy"
_UNHEALTHY = "unhealthy"
_DISABLED = "disabled"
"""types.TargetHealth.status and transition_reason of Teleport's health checks (a TCP connection from the agent)."""


class Reach(StrEnum):
    """What the agents of a database say of it together."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    NOT_REPORTED = "not reported"
    NOT_CHECKED = "not checked"
    """No health_check_config of the cluster matches it."""
    TOO_OLD = "too old"
    """Its agents, or the cluster, are from before health checks."""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict of all agents of one database; `error` names the first that cannot reach it, and how many cannot if
    others can."""

    reach: Reach
    error: str = ""
    reached: bool = False
    """Whether any agent reaches it."""


def health_of(servers: Iterable[DatabaseServer], now: datetime) -> Mapping[str, Health]:
    """Health by database name, from heartbeats that have not expired. One agent that fails is enough to tell."""
    by_database: dict[str, list[DatabaseServer]] = {}
    for server in unexpired(servers, now):
        by_database.setdefault(server.database, []).append(server)
    return {name: _health(reports) for name, reports in by_database.items()}


def unexpired(servers: Iterable[DatabaseServer], now: datetime) -> Iterator[DatabaseServer]:
    """The heartbeats that still count at `now` (aware)."""
    return (server for server in servers if server.expires is None or server.expires > now)


def _health(reports: list[DatabaseServer]) -> Health:
    failing = sorted(
        (server for server in reports if server.health.status == _UNHEALTHY),
        key=lambda server: server.host_id,
    )
    reached = any(server.health.status == _HEALTHY for server in reports)
    if failing:
        return Health(Reach.UNREACHABLE, _failure(failing[0], len(failing), len(reports)), reached)
    if reached:
        return Health(Reach.REACHABLE, reached=True)
    if any(server.health.transition_reason == _DISABLED for server in reports):
        return Health(Reach.NOT_CHECKED)
    if all(not server.health.status for server in reports):
        return Health(Reach.TOO_OLD)
    return Health(Reach.NOT_REPORTED)


def _failure(server: DatabaseServer, failing: int, agents: int) -> str:
    cause = server.health.error or server.health.message or "the connection failed"
    text = f"agent {server.hostname or server.host_id}: {cause}"
    return text if failing == agents else f"{text} ({failing} of {agents} agents fail)"
