"""The end of a deployment whose things are retained: they run on and lose their marks."""

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.analyzer import analyses_removal, wants_insights
from rds_enrollment.plan.deployment.openings import own_rules
from rds_enrollment.plan.deployment.roles import own_roles
from rds_enrollment.plan.deployment.security_group import is_ours
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsCluster, EcsService, LogGroup, TaskDefinition
from rds_enrollment.plan.observed.security_groups import ManagedGroup
from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.plan.part import Part, removed, unseen, writing
from rds_enrollment.plan.steps.ecs import UntagEcsResource
from rds_enrollment.plan.steps.iam import UntagRole
from rds_enrollment.plan.steps.logs import UntagLogGroup
from rds_enrollment.plan.steps.security_groups import UntagSecurityGroup
from rds_enrollment.plan.steps.teleport import DisownJoinToken

_SERVICE = ConditionType.SERVICE_DEPLOYED
_REVISION = ConditionType.TASK_DEFINITION_REGISTERED
_TOKEN = ConditionType.JOIN_TOKEN_READY
_ROLE = ConditionType.ROLE_READY
_ACCESS = ConditionType.DATABASE_ACCESS_ALLOWED
_NETWORK = ConditionType.NETWORK_READY
_KEYS = (OWNER_MARK,)


def release(wanted: WantedDeployment, world: DeploymentWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not done yet; all done means that nothing carries our mark any more."""
    parts: list[Part] = []
    asked = (analyses_removal,) if wants_insights(wanted) else ()
    for part in (*asked, _revisions, _logs, _token, _role, _rules, _group, _service, _cluster):
        parts.append(part(wanted, world, attempts))
        if not parts[-1].done:
            break
    return tuple(parts)


def _revisions(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The tags of two revisions are read; these lose theirs last, so that an interrupted release goes on."""
    for seen in (world.newest, world.serving, world.revisions):
        if isinstance(seen, Unseen):
            return unseen(_REVISION, seen, attempts)
    known = [item for item in (world.serving, world.newest) if isinstance(item, TaskDefinition)]
    marked = [item.arn for item in known if ownership.marked(item.tags, wanted.owner.mark)]
    if not marked:
        return removed(_REVISION, "The task definitions stay, and are nobody's.")
    revisions = () if isinstance(world.revisions, Unseen) else world.revisions
    arns = dict.fromkeys([*sorted(set(revisions) - set(marked)), *marked])
    steps = (
        UntagEcsResource(condition=_REVISION, region=wanted.region, resource=arn, keys=_KEYS) for arn in arns
    )
    return writing(_REVISION, *steps)


def _logs(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    group = world.log_group
    if isinstance(group, Unseen):
        return unseen(_REVISION, group, attempts)
    if isinstance(group, LogGroup) and ownership.marked(group.tags, wanted.owner.mark):
        step = UntagLogGroup(condition=_REVISION, region=wanted.region, resource=group.arn, keys=_KEYS)
        return writing(_REVISION, step)
    return removed(_REVISION, "The log group stays.")


def _token(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    token, mark = world.token, wanted.owner.mark
    if isinstance(token, Unseen):
        return unseen(_TOKEN, token, attempts)
    if isinstance(token, JoinToken) and ownership.marked(token.labels, mark):
        return writing(_TOKEN, DisownJoinToken(condition=_TOKEN, object_name=token.name, owner=mark))
    return removed(_TOKEN, "The join token stays, and is nobody's.")


def _role(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    roles = own_roles(wanted, world)
    if isinstance(roles, Unseen):
        return unseen(_ROLE, roles, attempts)
    steps = [UntagRole(condition=_ROLE, resource=role.name, keys=_KEYS) for role in roles]
    return writing(_ROLE, *steps) if steps else removed(_ROLE, "The IAM roles stay, and are nobody's.")


def _rules(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    if isinstance(world.own_rules, Unseen):
        return unseen(_ACCESS, world.own_rules, attempts)
    steps = [_untagged(wanted, _ACCESS, rule.id) for rule in own_rules(world)]
    return (
        writing(_ACCESS, *steps) if steps else removed(_ACCESS, "The inbound rules stay, and are nobody's.")
    )


def _group(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    group = world.managed_group
    if isinstance(group, Unseen):
        return unseen(_NETWORK, group, attempts)
    if isinstance(group, ManagedGroup) and is_ours(wanted, world):
        return writing(_NETWORK, _untagged(wanted, _NETWORK, group.id))
    return removed(_NETWORK, "The security group stays, and is nobody's.")


def _untagged(wanted: WantedDeployment, condition: ConditionType, resource: str) -> UntagSecurityGroup:
    return UntagSecurityGroup(condition=condition, region=wanted.region, resource=resource, keys=_KEYS)


def _service(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    service = world.service
    if isinstance(service, Unseen):
        return unseen(_SERVICE, service, attempts)
    running = isinstance(service, EcsService) and service.status == "ACTIVE"
    if isinstance(service, EcsService) and running and ownership.marked(service.tags, wanted.owner.mark):
        step = UntagEcsResource(condition=_SERVICE, region=wanted.region, resource=service.arn, keys=_KEYS)
        return writing(_SERVICE, step)
    return removed(_SERVICE, "The ECS service runs on, and is nobody's.")


def _cluster(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The mark that other deployments share stays for them; the service of this one counts as one."""
    cluster = world.cluster
    if isinstance(cluster, Unseen):
        return unseen(_SERVICE, cluster, attempts)
    if (
        isinstance(cluster, EcsCluster)
        and cluster.status == "ACTIVE"
        and cluster.active_services <= 1
        and ownership.marked(cluster.tags, wanted.owner.shared_mark)
    ):
        step = UntagEcsResource(condition=_SERVICE, region=wanted.region, resource=cluster.arn, keys=_KEYS)
        return writing(_SERVICE, step)
    return removed(_SERVICE, "The ECS cluster stays.")
