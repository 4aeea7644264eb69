"""The roles of a deployment: one for everything as the wizard has it, or one to run with and one to start with."""

import re
from dataclasses import replace

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan import names, ownership, policies
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import Document, EcsService, Role, TaskDefinition
from rds_enrollment.plan.part import Part, unseen, writing
from rds_enrollment.plan.policies import Statement
from rds_enrollment.plan.roles import WantedRole, removal, role_part

_CONDITION = ConditionType.ROLE_READY
DESCRIPTION = "Used by Teleport Database Service deployed in Amazon ECS."
"""Teleport lib/integrations/awsoidc/deployservice_iam_config.go."""
_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<repository>.+)"
)
"""Amazon ECR User Guide: the URI of a private repository."""


def target_roles(wanted: WantedDeployment) -> tuple[WantedRole, ...]:
    """The roles as they should be once the tasks run with them."""
    if wanted.execution_role is None:
        return (_wanted(wanted, wanted.task_role, _for_everything(wanted)),)
    return (
        _wanted(wanted, wanted.task_role, policies.policy(*_serving(wanted))),
        _wanted(wanted, wanted.execution_role, policies.policy(*_starting(wanted))),
    )


def wanted_roles(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[WantedRole, ...]:
    """The roles as they should be now: a task role that gets an execution role beside it may do what that is for until
    no task needs it to."""
    task, *execution = target_roles(wanted)
    if not execution or not task.managed or not isinstance(world.role, Role):
        return (task, *execution)
    there = world.role.policies.get(task.name)
    narrow = there is not None and policies.same(there, task.policies[task.name])
    if narrow or runs_with_wanted_roles_alone(wanted, world):
        return (task, *execution)
    return (replace(task, policies={task.name: _for_everything(wanted)}), *execution)


def role_arns(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[str, str]:
    """ARNs of task role and execution role: an observed role stands where its owner put it."""
    task = _arn(wanted, wanted.task_role, world.role)
    if wanted.execution_role is None:
        return task, task
    return task, _arn(wanted, wanted.execution_role, world.execution_role)


def roles_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The roles, and once no task runs with them any more the end of those before."""
    seen = (world.role, world.execution_role)
    parts = [
        role_part(role, there, attempts)
        for role, there in zip(wanted_roles(wanted, world), seen, strict=False)
    ]
    part = _together(parts)
    if not part.done or not wanted.former_roles:
        return part
    return _former_roles_part(wanted, world, part, attempts)


def runs_with_wanted_roles_alone(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether no task runs, or can be started again by ECS, with other roles than the wanted ones."""
    service, serving = world.service, world.serving
    if service is None or (isinstance(service, EcsService) and service.status == "INACTIVE"):
        return True
    if not isinstance(service, EcsService) or not isinstance(serving, TaskDefinition):
        return False
    if isinstance(world.tasks, Unseen):
        return False
    used = [names.role_name(str(serving.body.get(key, ""))) for key in ("taskRoleArn", "executionRoleArn")]
    if used != [wanted.task_role.name, (wanted.execution_role or wanted.task_role).name]:
        return False
    others = [
        task
        for task in world.tasks
        if task.last_status != "STOPPED" and task.task_definition_arn != service.task_definition_arn
    ]
    rolled_out = all(item.rollout_state == "COMPLETED" for item in service.deployments)
    return rolled_out and len(service.deployments) <= 1 and not others


def own_roles(wanted: WantedDeployment, world: DeploymentWorld) -> Seen[tuple[Role, ...]]:
    """Every role in AWS that carries this deployment's mark, apart from those that it only observes."""
    found: list[Role] = []
    for role, seen in zip(wanted.roles, (world.role, world.execution_role), strict=False):
        if isinstance(seen, Unseen):
            return seen
        if seen is not None and role.managed:
            found.append(seen)
    if isinstance(world.former_roles, Unseen):
        return world.former_roles
    return tuple(
        role for role in (*found, *world.former_roles) if ownership.marked(role.tags, wanted.owner.mark)
    )


def _together(parts: list[Part]) -> Part:
    """One condition of several roles: what hinders one keeps it down, while the others are still written."""
    if len(parts) == 1:
        return parts[0]
    steps = tuple(step for part in parts for step in part.steps)
    open_ones = [part for part in parts if not part.done]
    if not open_ones:
        return Part(_CONDITION, Verdict.ok(" ".join(part.verdict.message for part in parts)), done=True)
    hindered = next((part for part in open_ones if not part.steps), None)
    return replace(hindered, steps=steps) if hindered else writing(_CONDITION, *steps)


def _former_roles_part(wanted: WantedDeployment, world: DeploymentWorld, part: Part, attempts: int) -> Part:
    if isinstance(world.former_roles, Unseen):
        return unseen(_CONDITION, world.former_roles, attempts)
    left = [
        role
        for role in world.former_roles
        if role.name not in wanted.kept_roles and ownership.marked(role.tags, wanted.owner.mark)
    ]
    if not left:
        return part
    if not runs_with_wanted_roles_alone(wanted, world):
        waiting = ", ".join(role.arn for role in left)
        message = f"{part.verdict.message} {waiting} goes once no task runs with it."
        return replace(part, verdict=replace(part.verdict, message=message))
    return writing(_CONDITION, *(step for role in left for step in removal(role, wanted.owner.mark)))


def _wanted(wanted: WantedDeployment, role: IamRole, document: Document) -> WantedRole:
    """The inline policy carries the role's own name, as the wizard's does."""
    return WantedRole(
        name=role.name,
        description=DESCRIPTION,
        trust=policies.task_trust(),
        policies={role.name: document},
        tags=wanted.tags,
        mark=wanted.owner.mark,
        adoption=wanted.adoption,
        path=role.path,
        permissions_boundary=role.permissions_boundary or "",
        managed=role.managed,
        former_tags=wanted.former_tags.own,
    )


def _arn(wanted: WantedDeployment, role: IamRole, seen: Seen[Role | None]) -> str:
    if isinstance(seen, Role) and not role.managed:
        return seen.arn
    return names.role_arn(wanted.scope.partition, wanted.scope.account, role.name, role.path)


def _for_everything(wanted: WantedDeployment) -> Document:
    """The wizard's policy, which names no resources; of an observed role no more is asked than is needed."""
    if wanted.task_role.managed:
        return policies.task_policy(*_image_access(wanted))
    return policies.policy(*_serving(wanted), *_starting(wanted))


def _serving(wanted: WantedDeployment) -> tuple[Statement, ...]:
    return policies.serving(wanted.scope.partition, wanted.scope.account, wanted.region)


def _starting(wanted: WantedDeployment) -> tuple[Statement, ...]:
    scope = wanted.scope
    group = names.log_group_arn(scope.partition, wanted.region, scope.account, wanted.log_group)
    return policies.starting(group, *_repository_access(wanted))


def _image_access(wanted: WantedDeployment) -> tuple[Statement, ...]:
    """What pulling the image takes, on whatever repository: the wizard's policy names no resources either."""
    image = wanted.agents.image
    if image is None:
        return ()
    if image.pull_secret_arn:
        return (policies.read_secret(image.pull_secret_arn),)
    if ".dkr.ecr." in image.repository:
        return (policies.pull_from_ecr(),)
    return ()


def _repository_access(wanted: WantedDeployment) -> tuple[Statement, ...]:
    """What pulling the image takes, on its one repository where that is in Amazon ECR."""
    image = wanted.agents.image
    place = _ECR.fullmatch(image.repository) if image and not image.pull_secret_arn else None
    if place is None:
        return _image_access(wanted)
    arn = f"arn:{wanted.scope.partition}:ecr:{place['region']}:{place['account']}:repository/{place['repository']}"
    return policies.pull_from(arn)
