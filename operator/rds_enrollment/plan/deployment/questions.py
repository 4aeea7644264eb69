"""What AWS's Reachability Analyzer could be asked about databases that are not reached: one question for each distinct
cause, whatever the number of databases that share it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from rds_enrollment.plan.deployment.databases import MAX_JUDGED, database_troubles
from rds_enrollment.plan.deployment.places import places_of_tasks, running_sources
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.paths import Connection, telling_connections

_INTERFACE = "eni-"
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`cause` is a digest of all that the answer depends on: groups, subnets and port."""

    cause: str
    source: str
    """Network interface of a task that runs."""
    destination: str
    """Network interface that RDS made for the database."""
    port: int
    databases: int
    """How many have this cause."""


def questions(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Question, ...]:
    """The causes of most databases first. Without a task that runs there is nothing to ask about."""
    by_cause: dict[str, list[Connection]] = {}
    for connection in _connections(wanted, world):
        by_cause.setdefault(_cause(connection), []).append(connection)
    ordered = sorted(by_cause, key=lambda cause: (-len(by_cause[cause]), cause))
    return tuple(_question(cause, by_cause[cause]) for cause in ordered)


def _question(cause: str, connections: list[Connection]) -> Question:
    one = connections[0]
    return Question(
        cause=cause,
        source=one.source.interface,
        destination=one.end.name,
        port=one.end.port,
        databases=len(connections),
    )


def _connections(wanted: WantedDeployment, world: DeploymentWorld) -> Iterator[Connection]:
    """The telling one of each database that fails."""
    place = places_of_tasks(wanted, world)
    if place is None:
        return
    vpc, picked = place
    failing = [item.path.target for item in database_troubles(wanted, world) if item.path and item.fails]
    tasks = [source for source in running_sources(world, vpc, picked) if source.interface]
    tasks.sort(key=lambda source: source.interface)
    for _, connection in telling_connections(vpc, tasks, failing[:MAX_JUDGED]):
        if connection.end.name.startswith(_INTERFACE):
            yield connection


def _cause(connection: Connection) -> str:
    source, end = connection.source, connection.end
    facts = (
        sorted(source.security_groups),
        sorted(end.security_groups),
        (source.subnet, end.subnet),
        end.port,
    )
    return sha256(json.dumps(facts).encode()).hexdigest()[:_DIGITS]
