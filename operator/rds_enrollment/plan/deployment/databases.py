"""The databases of a deployment: whether its tasks can connect to them, before or without an agent that reports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.choice import network, vpc_of
from rds_enrollment.plan.deployment.preflight import TOO_NEW, has_all, sources
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.paths import DatabasePath, Target, Way, database_paths
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, Network, RdsInventory
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.part import Part, satisfied, unseen
from rds_enrollment.plan.text import counted

_CONDITION = ConditionType.DATABASES_REACHABLE
MAX_JUDGED = 100
"""Databases whose ways are followed in a pass; those that agents report as healthy do not count."""
MAX_RESOLVED = 10
"""Endpoints whose addresses are asked for in a pass, each a question to DNS."""
_HEALTHY = "healthy"
"""types.TargetHealth.status."""


def databases_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Informing: whether the tasks' subnets and groups let them connect to every database that they serve."""
    for seen in (world.vpc, world.inventory, world.databases):
        if isinstance(seen, Unseen):
            return replace(unseen(_CONDITION, seen, attempts), outcome=None)
    if places_of_tasks(wanted, world) is None:
        return Part(_CONDITION, Verdict.unknown(Reason.IN_PROGRESS, TOO_NEW, soft=True), done=True)
    served = served_databases(wanted, world)
    if not served:
        verdict = Verdict.ok("Teleport has no database of this VPC.", Reason.NO_DATABASES)
        return Part(_CONDITION, verdict, done=True)
    paths = _unproven_paths(wanted, world, served)
    blocked = [path for path in paths if path.way is Way.BLOCKED]
    if blocked:
        return Part(_CONDITION, Verdict.no(Reason.UNREACHABLE, _text(blocked)), done=True)
    ambiguous = [path for path in paths if path.way is Way.AMBIGUOUS]
    if ambiguous:
        return Part(_CONDITION, Verdict.unknown(Reason.INTERFACE_AMBIGUOUS, _text(ambiguous)), done=True)
    return satisfied(_CONDITION, f"Nothing in the VPC is in the way to {counted(len(served), 'database')}.")


def _unproven_paths(
    wanted: WantedDeployment, world: DeploymentWorld, served: Iterable[Database]
) -> tuple[DatabasePath, ...]:
    """The ways to those of `served` that RDS knows, and that no agent reports as healthy: it must have got there."""
    place, inventory = places_of_tasks(wanted, world), world.inventory
    if place is None or isinstance(inventory, Unseen):
        return ()
    vpc, picked = place
    proven = proven_databases(world)
    unproven = [item for item in targets(served, inventory, world) if item.name not in proven]
    return database_paths(vpc, sources(picked, vpc), unproven[:MAX_JUDGED])


def places_of_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Vpc, Network] | None:
    """The VPC and the tasks' subnets and groups in it; None while they were not seen together."""
    vpc, picked = vpc_of(world), network(wanted, world)
    if isinstance(vpc, Unseen) or vpc is None or picked is None:
        return None
    return (vpc, picked) if has_all(vpc, picked) else None


def ambiguous_endpoints(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[str, ...]:
    """Endpoints whose addresses would tell which interface a database has, the first few of them."""
    paths = _unproven_paths(wanted, world, served_databases(wanted, world))
    unclear = dict.fromkeys(path.target.endpoint for path in paths if path.way is Way.AMBIGUOUS)
    return tuple(unclear)[:MAX_RESOLVED]


def proven_databases(world: DeploymentWorld) -> frozenset[str]:
    """Names of databases that an agent has connected to (health checks of db_server heartbeats)."""
    if isinstance(world.servers, Unseen):
        return frozenset()
    return frozenset(
        server.database
        for server in world.servers
        if server.health.status == _HEALTHY and (server.expires is None or server.expires > world.observed_at)
    )


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


def _text(paths: list[DatabasePath]) -> str:
    more = f" The same goes for {len(paths) - 1} more." if len(paths) > 1 else ""
    return paths[0].message + more
