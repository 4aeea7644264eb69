"""The end of a deployment: everything of ours goes, in the reverse of the order in which it was made."""

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.access import access_removal
from rds_enrollment.plan.deployment.analyzer import analyses_removal, wants_insights
from rds_enrollment.plan.deployment.logs import logs_removal
from rds_enrollment.plan.deployment.revision import service_of_another
from rds_enrollment.plan.deployment.roles import own_roles
from rds_enrollment.plan.deployment.security_group import group_removal
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import TaskDefinition
from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.plan.part import Part, progressing, removed, unseen, writing
from rds_enrollment.plan.roles import removal
from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.ecs import (
    DeleteCluster,
    DeleteService,
    DeleteTaskDefinition,
    DeregisterTaskDefinition,
)
from rds_enrollment.plan.steps.teleport import DeleteJoinToken
from rds_enrollment.plan.task_definition import join_token_of
from rds_enrollment.plan.text import listing

_SERVICE = ConditionType.SERVICE_DEPLOYED
_REVISION = ConditionType.TASK_DEFINITION_REGISTERED
_TOKEN = ConditionType.JOIN_TOKEN_READY
_ROLE = ConditionType.ROLE_READY


def teardown(wanted: WantedDeployment, world: DeploymentWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not gone yet; all done means that nothing of ours is left."""
    parts: list[Part] = []
    asked = (analyses_removal,) if wants_insights(wanted) else ()
    last = (_revisions, _logs, _token, _role, _cluster, group_removal)
    for remove in (_service, *asked, access_removal, *last):
        part = remove(wanted, world, attempts)
        parts.append(part)
        if not part.done:
            break
    return tuple(parts)


def _service(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Agents first: their tasks drain before anything that they need goes."""
    if isinstance(world.service, Unseen):
        return unseen(_SERVICE, world.service, attempts)
    service = world.service
    if service is None or service.status == "INACTIVE" or service_of_another(wanted, world):
        return removed(_SERVICE, "No ECS service of this object is left.")
    if service.status == "DRAINING":
        message = f"ECS service {service.name} drains; {service.running_count} tasks still run."
        return progressing(_SERVICE, Reason.DELETING, message)
    delete = DeleteService(
        condition=_SERVICE, region=wanted.region, cluster=wanted.cluster_name, service=service.name
    )
    return writing(_SERVICE, delete)


def _revisions(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Deregistered and deleted, one by one: only while nobody else's service holds the family's name."""
    for seen in (world.family, world.service):
        if isinstance(seen, Unseen):
            return unseen(_REVISION, seen, attempts)
    family = () if isinstance(world.family, Unseen) or service_of_another(wanted, world) else world.family
    steps = [
        step
        for revision in sorted(family, key=lambda item: item.revision)
        if _is_ours(wanted, revision)
        for step in revision_removal(wanted.region, revision)
    ]
    if not steps:
        return removed(_REVISION, "No task definition of this object is left.")
    return writing(_REVISION, *steps)


def revision_removal(region: str, revision: TaskDefinition) -> tuple[AwsStep, ...]:
    """The steps that delete a revision: ECS wants it deregistered before."""
    delete = DeleteTaskDefinition(condition=_REVISION, region=region, arn=revision.arn)
    if revision.status != "ACTIVE":
        return (delete,)
    return (DeregisterTaskDefinition(condition=_REVISION, region=region, arn=revision.arn), delete)


def _is_ours(wanted: WantedDeployment, revision: TaskDefinition) -> bool:
    """Teleport's updater copies a revision of ours with its three tags alone, and the copy still joins with our
    token; the wizard's revisions join with its own."""
    if ownership.marked(revision.tags, wanted.owner.mark):
        return True
    scope = wanted.scope
    copied = ownership.has_teleport_tags(revision.tags, scope.cluster.name, scope.integration)
    return copied and OWNER_MARK not in revision.tags and join_token_of(revision.body) == wanted.join_token


def _logs(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The tasks that wrote to it are gone by now."""
    if isinstance(world.log_group, Unseen):
        return unseen(_REVISION, world.log_group, attempts)
    step = logs_removal(wanted, world)
    return writing(_REVISION, step) if step else removed(_REVISION, "No log group of this object is left.")


def _token(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    if isinstance(world.token, Unseen):
        return unseen(_TOKEN, world.token, attempts)
    if isinstance(world.token, JoinToken) and ownership.marked(world.token.labels, wanted.owner.mark):
        step = DeleteJoinToken(condition=_TOKEN, token=world.token.name, owner=wanted.owner.mark)
        return writing(_TOKEN, step)
    return removed(_TOKEN, "No join token of this object is left.")


def _role(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    roles = own_roles(wanted, world)
    if isinstance(roles, Unseen):
        return unseen(_ROLE, roles, attempts)
    if isinstance(world.role_users, Unseen):
        return unseen(_ROLE, world.role_users, attempts)
    users = world.role_users
    steps = [step for role in roles if role.arn not in users for step in removal(role, wanted.owner.mark)]
    if steps:
        return writing(_ROLE, *steps)
    used = [f"{role.arn} (observed by {listing(users[role.arn])})" for role in roles if role.arn in users]
    if used:
        message = (
            f"IAM role {listing(used)} stays as long as another deployment runs with it. Delete that one, or let it "
            f"name another role."
        )
        return progressing(_ROLE, Reason.IN_USE, message)
    return removed(_ROLE, "No IAM role of this object is left.")


def _cluster(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The last deployment of the region takes the ECS cluster with it."""
    if isinstance(world.cluster, Unseen):
        return unseen(_SERVICE, world.cluster, attempts)
    cluster = world.cluster
    gone = cluster is None or cluster.status == "INACTIVE"
    if cluster is None or gone or not ownership.marked(cluster.tags, wanted.owner.shared_mark):
        return removed(_SERVICE, "No ECS cluster of this operator is left.")
    if cluster.active_services:
        return removed(_SERVICE, f"ECS cluster {cluster.name} stays: other services use it.")
    return writing(_SERVICE, DeleteCluster(condition=_SERVICE, region=wanted.region, cluster=cluster.name))
