"""The world of a deployment as it would be after a step."""

from collections.abc import Mapping
from dataclasses import fields, replace

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import names, ownership, roles
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import EcsCluster, EcsService, LogGroup, TaskDefinition
from rds_enrollment.plan.observed.network import PortRange
from rds_enrollment.plan.observed.security_groups import (
    ALL_PROTOCOLS,
    EVERYWHERE,
    ManagedGroup,
    SecurityGroupRule,
)
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps import logs as log_steps
from rds_enrollment.plan.steps.aws import UntagStep
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupEgress,
    AuthorizeSecurityGroupIngress,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    RevokeSecurityGroupIngress,
    SecurityGroupStep,
    TagSecurityGroup,
    UntagSecurityGroup,
)
from rds_enrollment.plan.steps.teleport import CreateJoinToken, UpdateJoinToken

_NEW_GROUP = "sg-new"
"""Stands for the id that EC2 will give."""


def assume(wanted: WantedDeployment, world: DeploymentWorld, step: Step) -> DeploymentWorld:
    """`world`, and that the step worked. What becomes of a service's tasks is not foreseen."""
    match step:
        case CreateJoinToken() | UpdateJoinToken():
            return replace(world, token=step.token)
        case ecs_steps.CreateCluster() | ecs_steps.PutClusterCapacityProviders():
            return replace(world, cluster=_cluster(wanted, world, step))
        case ecs_steps.RegisterTaskDefinition():
            return replace(world, newest=_revision(wanted, world, step))
        case ecs_steps.TagEcsResource() | ecs_steps.UntagEcsResource():
            return _retagged(world, step)
        case CreateSecurityGroup() | SecurityGroupStep() | TagSecurityGroup() | UntagSecurityGroup():
            return _with_groups(world, step)
        case log_steps.LogGroupStep() | log_steps.TagLogGroup() | log_steps.UntagLogGroup():
            return replace(world, log_group=_log_group(world.log_group, step))
        case ecs_steps.CreateService() | ecs_steps.UpdateService():
            return _with_service(world, step)
    return _with_role(wanted, world, step)


def _with_role(wanted: WantedDeployment, world: DeploymentWorld, step: Step) -> DeploymentWorld:
    """Whichever of the roles the step names."""
    if isinstance(step, iam_steps.DeleteRole) and not isinstance(world.former_roles, Unseen):
        left = tuple(role for role in world.former_roles if role.name != step.role)
        return replace(world, former_roles=left)
    name = step.resource if isinstance(step, iam_steps.UntagRole) else getattr(step, "role", "")
    named = next((role for role in wanted.roles if role.name == name), None)
    if named is None:
        return world
    arn = names.role_arn(wanted.scope.partition, wanted.scope.account, named.name, named.path)
    if named is wanted.task_role:
        return replace(world, role=roles.assumed(world.role, step, arn))
    return replace(world, execution_role=roles.assumed(world.execution_role, step, arn))


def _with_groups(
    world: DeploymentWorld,
    step: CreateSecurityGroup | SecurityGroupStep | TagSecurityGroup | UntagSecurityGroup,
) -> DeploymentWorld:
    match step:
        case TagSecurityGroup() | UntagSecurityGroup():
            return _with_tags(world, step)
        case CreateSecurityGroup():
            made = ManagedGroup(
                id=_NEW_GROUP,
                vpc_id=step.vpc_id,
                name=step.group_name,
                tags=step.tags,
                rules=(_outward(_NEW_GROUP),),
            )
            return replace(world, managed_group=made)
        case AuthorizeSecurityGroupIngress():
            return _with_rules(world, added=(_inward(step),), gone=())
        case RevokeSecurityGroupIngress() if step.condition is ConditionType.DATABASE_ACCESS_ALLOWED:
            return _with_rules(world, added=(), gone=step.rules)
    if isinstance(world.managed_group, ManagedGroup) and isinstance(step, SecurityGroupStep):
        return replace(world, managed_group=_mended(world.managed_group, step))
    return world


def _cluster(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    step: ecs_steps.CreateCluster | ecs_steps.PutClusterCapacityProviders,
) -> EcsCluster:
    providers = frozenset(step.capacity_providers)
    if isinstance(step, ecs_steps.PutClusterCapacityProviders) and isinstance(world.cluster, EcsCluster):
        return replace(world.cluster, capacity_providers=providers)
    return EcsCluster("", wanted.cluster_name, "ACTIVE", providers, 0, wanted.shared_tags)


def _retagged(
    world: DeploymentWorld, step: ecs_steps.TagEcsResource | ecs_steps.UntagEcsResource
) -> DeploymentWorld:
    """Whichever of the things bears the ARN."""
    arn = step.arn if isinstance(step, ecs_steps.TagEcsResource) else step.resource
    for name in ("cluster", "service", "serving", "newest"):
        seen = getattr(world, name)
        if not isinstance(seen, Unseen) and seen is not None and seen.arn == arn:
            world = replace(world, **{name: replace(seen, tags=_tags_after(seen.tags, step))})
    return world


def _tags_after(tags: Mapping[str, str], step: Step) -> dict[str, str]:
    """What a resource carries after a step that sets tags or takes some off."""
    if isinstance(step, UntagStep):
        return ownership.without(tags, step.keys)
    return {**tags, **getattr(step, "tags", {})}


def _with_tags(world: DeploymentWorld, step: TagSecurityGroup | UntagSecurityGroup) -> DeploymentWorld:
    """The group of our name, or a rule: of ours, or one that becomes ours."""
    group = world.managed_group
    if isinstance(group, ManagedGroup) and group.id == step.resource:
        return replace(world, managed_group=replace(group, tags=_tags_after(group.tags, step)))
    known = [*_listed(world.own_rules), *_listed(world.database_rules)]
    named = next((rule for rule in known if rule.id == step.resource), None)
    if named is None:
        return world
    return _with_rules(
        world, added=(replace(named, tags=_tags_after(named.tags, step)),), gone=(step.resource,)
    )


def _outward(group: str) -> SecurityGroupRule:
    """The rule that a new group has."""
    return SecurityGroupRule(
        id="", group=group, egress=True, protocol=ALL_PROTOCOLS, ports=None, peer=EVERYWHERE
    )


def _inward(step: AuthorizeSecurityGroupIngress) -> SecurityGroupRule:
    """The rule that lets agents in to a database."""
    ports = PortRange(step.port, step.port)
    return SecurityGroupRule(
        id="", group=step.group, egress=False, protocol="tcp", ports=ports, peer=step.source, tags=step.tags
    )


def _with_rules(
    world: DeploymentWorld, *, added: tuple[SecurityGroupRule, ...], gone: tuple[str, ...]
) -> DeploymentWorld:
    return replace(
        world,
        own_rules=_changed(world.own_rules, added, gone),
        database_rules=_changed(world.database_rules, added, gone),
    )


def _listed(seen: Seen[tuple[SecurityGroupRule, ...]]) -> tuple[SecurityGroupRule, ...]:
    return () if isinstance(seen, Unseen) else seen


def _changed(
    seen: Seen[tuple[SecurityGroupRule, ...]], added: tuple[SecurityGroupRule, ...], gone: tuple[str, ...]
) -> Seen[tuple[SecurityGroupRule, ...]]:
    if isinstance(seen, Unseen):
        return seen
    return (*(rule for rule in seen if rule.id not in gone), *added)


def _mended(group: ManagedGroup, step: SecurityGroupStep) -> ManagedGroup | None:
    match step:
        case AuthorizeSecurityGroupEgress():
            return replace(group, rules=(*group.rules, _outward(group.id)))
        case RevokeSecurityGroupIngress():
            return replace(group, rules=tuple(rule for rule in group.rules if rule.id not in step.rules))
        case DeleteSecurityGroup():
            return None
    return group


def _revision(
    wanted: WantedDeployment, world: DeploymentWorld, step: ecs_steps.RegisterTaskDefinition
) -> TaskDefinition:
    """The family's next: its number is one more than that of any revision that was seen."""
    seen = [item.revision for item in (world.newest, world.serving) if isinstance(item, TaskDefinition)]
    number = max(seen, default=0) + 1
    arn = names.task_definition_arn(
        wanted.scope.partition, wanted.region, wanted.scope.account, wanted.family, number
    )
    return TaskDefinition(arn, wanted.family, number, "ACTIVE", step.body, step.tags)


def _log_group(
    seen: Seen[LogGroup | None],
    step: log_steps.LogGroupStep | log_steps.TagLogGroup | log_steps.UntagLogGroup,
) -> Seen[LogGroup | None]:
    if isinstance(step, log_steps.CreateLogGroup):
        return LogGroup(step.group, step.group, None, step.kms_key_id, step.tags)
    if not isinstance(seen, LogGroup):
        return seen
    match step:
        case log_steps.TagLogGroup() | log_steps.UntagLogGroup():
            return replace(seen, tags=_tags_after(seen.tags, step))
        case log_steps.PutRetentionPolicy():
            return replace(seen, retention_days=step.days)
        case log_steps.DeleteRetentionPolicy():
            return replace(seen, retention_days=None)
        case log_steps.AssociateKmsKey():
            return replace(seen, kms_key_id=step.kms_key_id)
        case log_steps.DisassociateKmsKey():
            return replace(seen, kms_key_id="")
    return seen


def _with_service(
    world: DeploymentWorld, step: ecs_steps.CreateService | ecs_steps.UpdateService
) -> DeploymentWorld:
    shape = step.shape
    found = world.service if isinstance(world.service, EcsService) else None
    made = EcsService(
        arn=found.arn if found else "",
        name=step.service,
        status="ACTIVE",
        launch_type="FARGATE",
        running_count=0,
        deployments=(),
        events=(),
        tags=step.tags if isinstance(step, ecs_steps.CreateService) else found.tags if found else {},
        **{item.name: getattr(shape, item.name) for item in fields(shape)},
    )
    revisions = [item for item in (world.newest, world.serving) if isinstance(item, TaskDefinition)]
    serving = next((item for item in revisions if item.arn == shape.task_definition_arn), None)
    return replace(world, service=made, serving=serving)
