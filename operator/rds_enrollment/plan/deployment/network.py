"""Subnets and security groups of a deployment: they exist, in the VPC, within ECS's limits, and tasks work there."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from rds_enrollment.api.network import MAX_SECURITY_GROUPS, MAX_SUBNETS
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.preflight import shortage, subnet_verdicts
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.checks import SubnetVerdict
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.part import Part, refused, satisfied, unseen

_CONDITION = ConditionType.NETWORK_READY
_TOO_NEW = (
    "A chosen subnet or security group is newer than the last look at the VPC: the next look will tell."
)


class _InVpc(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def vpc_id(self) -> str: ...


def network(world: DeploymentWorld) -> Network | None:
    """The service's network: a stable pick, so that a selector's surplus matches cause no rollout.

    Tasks always ask for a public IP, as the wizard's do: in a private subnet it has no effect on the route.
    """
    if isinstance(world.subnets, Unseen) or isinstance(world.security_groups, Unseen):
        return None
    return Network(
        subnets=_pick(world.subnets, MAX_SUBNETS),
        security_groups=_pick(world.security_groups, MAX_SECURITY_GROUPS),
        assign_public_ip=True,
    )


def network_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether the chosen subnets and groups can be used."""
    if isinstance(world.subnets, Unseen):
        return unseen(_CONDITION, world.subnets, attempts)
    if isinstance(world.security_groups, Unseen):
        return unseen(_CONDITION, world.security_groups, attempts)
    return (
        _missing(wanted.subnets, world.subnets, wanted, "subnet", Reason.SUBNETS_NOT_FOUND)
        or _missing(
            wanted.security_groups,
            world.security_groups,
            wanted,
            "security group",
            Reason.SECURITY_GROUPS_NOT_FOUND,
        )
        or _elsewhere([*world.subnets, *world.security_groups], wanted)
        or _preflight(wanted, world, attempts)
    )


def _missing(
    choice: Choice, found: Sequence[_InVpc], wanted: WantedDeployment, noun: str, reason: Reason
) -> Part | None:
    absent = sorted(set(choice.ids) - {item.id for item in found})
    if absent:
        ids = ", ".join(absent)
        message = f"No {noun} {ids} in {wanted.region} of account {wanted.scope.account}. Correct the ids."
        return refused(_CONDITION, reason, message)
    if not found:
        tags = ", ".join(f"{key}={value}" for key, value in sorted(choice.tags.items()))
        message = (
            f"No {noun} in {wanted.vpc_id} ({wanted.region}) carries the tags {tags}. "
            f"Tag one, or change the selector."
        )
        return refused(_CONDITION, reason, message)
    return None


def _elsewhere(found: Iterable[_InVpc], wanted: WantedDeployment) -> Part | None:
    strangers = sorted(f"{item.id} (in {item.vpc_id})" for item in found if item.vpc_id != wanted.vpc_id)
    if not strangers:
        return None
    message = f"Not in {wanted.vpc_id}: {', '.join(strangers)}. Choose ids of that VPC."
    return refused(_CONDITION, Reason.NOT_IN_VPC, message)


def _preflight(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether tasks can become working agents there. It is no condition for deploying, unless it was made one."""
    picked = network(world)
    if picked is None:
        raise AssertionError("the subnets and groups were seen")
    if isinstance(world.vpc, Unseen):
        part = unseen(_CONDITION, world.vpc, attempts)
        return part if wanted.preflight_blocks else replace(part, done=True)
    if world.vpc is None or not _known(world.vpc, picked):
        verdict = Verdict.unknown(Reason.IN_PROGRESS, _TOO_NEW, soft=True)
        return Part(_CONDITION, verdict, done=not wanted.preflight_blocks)
    verdicts = subnet_verdicts(wanted, world, picked, world.vpc)
    failed = [item for item in verdicts if item.finding.failed]
    short = shortage(wanted, world, picked, world.vpc)
    if not failed and not short.failed:
        return satisfied(_CONDITION, _passed(picked, verdicts))
    reason = failed[0].finding.reason if failed else short.reason
    message = _findings(failed, len(verdicts)) if failed else short.message
    if wanted.preflight_blocks:
        return refused(_CONDITION, reason, f"{message} Nothing is deployed until then (--preflight=Block).")
    return Part(_CONDITION, Verdict.no(reason, message), done=True)


def _known(vpc: Vpc, picked: Network) -> bool:
    """Whether the facts, which may be a resync older than the look at the subnets and groups, have them all."""
    return picked.subnets <= vpc.subnet_by_id.keys() and picked.security_groups <= vpc.group_by_id.keys()


def _passed(picked: Network, verdicts: Iterable[SubnetVerdict]) -> str:
    subnets, groups = ", ".join(sorted(picked.subnets)), ", ".join(sorted(picked.security_groups))
    advised = [item.subnet for item in verdicts if item.advice]
    more = f" Advice on {', '.join(advised)}: see status.network." if advised else ""
    return f"Tasks start in {subnets} with {groups} and reach what they need.{more}"


def _findings(failed: Sequence[SubnetVerdict], judged: int) -> str:
    others = ", ".join(item.subnet for item in failed[1:])
    more = f" {len(failed)} of {judged} subnets have findings, {others} too: see status.network."
    return failed[0].finding.message + (more if others else "")


def _pick(items: Iterable[_InVpc], limit: int) -> frozenset[str]:
    return frozenset(sorted(item.id for item in items)[:limit])
