"""Everything that is known of the way from a deployment's tasks to its databases, for whoever asks about one."""

from dataclasses import dataclass

from rds_enrollment.plan.database_health import unexpired
from rds_enrollment.plan.deployment.databases import targets
from rds_enrollment.plan.deployment.places import places_of_tasks, running_sources
from rds_enrollment.plan.deployment.preflight import sources
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.paths import Connection, DatabasePath, database_paths, telling_connections
from rds_enrollment.plan.observed import Unseen
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
    known = tuple(targets(served[:_MOST], inventory, world))
    paths = {path.target.name: path for path in database_paths(vpc, tasks, known)}
    telling = {target.name: connection for target, connection in telling_connections(vpc, tasks, known)}
    return tuple(
        DatabaseWay(item, _agents(world, item), paths.get(item.name), telling.get(item.name))
        for item in served
    )


def _agents(world: DeploymentWorld, database: Database) -> tuple[DatabaseServer, ...]:
    servers = () if isinstance(world.servers, Unseen) else unexpired(world.servers, world.observed_at)
    own = (server for server in servers if server.database == database.name)
    return tuple(sorted(own, key=lambda server: server.hostname))
