"""The security group that we make for the agents on request: everything out, nothing in."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService
from rds_enrollment.plan.observed.network import SecurityGroup
from rds_enrollment.plan.observed.security_groups import (
    ALL_PROTOCOLS,
    EVERYWHERE,
    ManagedGroup,
    SecurityGroupUse,
    as_group_rule,
)
from rds_enrollment.plan.part import Part, progressing, refused, removed, satisfied, unseen, writing
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupEgress,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    RevokeSecurityGroupIngress,
    TagSecurityGroup,
    UntagSecurityGroup,
)
from rds_enrollment.plan.text import first

_CONDITION = ConditionType.NETWORK_READY
_LISTED = 5


def group_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The group's share of NetworkReady, where one is asked for."""
    group = world.managed_group
    if isinstance(group, Unseen):
        return unseen(_CONDITION, group, attempts)
    if group is None:
        return writing(_CONDITION, _creation(wanted))
    if not is_ours(wanted, world) and not wanted.adoption.takes(group.tags):
        message = (
            f"Security group {group.id} of {group.vpc_id} has the name {group.name} and "
            f"{ownership.owner_text(group.tags)}, not {wanted.owner.mark}: it is left as it is. Delete it, or choose "
            f"security groups by id.{wanted.adoption.note}"
        )
        return refused(_CONDITION, Reason.OWNED_BY_ANOTHER, message)
    repairs = _repairs(wanted, group)
    return (
        writing(_CONDITION, *repairs) if repairs else satisfied(_CONDITION, f"{group.id} is as we made it.")
    )


def surplus_group(wanted: WantedDeployment, world: DeploymentWorld) -> DeleteSecurityGroup | None:
    """The deletion of a group of ours that is not asked for any more, once nothing needs it."""
    group = world.managed_group
    if (
        wanted.security_groups.managed
        or not is_ours(wanted, world)
        or isinstance(group, Unseen)
        or group is None
    ):
        return None
    if group.use != SecurityGroupUse() or _is_in_service(world, group):
        return None
    return DeleteSecurityGroup(condition=_CONDITION, region=wanted.region, group=group.id)


def is_ours(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether the group with our name is there and carries our mark."""
    group = world.managed_group
    return isinstance(group, ManagedGroup) and ownership.marked(group.tags, wanted.owner.mark)


def as_network_group(group: ManagedGroup) -> SecurityGroup:
    """The group as the network model takes it."""
    return SecurityGroup(
        id=group.id,
        vpc_id=group.vpc_id,
        ingress=tuple(as_group_rule(rule) for rule in group.rules if not rule.egress),
        egress=tuple(as_group_rule(rule) for rule in group.rules if rule.egress),
        name=group.name,
    )


def group_removal(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The end of the group. EC2 keeps it while an interface has it or a rule of another group names it."""
    group = world.managed_group
    if isinstance(group, Unseen):
        return unseen(_CONDITION, group, attempts)
    if group is None or not is_ours(wanted, world):
        return removed(_CONDITION, "No security group of this object is left.")
    use = group.use or SecurityGroupUse()
    if use.interfaces:
        message = (
            f"Security group {group.id} stays until {first(sorted(use.interfaces), _LISTED)} let go of it."
        )
        return progressing(_CONDITION, Reason.DELETING, message)
    if use.groups:
        message = (
            f"Security group {group.id} cannot be deleted: rules of {first(sorted(use.groups), _LISTED)} name it and "
            "are not ours. Remove these rules."
        )
        return refused(_CONDITION, Reason.IN_USE, message)
    return writing(
        _CONDITION, DeleteSecurityGroup(condition=_CONDITION, region=wanted.region, group=group.id)
    )


def _creation(wanted: WantedDeployment) -> CreateSecurityGroup:
    """EC2 takes no quotation marks in a description (EC2 API, CreateSecurityGroup, GroupDescription)."""
    return CreateSecurityGroup(
        condition=_CONDITION,
        region=wanted.region,
        vpc_id=wanted.vpc_id,
        group_name=wanted.security_group,
        description="Agents of the Teleport Database Service: everything out, nothing in. By rds-enrollment-operator.",
        tags=wanted.tags,
    )


def _repairs(wanted: WantedDeployment, group: ManagedGroup) -> list[Step]:
    repairs: list[Step] = []
    tags = ownership.drifted_tags(wanted.tags, group.tags)
    if tags:
        repairs.append(
            TagSecurityGroup(condition=_CONDITION, region=wanted.region, resource=group.id, tags=tags)
        )
    stale = ownership.stale_tags(wanted.former_tags.own, group.tags)
    if stale:
        repairs.append(
            UntagSecurityGroup(condition=_CONDITION, region=wanted.region, resource=group.id, keys=stale)
        )
    if not _lets_everything_out(group):
        repairs.append(
            AuthorizeSecurityGroupEgress(condition=_CONDITION, region=wanted.region, group=group.id)
        )
    inbound = tuple(sorted(rule.id for rule in group.rules if not rule.egress))
    if inbound:
        repairs.append(
            RevokeSecurityGroupIngress(
                condition=_CONDITION, region=wanted.region, group=group.id, rules=inbound
            )
        )
    return repairs


def _lets_everything_out(group: ManagedGroup) -> bool:
    """Further outbound rules change nothing then, and stay."""
    return any(
        rule.egress and rule.protocol == ALL_PROTOCOLS and rule.peer == EVERYWHERE for rule in group.rules
    )


def _is_in_service(world: DeploymentWorld, group: ManagedGroup) -> bool:
    """Whether new tasks of the service may still get it: it has it, or is on its way and may go back to it."""
    service = world.service
    if not isinstance(service, EcsService):
        return isinstance(service, Unseen)
    return group.id in service.network.security_groups or len(service.deployments) > 1
