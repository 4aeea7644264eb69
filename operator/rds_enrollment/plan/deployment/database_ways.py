"""Everything that is known of the way from a deployment's tasks to its databases, for whoever asks about one."""

from collections.abc import Iterator
from dataclasses import dataclass

from rds_enrollment.plan.deployment.databases import targets
from rds_enrollment.plan.deployment.places import places_of_tasks, running_sources
from rds_enrollment.plan.deployment.preflight import sources
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.paths import Connection, DatabasePath, Target, connections, database_paths
from rds_enrollment.plan.network.question import Source
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.observed.teleport import Database, DatabaseServer

_MOST = 100
"""Databases that are followed hop by hop; one that is asked for by name is always."""


@dataclass(frozen=True, slots=True)
class DatabaseWay:
    """`path` and `connection` are None where RDS does not know the database, or the network was not seen."""

    database: Database
    agents: tuple[DatabaseServer, ...]
    """What agents report of it in unexpired heartbeats, by host name."""
    path: DatabasePath | None = None
    connection: Connection | None = None
    """The first one that is blocked, or else the first."""


def database_ways(
    wanted: WantedDeployment, world: DeploymentWorld, name: str | None
) -> tuple[DatabaseWay, ...]:
    """Of the databases that the agents serve, or of the one with this name among them."""
    served = [item for item in served_databases(wanted, world) if name in (None, item.name)]
    place, inventory = places_of_tasks(wanted, world), world.inventory
    if place is None or isinstance(inventory, Unseen):
        return tuple(DatabaseWay(item, _agents(world, item)) for item in served)
    vpc, picked = place
    tasks = running_sources(world, vpc, picked) or sources(picked, vpc)
    known = {target.name: target for target in targets(served[:_MOST], inventory, world)}
    paths = {path.target.name: path for path in database_paths(vpc, tasks, known.values())}
    return tuple(
        DatabaseWay(
            item, _agents(world, item), paths.get(item.name), _connection(vpc, tasks, known.get(item.name))
        )
        for item in served
    )


def _connection(vpc: Vpc, tasks: tuple[Source, ...], target: Target | None) -> Connection | None:
    if target is None:
        return None
    found = tuple(connections(vpc, tasks, target))
    return next((item for item in found if not item.verdict.open), next(iter(found), None))


def _agents(world: DeploymentWorld, database: Database) -> tuple[DatabaseServer, ...]:
    return tuple(sorted(_reports(world, database), key=lambda server: server.hostname))


def _reports(world: DeploymentWorld, database: Database) -> Iterator[DatabaseServer]:
    for server in () if isinstance(world.servers, Unseen) else world.servers:
        if server.database == database.name and (
            server.expires is None or server.expires > world.observed_at
        ):
            yield server
