"""NetworkReady: subnets and security groups exist, in the VPC, and tasks can work there."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.addressing import is_undecided, ways_out
from rds_enrollment.plan.deployment.choice import InVpc, network, vpc_of
from rds_enrollment.plan.deployment.preflight import TOO_NEW, has_all, shortage, subnet_verdicts
from rds_enrollment.plan.deployment.security_group import group_part, is_ours, surplus_group
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.checks import SubnetVerdict
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import Part, refused, unseen, writing

_CONDITION = ConditionType.NETWORK_READY
_LOOKS = 3
"""So often what passes by itself may hold up a new service, which would get public addresses, and keep them."""


def network_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether the chosen subnets and groups can be used."""
    return (
        _subnet_fault(wanted, world, attempts)
        or _group_fault(wanted, world, attempts)
        or _surplus(wanted, world)
        or _preflight(wanted, world, attempts)
    )


def _subnet_fault(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part | None:
    if isinstance(world.subnets, Unseen):
        return unseen(_CONDITION, world.subnets, attempts)
    return _missing(wanted.subnets, world.subnets, wanted, "subnet", Reason.SUBNETS_NOT_FOUND) or _elsewhere(
        world.subnets, wanted
    )


def _group_fault(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part | None:
    if wanted.security_groups.managed:
        part = group_part(wanted, world, attempts)
        return None if part.done else part
    groups = world.security_groups
    if isinstance(groups, Unseen):
        return unseen(_CONDITION, groups, attempts)
    return _missing(
        wanted.security_groups, groups, wanted, "security group", Reason.SECURITY_GROUPS_NOT_FOUND
    ) or _elsewhere(groups, wanted)


def _surplus(wanted: WantedDeployment, world: DeploymentWorld) -> Part | None:
    step = surplus_group(wanted, world)
    return writing(_CONDITION, step) if step else None


def _missing(
    choice: Choice, found: Sequence[InVpc], wanted: WantedDeployment, noun: str, reason: Reason
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


def _elsewhere(found: Iterable[InVpc], wanted: WantedDeployment) -> Part | None:
    strangers = sorted(f"{item.id} (in {item.vpc_id})" for item in found if item.vpc_id != wanted.vpc_id)
    if not strangers:
        return None
    message = f"Not in {wanted.vpc_id}: {', '.join(strangers)}. Choose ids of that VPC."
    return refused(_CONDITION, Reason.NOT_IN_VPC, message)


def _preflight(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether tasks can become working agents there. It is no condition for deploying, unless it was made one."""
    picked, vpc = network(wanted, world), vpc_of(world)
    if picked is None:
        raise AssertionError("the subnets and groups were seen")
    if isinstance(vpc, Unseen):
        part = unseen(_CONDITION, vpc, attempts)
        hiccup = isinstance(vpc.outcome, Transient) and attempts <= _LOOKS
        waits = wanted.preflight_blocks or (hiccup and is_undecided(wanted, world))
        return part if waits else replace(part, done=True)
    if vpc is None or not has_all(vpc, picked):
        verdict = Verdict.unknown(Reason.IN_PROGRESS, TOO_NEW, soft=True)
        return Part(_CONDITION, verdict, done=not wanted.preflight_blocks)
    verdicts = subnet_verdicts(wanted, world, picked, vpc)
    failed = [item for item in verdicts if item.finding.failed]
    short = shortage(wanted, world, picked, vpc)
    if not failed and not short.failed:
        return _passed(wanted, world, picked, verdicts)
    reason = failed[0].finding.reason if failed else short.reason
    message = _findings(failed, len(verdicts)) if failed else short.message
    if wanted.preflight_blocks:
        return refused(_CONDITION, reason, f"{message} Nothing is deployed until then (--preflight=Block).")
    return Part(_CONDITION, Verdict.no(reason, message), done=True)


def _passed(
    wanted: WantedDeployment, world: DeploymentWorld, picked: Network, verdicts: Iterable[SubnetVerdict]
) -> Part:
    subnets, groups = ", ".join(sorted(picked.subnets)), ", ".join(sorted(picked.security_groups))
    said = [f"Tasks start in {subnets} with {groups} and reach what they need."]
    zone = _only_zone(world, picked)
    if zone:
        said.append(
            f"All of them are in availability zone {zone}: if it fails, no agent is left. Choose subnets of two "
            f"zones or more."
        )
    said += _addresses(wanted, world, picked)
    advised = [item.subnet for item in verdicts if item.advice]
    if advised:
        said.append(f"Advice on {', '.join(advised)}: see status.network.")
    if not wanted.security_groups.managed and is_ours(wanted, world):
        said.append(f"{wanted.security_group}, which we made, goes once nothing needs it any more.")
    reason = Reason.SINGLE_AVAILABILITY_ZONE if zone else Reason.SUCCEEDED
    return Part(_CONDITION, Verdict.ok(" ".join(said), reason), done=True)


def _addresses(wanted: WantedDeployment, world: DeploymentWorld, picked: Network) -> list[str]:
    """What a reader may not expect of the tasks' addresses."""
    ways = ways_out(world.vpc, picked.subnets) if isinstance(world.vpc, Vpc) else None
    if ways is None or not picked.assign_public_ip:
        return []
    if ways.mixed:
        public, private = ", ".join(ways.public), ", ".join(ways.private)
        return [
            f"Of the subnets {public} lead to an internet gateway and {private} do not: all tasks get a public address."
        ]
    if ways.public:
        return []
    kept = wanted.assign_public_ip is None
    advice = "; with assignPublicIp: Auto they lose them now, else in the next rollout" if kept else ""
    return [f"They have public addresses, which none of these subnets needs{advice}."]


def _only_zone(world: DeploymentWorld, picked: Network) -> str:
    """The availability zone of all subnets; empty when there are several."""
    subnets = () if isinstance(world.subnets, Unseen) else world.subnets
    zones = {subnet.availability_zone for subnet in subnets if subnet.id in picked.subnets}
    return zones.pop() if len(zones) == 1 else ""


def _findings(failed: Sequence[SubnetVerdict], judged: int) -> str:
    others = ", ".join(item.subnet for item in failed[1:])
    more = f" ({len(failed)} of {judged} subnets have findings, {others} too: see status.network.)"
    return failed[0].finding.message + (more if others else "")
