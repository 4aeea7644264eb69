"""The inbound rules by which databases let the agents in: which they need, which they have, and which are ours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from rds_enrollment.plan.deployment.choice import vpc_of
from rds_enrollment.plan.deployment.databases import proven_databases, targets
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.packet import is_for_tcp
from rds_enrollment.plan.network.paths import Target
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Network
from rds_enrollment.plan.observed.network import Cidr, GroupRule, PortRange, Vpc
from rds_enrollment.plan.observed.security_groups import SecurityGroupRule, as_group_rule

Inbound = Mapping[str, Sequence[GroupRule]]
"""Inbound rules by security group."""


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A rule of a database's security group: TCP to the port from a group of the agents."""

    group: str
    port: int
    source: str


def judged_targets(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Target, ...]:
    """The databases that the agents serve and that RDS knows, by name."""
    if isinstance(world.inventory, Unseen):
        return ()
    found = targets(served_databases(wanted, world), world.inventory, world)
    return tuple(item for item in found if item.security_groups)


def missing_openings(
    wanted: WantedDeployment, world: DeploymentWorld, picked: Network, vpc: Vpc
) -> Mapping[Opening, tuple[str, ...]]:
    """One rule for each group and port that opens the way, with the databases that it is for, by name.

    A database with several groups is opened by the first of them. One that an agent has connected to needs none, and
    one whose groups were not all seen is not judged.
    """
    source, inbound, proven = min(picked.security_groups), _inbound(world, vpc), proven_databases(world)
    found: dict[Opening, list[str]] = {}
    for target in judged_targets(wanted, world):
        known = target.security_groups <= inbound.keys()
        if target.name in proven or not known or _is_open(target, inbound, picked, vpc):
            continue
        opening = Opening(min(target.security_groups), target.port, source)
        found.setdefault(opening, []).append(target.name)
    return {opening: tuple(found[opening]) for opening in sorted(found)}


def surplus_rules(
    wanted: WantedDeployment, world: DeploymentWorld, picked: Network
) -> tuple[SecurityGroupRule, ...]:
    """Rules of ours that are not asked for any more, or that no database and no task needs.

    They go when everything was seen, and those for former groups of the tasks once no task has these any more.
    """
    ours = own_rules(world)
    if not wanted.manages_access:
        return ours
    if isinstance(world.databases, Unseen) or isinstance(world.inventory, Unseen):
        return ()
    used = {
        (group, target.port) for target in judged_targets(wanted, world) for group in target.security_groups
    }
    return tuple(
        rule
        for rule in ours
        if (rule.group, _port(rule)) not in used
        or (rule.peer not in picked.security_groups and _is_settled(world, picked))
    )


def own_rules(world: DeploymentWorld) -> tuple[SecurityGroupRule, ...]:
    """Inbound rules with the deployment's mark, by id."""
    rules = () if isinstance(world.own_rules, Unseen) else world.own_rules
    return tuple(sorted((rule for rule in rules if not rule.egress), key=lambda rule: rule.id))


def left_rules(
    wanted: WantedDeployment, world: DeploymentWorld, picked: Network
) -> tuple[SecurityGroupRule, ...]:
    """Inbound rules just as we add them, with Teleport's tags, that are to become ours: left by `Retain`, mostly.

    A rule without these tags is somebody's own, even where the adoption policy is Always.
    """
    fresh = () if isinstance(world.database_rules, Unseen) else world.database_rules
    used = {
        (group, PortRange(target.port, target.port))
        for target in judged_targets(wanted, world)
        for group in target.security_groups
    }
    return tuple(
        rule
        for rule in sorted(fresh, key=lambda rule: rule.id)
        if not rule.egress
        and (rule.protocol, rule.peer in picked.security_groups) == ("tcp", True)
        and (rule.group, rule.ports) in used
        and wanted.adoption.teleport.items() <= rule.tags.items()
        and wanted.adoption.takes(rule.tags)
    )


def database_groups(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[str, ...]:
    """The security groups of the databases that the agents serve, sorted."""
    served = judged_targets(wanted, world)
    return tuple(sorted({group for target in served for group in target.security_groups}))


def facts(world: DeploymentWorld) -> Vpc | None:
    """The network facts, when there are any."""
    vpc = vpc_of(world)
    return vpc if isinstance(vpc, Vpc) else None


def _inbound(world: DeploymentWorld, vpc: Vpc) -> Inbound:
    """As the network facts have them, which may be a resync old; as they are now, where that was read."""
    rules: dict[str, list[GroupRule]] = {group.id: list(group.ingress) for group in vpc.security_groups}
    fresh = () if isinstance(world.database_rules, Unseen) else world.database_rules
    rules.update({rule.group: [] for rule in fresh})
    for rule in fresh:
        if not rule.egress:
            rules[rule.group].append(as_group_rule(rule))
    return rules


def _is_open(target: Target, inbound: Inbound, picked: Network, vpc: Vpc) -> bool:
    places = tuple(
        cidr
        for subnet in sorted(picked.subnets & vpc.subnet_by_id.keys())
        for cidr in vpc.subnet_by_id[subnet].cidrs
        if isinstance(cidr, IPv4Network)
    )
    return any(
        is_for_tcp(rule, target.port) and _lets_in(rule, picked, places, vpc)
        for group in target.security_groups
        for rule in inbound[group]
    )


def _lets_in(rule: GroupRule, picked: Network, places: Sequence[IPv4Network], vpc: Vpc) -> bool:
    """Whether the rule is about all tasks, whatever addresses they get; a list that was not read is taken to be."""
    if not isinstance(rule.peer, str):
        return _covers((rule.peer,), places)
    if not rule.peer.startswith("pl-"):
        return rule.peer in picked.security_groups
    prefix_list = vpc.prefix_list_by_id.get(rule.peer)
    return prefix_list is None or _covers(prefix_list.cidrs, places)


def _covers(blocks: Iterable[Cidr], places: Sequence[IPv4Network]) -> bool:
    known = [block for block in blocks if isinstance(block, IPv4Network)]
    return bool(places) and all(any(place.subnet_of(block) for block in known) for place in places)


def _port(rule: SecurityGroupRule) -> int:
    ports = rule.ports or PortRange(0, 0)
    return ports.first


def _is_settled(world: DeploymentWorld, picked: Network) -> bool:
    service = world.service
    if not isinstance(service, EcsService):
        return service is None
    return service.network.security_groups == picked.security_groups and len(service.deployments) <= 1
