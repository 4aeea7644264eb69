"""The databases of a deployment: what its agents say of them, and whether the network lets its tasks through."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rds_enrollment.api.base import clip
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.database_health import Health, Reach, health_of
from rds_enrollment.plan.deployment.places import every_source, places_of_tasks
from rds_enrollment.plan.deployment.preflight import TOO_NEW
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.paths import DatabasePath, Target, Way, database_paths
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, RdsInventory
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.part import Part, satisfied, unseen
from rds_enrollment.plan.text import counted, first

_CONDITION = ConditionType.DATABASES_REACHABLE
MAX_JUDGED = 100
"""Databases whose ways are followed in a pass; those that agents report as healthy do not count."""
MAX_RESOLVED = 10
"""Endpoints whose addresses are asked for in a pass, each a question to DNS."""
_ERROR_BYTES = 240
_NAMED = 3


@dataclass(frozen=True, slots=True)
class DatabaseTrouble:
    """A database that agents do not reach, or would not. `error` is what an agent reports, empty where none does;
    `path` is None where RDS does not know the database, or others went first."""

    database: Database
    error: str
    path: DatabasePath | None

    @property
    def way(self) -> Way | None:
        return self.path.way if self.path else None

    @property
    def fails(self) -> bool:
        """Whether it is known not to be reached."""
        return bool(self.error) or self.way is Way.BLOCKED


def databases_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Informing: whether the agents reach every database that they serve, and if not, what the network has to do with
    it."""
    for seen in (world.vpc, world.inventory, world.databases):
        if isinstance(seen, Unseen):
            return replace(unseen(_CONDITION, seen, attempts), outcome=None)
    if places_of_tasks(wanted, world) is None:
        return Part(_CONDITION, Verdict.unknown(Reason.IN_PROGRESS, TOO_NEW, soft=True), done=True)
    served = served_databases(wanted, world)
    if not served:
        verdict = Verdict.ok("Teleport has no database of this VPC.", Reason.NO_DATABASES)
        return Part(_CONDITION, verdict, done=True)
    troubles = database_troubles(wanted, world)
    failing = [item for item in troubles if item.fails]
    if failing:
        return Part(_CONDITION, Verdict.no(Reason.UNREACHABLE, _text(failing)), done=True)
    if troubles:
        return Part(_CONDITION, Verdict.unknown(Reason.INTERFACE_AMBIGUOUS, _text(troubles)), done=True)
    return satisfied(_CONDITION, f"Nothing in the VPC is in the way to {counted(len(served), 'database')}.")


def database_troubles(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[DatabaseTrouble, ...]:
    """Of the databases that the agents serve. Those come first whose way the model knows to be blocked: it says what
    to change."""
    health = _health(world)
    unproven = _unproven(wanted, world, health)
    paths = {path.target.name: path for path in _paths(wanted, world, unproven)}
    found = [
        DatabaseTrouble(item, health[item.name].error if item.name in health else "", paths.get(item.name))
        for item in unproven
    ]
    troubles = [item for item in found if item.error or item.way in (Way.BLOCKED, Way.AMBIGUOUS)]
    return tuple(sorted(troubles, key=lambda item: (item.way is not Way.BLOCKED, not item.error)))


def ambiguous_endpoints(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[str, ...]:
    """Endpoints whose addresses would tell which interface a database has, the first few of them."""
    paths = _paths(wanted, world, _unproven(wanted, world, _health(world)))
    unclear = dict.fromkeys(path.target.endpoint for path in paths if path.way is Way.AMBIGUOUS)
    return tuple(unclear)[:MAX_RESOLVED]


def _unproven(
    wanted: WantedDeployment, world: DeploymentWorld, health: Mapping[str, Health]
) -> tuple[Database, ...]:
    """Those that some agent does not reach, and then those of which none has told that it does."""
    by_reach = [(health.get(item.name), item) for item in served_databases(wanted, world)]
    unproven = [(seen, item) for seen, item in by_reach if seen is None or seen.reach is not Reach.REACHABLE]
    return tuple(item for _, item in sorted(unproven, key=lambda pair: not (pair[0] and pair[0].error)))


def _paths(
    wanted: WantedDeployment, world: DeploymentWorld, databases: Iterable[Database]
) -> tuple[DatabasePath, ...]:
    """The ways to the first of those that RDS knows, from where tasks run and where they may."""
    place, inventory = places_of_tasks(wanted, world), world.inventory
    if place is None or isinstance(inventory, Unseen):
        return ()
    vpc, picked = place
    known = list(targets(databases, inventory, world))
    return database_paths(vpc, every_source(world, vpc, picked), known[:MAX_JUDGED])


def _health(world: DeploymentWorld) -> Mapping[str, Health]:
    return {} if isinstance(world.servers, Unseen) else health_of(world.servers, world.observed_at)


def proven_databases(world: DeploymentWorld) -> frozenset[str]:
    """Names of databases that an agent has connected to (health checks of db_server heartbeats)."""
    return frozenset(name for name, seen in _health(world).items() if seen.reached)


def targets(served: Iterable[Database], inventory: RdsInventory, world: DeploymentWorld) -> Iterator[Target]:
    """Those of `served` that RDS knows."""
    places = _places(inventory)
    for database in served:
        host, _, port = database.uri.rpartition(":")
        if host in places and port.isdecimal():
            subnets, groups = places[host]
            yield Target(
                name=database.name,
                endpoint=host,
                port=int(port),
                subnets=subnets,
                security_groups=groups,
                addresses=world.addresses.get(host, ()),
            )


def _places(inventory: RdsInventory) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Subnets and security groups by endpoint. An Aurora cluster is where its instances are."""
    places: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    clusters = {cluster.identifier: cluster for cluster in inventory.clusters}
    for instance in inventory.instances:
        cluster = clusters.get(instance.cluster_identifier)
        place = frozenset(instance.subnets), _groups(instance, cluster)
        for endpoint in _endpoints(instance, cluster):
            places[endpoint] = place
    return places


def _groups(instance: DbInstance, cluster: DbCluster | None) -> frozenset[str]:
    """Amazon Aurora User Guide: security groups belong to the cluster, not to its instances."""
    return frozenset(cluster.security_groups if cluster else instance.security_groups)


def _endpoints(instance: DbInstance, cluster: DbCluster | None) -> Iterator[str]:
    of_cluster = (cluster.endpoint, cluster.reader_endpoint) if cluster else ()
    yield from filter(None, (instance.endpoint, *of_cluster))


def _text(troubles: Sequence[DatabaseTrouble]) -> str:
    others = [trouble.database.name for trouble in troubles[1:]]
    return _told(troubles[0]) + (f" (Not reached either: {first(others, _NAMED)}.)" if others else "")


def _told(trouble: DatabaseTrouble) -> str:
    """What agents report and what the network has to do with it, in one."""
    path, error = trouble.path, clip(trouble.error, _ERROR_BYTES)
    if not error:
        return path.message if path else ""
    if trouble.way is Way.BLOCKED and path:
        return f"{path.message} (Its {error}.)"
    happened = f"Database {trouble.database.name} ({trouble.database.uri}) is not reached: {error}."
    if path is None:
        return f"{happened} Its way through the VPC is not known."
    if trouble.way is Way.AMBIGUOUS:
        return f"{happened} {path.message}"
    return f"{happened} Nothing in the VPC is in the way: see whether the database itself takes connections."
