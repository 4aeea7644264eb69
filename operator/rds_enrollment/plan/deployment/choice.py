"""The network that tasks get: a stable pick from what the spec chooses, within ECS's limits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Protocol

from rds_enrollment.api.network import MAX_SECURITY_GROUPS, MAX_SUBNETS
from rds_enrollment.plan.deployment.addressing import public_address
from rds_enrollment.plan.deployment.security_group import as_network_group, is_ours
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import EcsService, Network, Subnet
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.observed.security_groups import ManagedGroup

_NONE = Network(frozenset(), frozenset(), assign_public_ip=False)


class InVpc(Protocol):
    """A subnet or a security group."""

    @property
    def id(self) -> str: ...
    @property
    def vpc_id(self) -> str: ...


def chosen_groups(wanted: WantedDeployment, world: DeploymentWorld) -> Seen[tuple[InVpc, ...]]:
    """The security groups that tasks may get: those of the spec, or the one that we made."""
    if not wanted.security_groups.managed:
        return world.security_groups
    group = world.managed_group
    if isinstance(group, Unseen):
        return group
    return (group,) if group is not None and is_ours(wanted, world) else ()


def network(wanted: WantedDeployment, world: DeploymentWorld) -> Network | None:
    """The service's network; None while something of it is not there."""
    groups = chosen_groups(wanted, world)
    if isinstance(world.subnets, Unseen) or isinstance(groups, Unseen) or not (world.subnets and groups):
        return None
    now = world.service.network if isinstance(world.service, EcsService) else _NONE
    subnets = _picked_subnets(world.subnets, now.subnets)
    picked = _picked(groups, MAX_SECURITY_GROUPS, now.security_groups)
    return Network(subnets, picked, public_address(wanted, world, subnets, picked))


def vpc_of(world: DeploymentWorld) -> Seen[Vpc | None]:
    """The network facts, which may be a resync old, with the group of our name as it is now."""
    vpc, group = world.vpc, world.managed_group
    if not isinstance(vpc, Vpc) or not isinstance(group, ManagedGroup):
        return vpc
    others = tuple(item for item in vpc.security_groups if item.id != group.id)
    return replace(vpc, security_groups=(*others, as_network_group(group)))


def _picked(items: Iterable[InVpc], limit: int, now: frozenset[str]) -> frozenset[str]:
    """At most `limit`: those in use go before others, so that a surplus match more or less causes no rollout."""
    return frozenset(sorted((item.id for item in items), key=lambda id_: (id_ not in now, id_))[:limit])


def _picked_subnets(subnets: Sequence[Subnet], now: frozenset[str]) -> frozenset[str]:
    """As `_picked`; those that come on top are taken from the availability zones in turn."""
    zones: dict[str, list[str]] = {}
    for subnet in sorted(subnets, key=lambda item: item.id):
        if subnet.id not in now:
            zones.setdefault(subnet.availability_zone, []).append(subnet.id)
    kept = sorted(subnet.id for subnet in subnets if subnet.id in now)
    turns = chain.from_iterable(zip_longest(*(zones[zone] for zone in sorted(zones))))
    return frozenset([*kept, *filter(None, turns)][:MAX_SUBNETS])
