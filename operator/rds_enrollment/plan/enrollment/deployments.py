"""One deployment for each VPC in which databases are enrolled: which to generate, to share, to let go."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rds_enrollment.api.deployment_template import DeploymentTemplate
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.enrollment import generated
from rds_enrollment.plan.enrollment.entries import Entry
from rds_enrollment.plan.enrollment.manifest import Json
from rds_enrollment.plan.enrollment.world import Vpc, WantedEnrollment
from rds_enrollment.plan.steps.kubernetes import (
    ApplyDeployment,
    DeleteDeployment,
    KubernetesStep,
    SetDeploymentOwners,
)

_CONDITION = ConditionType.DEPLOYMENTS_READY


@dataclass(frozen=True, slots=True)
class Presence:
    """What time it is, and since when which VPCs are without databases."""

    now: datetime
    empty_since: Mapping[Vpc, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcCover:
    """A VPC with enrolled databases (or lately without), and the deployment that serves it."""

    vpc: Vpc
    databases: int
    live: Json | None = None
    """The deployment as it is; None while there is none."""
    step: KubernetesStep | None = None
    beyond_limit: bool = False
    """Whether it gets none because spec.deployment.maxDeployments is reached."""
    name_taken: bool = False
    """Whether the deployment's name is held by one that is for something else."""
    empty_since: datetime | None = None
    """When it was found without databases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What becomes of every VPC, and of the deployments that are no longer needed."""

    vpcs: tuple[VpcCover, ...]
    emptied: tuple[VpcCover, ...]
    """VPCs that lost their databases and keep their deployment for the grace period."""
    removals: tuple[KubernetesStep, ...]

    @property
    def steps(self) -> tuple[KubernetesStep, ...]:
        return (*(cover.step for cover in self.vpcs if cover.step), *self.removals)


def cover(
    wanted: WantedEnrollment,
    entries: Iterable[Entry],
    deployments: Sequence[Json],
    unseen_regions: frozenset[str],
    presence: Presence,
) -> Coverage:
    """Plan the deployments of an enrolment.

    One that a user made for a VPC, or that is in another namespace, is used as it is. A generated one of ours goes when
    its VPC has needed none for the grace period, but not while its region was not listed.
    """
    needed = Counter(
        Vpc(entry.region, entry.vpc_id) for entry in entries if entry.in_teleport and entry.vpc_id
    )
    template = wanted.spec.deployment
    vpcs = [_cover(wanted, template, vpc, count, deployments) for vpc, count in sorted(needed.items())]
    if template:
        vpcs = list(_within_limit(vpcs, template.max_deployments, wanted.uid))
    kept = {generated.name_of(item.live) for item in vpcs if item.live} if template else set()
    surplus = [
        live
        for live in deployments
        if generated.namespace_of(live) == wanted.owner.namespace
        and generated.name_of(live) not in kept
        and live["spec"]["region"] not in unseen_regions
    ]
    emptied = tuple(_emptied(wanted, template, surplus, presence)) if template else ()
    waiting = {generated.name_of(item.live) for item in emptied if item.live}
    removable = (live for live in surplus if generated.name_of(live) not in waiting)
    return Coverage(vpcs=tuple(vpcs), emptied=emptied, removals=tuple(release(wanted, removable)))


def _emptied(
    wanted: WantedEnrollment, template: DeploymentTemplate, surplus: Iterable[Json], presence: Presence
) -> Iterator[VpcCover]:
    """Of the deployments of ours that no database needs, those whose grace period is not over."""
    for live in sorted(surplus, key=generated.name_of):
        if generated.is_owned_by(live, wanted.uid) and not generated.is_going(live):
            vpc = Vpc(live["spec"]["region"], live["spec"]["vpcId"])
            since = presence.empty_since.get(vpc, presence.now)
            if presence.now < since + timedelta(seconds=template.grace_seconds):
                yield VpcCover(vpc=vpc, databases=0, live=live, empty_since=since)


def release(wanted: WantedEnrollment, deployments: Iterable[Json]) -> Iterator[KubernetesStep]:
    """Give up generated deployments: where other enrolments remain only our ownership goes."""
    for live in sorted(deployments, key=generated.name_of):
        if not generated.is_owned_by(live, wanted.uid):
            continue
        others = generated.without_owner(live, wanted.uid)
        if others:
            yield _set_owners(wanted, live, others)
        elif not generated.is_going(live):
            yield DeleteDeployment(
                condition=_CONDITION,
                namespace=wanted.owner.namespace,
                deployment=generated.name_of(live),
                uid=live["metadata"]["uid"],
            )


def _cover(
    wanted: WantedEnrollment,
    template: DeploymentTemplate | None,
    vpc: Vpc,
    databases: int,
    deployments: Sequence[Json],
) -> VpcCover:
    everywhere = [live for live in deployments if generated.covers(live, wanted, vpc.region, vpc.vpc_id)]
    home = wanted.owner.namespace
    covering = [live for live in everywhere if generated.namespace_of(live) == home] or everywhere
    ours = next(
        (live for live in covering if generated.is_generated(live) and generated.namespace_of(live) == home),
        None,
    )
    if template is None:
        return VpcCover(vpc=vpc, databases=databases, live=ours or next(iter(covering), None))
    if ours:
        return VpcCover(vpc=vpc, databases=databases, live=ours, step=_mend(wanted, template, vpc, ours))
    if covering:
        return VpcCover(vpc=vpc, databases=databases, live=min(covering, key=generated.name_of))
    name = generated.deployment_name(vpc.region, vpc.vpc_id)
    if any((generated.namespace_of(live), generated.name_of(live)) == (home, name) for live in deployments):
        return VpcCover(vpc=vpc, databases=databases, name_taken=True)
    return VpcCover(vpc=vpc, databases=databases, step=_apply(wanted, template, vpc))


def _mend(
    wanted: WantedEnrollment, template: DeploymentTemplate, vpc: Vpc, live: Json
) -> KubernetesStep | None:
    if generated.is_going(live):
        return None
    if generated.is_controlled_by_another(live, wanted.uid):
        if generated.is_owned_by(live, wanted.uid):
            return None
        ours = generated.owner_reference(wanted, controller=False)
        return _set_owners(wanted, live, (*generated.owners(live), ours))
    step = _apply(wanted, template, vpc)
    if generated.is_applied(step.manifest, live):
        return None
    return replace(step, changed=generated.unapplied(step.manifest, live))


def _within_limit(vpcs: Sequence[VpcCover], limit: int, uid: str) -> Iterator[VpcCover]:
    """New ones up to the limit, in order. Those that exist stay: a lower limit stops no agents."""
    present = sum(1 for item in vpcs if item.live and generated.is_generated_by(item.live, uid))
    room = limit - present
    for item in vpcs:
        if item.live or item.name_taken:
            yield item
        elif room > 0:
            room -= 1
            yield item
        else:
            yield VpcCover(vpc=item.vpc, databases=item.databases, beyond_limit=True)


def _apply(wanted: WantedEnrollment, template: DeploymentTemplate, vpc: Vpc) -> ApplyDeployment:
    return ApplyDeployment(
        condition=_CONDITION,
        namespace=wanted.owner.namespace,
        deployment=generated.deployment_name(vpc.region, vpc.vpc_id),
        manifest=generated.manifest(wanted, template, vpc.region, vpc.vpc_id),
    )


def _set_owners(wanted: WantedEnrollment, live: Json, owners: tuple[Json, ...]) -> SetDeploymentOwners:
    return SetDeploymentOwners(
        condition=_CONDITION,
        namespace=wanted.owner.namespace,
        deployment=generated.name_of(live),
        resource_version=live["metadata"]["resourceVersion"],
        owners=owners,
    )
