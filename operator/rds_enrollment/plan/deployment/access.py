"""DatabaseAccessAllowed: whether the databases' security groups let the agents in, and the rules that we add for it."""

from collections.abc import Mapping
from dataclasses import replace

from rds_enrollment.api.network import MAX_MISSING_RULES, MissingRule
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.openings import (
    Opening,
    facts,
    judged_targets,
    left_rules,
    missing_openings,
    own_rules,
    surplus_rules,
)
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.changes import authorize_ingress
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.observed.security_groups import SecurityGroupRule
from rds_enrollment.plan.part import Part, held, removed, satisfied, unseen, writing
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupIngress,
    RevokeSecurityGroupIngress,
    TagSecurityGroup,
    UntagSecurityGroup,
)
from rds_enrollment.plan.text import counted, first, listing

_CONDITION = ConditionType.DATABASE_ACCESS_ALLOWED
_NAMED = 3


def access_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Informing: one rule for each group and port is reported as missing, or added; rules of others are left alone."""
    for seen in _seen(wanted, world):
        if isinstance(seen, Unseen):
            return replace(unseen(_CONDITION, seen, attempts), outcome=None)
    picked, vpc = network(wanted, world), facts(world)
    if picked is None or vpc is None:
        return held(_CONDITION, ConditionType.NETWORK_READY)
    missing = missing_openings(wanted, world, picked, vpc)
    surplus = surplus_rules(wanted, world, picked)
    added = [_addition(wanted, opening) for opening in missing] if wanted.manages_access else []
    if added or surplus:
        return writing(_CONDITION, *added, *_revocations(wanted, surplus))
    retagging = [*_tagging(wanted, world, picked), *_untagging(wanted, world)]
    if retagging:
        return writing(_CONDITION, *retagging)
    if missing:
        return Part(
            _CONDITION, Verdict.no(Reason.INBOUND_RULE_MISSING, _text(missing, vpc.region)), done=True
        )
    return _allowed(wanted, world)


def missing_rules(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[MissingRule, ...] | None:
    """The rules that databases lack, as many as the status lists; None while that was not seen."""
    picked, vpc = network(wanted, world), facts(world)
    if picked is None or vpc is None or any(isinstance(seen, Unseen) for seen in _seen(wanted, world)):
        return None
    missing = missing_openings(wanted, world, picked, vpc)
    return tuple(
        MissingRule(
            security_group_id=opening.group,
            port=opening.port,
            databases=len(names),
            command=authorize_ingress(vpc.region, opening.group, opening.port, opening.source),
        )
        for opening, names in list(missing.items())[:MAX_MISSING_RULES]
    )


def access_removal(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The end of the rules that we added."""
    if isinstance(world.own_rules, Unseen):
        return unseen(_CONDITION, world.own_rules, attempts)
    steps = _revocations(wanted, own_rules(world))
    return (
        writing(_CONDITION, *steps)
        if steps
        else removed(_CONDITION, "No inbound rule of this object is left.")
    )


def _seen(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[object, ...]:
    """What the condition follows from. Facts of a resync ago are too old to write by."""
    fresh = (world.database_rules,) if wanted.manages_access else ()
    return (world.vpc, world.inventory, world.databases, world.own_rules, *fresh)


def _addition(wanted: WantedDeployment, opening: Opening) -> AuthorizeSecurityGroupIngress:
    return AuthorizeSecurityGroupIngress(
        condition=_CONDITION,
        region=wanted.region,
        group=opening.group,
        port=opening.port,
        source=opening.source,
        description=f"Agents of the Teleport Database Service in {wanted.vpc_id}. By rds-enrollment-operator.",
        tags=wanted.tags,
    )


def _revocations(
    wanted: WantedDeployment, rules: tuple[SecurityGroupRule, ...]
) -> list[RevokeSecurityGroupIngress]:
    by_group: dict[str, list[str]] = {}
    for rule in rules:
        by_group.setdefault(rule.group, []).append(rule.id)
    return [
        RevokeSecurityGroupIngress(
            condition=_CONDITION, region=wanted.region, group=group, rules=tuple(by_group[group])
        )
        for group in sorted(by_group)
    ]


def _tagging(wanted: WantedDeployment, world: DeploymentWorld, picked: Network) -> list[TagSecurityGroup]:
    """The rules of ours that lack tags, and those that become ours."""
    adopted = left_rules(wanted, world, picked) if wanted.manages_access else ()
    lacking = {
        rule.id: ownership.drifted_tags(wanted.tags, rule.tags) for rule in (*own_rules(world), *adopted)
    }
    return [
        TagSecurityGroup(condition=_CONDITION, region=wanted.region, resource=rule, tags=tags)
        for rule, tags in lacking.items()
        if tags
    ]


def _untagging(wanted: WantedDeployment, world: DeploymentWorld) -> list[UntagSecurityGroup]:
    """Off the rules that we added."""
    former = wanted.former_tags.own
    stale = {rule.id: ownership.stale_tags(former, rule.tags) for rule in own_rules(world)}
    return [
        UntagSecurityGroup(condition=_CONDITION, region=wanted.region, resource=rule, keys=keys)
        for rule, keys in stale.items()
        if keys
    ]


def _allowed(wanted: WantedDeployment, world: DeploymentWorld) -> Part:
    served, ours = len(judged_targets(wanted, world)), len(own_rules(world))
    if not served:
        verdict = Verdict.ok("The agents serve no database of this VPC.", Reason.NO_DATABASES)
        return Part(_CONDITION, verdict, done=True)
    by = f", by {counted(ours, 'inbound rule')} of ours and by those of others" if ours else ""
    return satisfied(_CONDITION, f"The security groups of {counted(served, 'database')} let agents in{by}.")


def _text(missing: Mapping[Opening, tuple[str, ...]], region: str) -> str:
    lines = [
        f"{opening.group} ({first(names, _NAMED)}) lets no agent in on tcp {opening.port}: "
        f"{authorize_ingress(region, opening.group, opening.port, opening.source)}"
        for opening, names in missing.items()
    ]
    said = listing(lines, "; ")
    return said if said == "; ".join(lines) else f"{said}: see status.missingInboundRules"
