"""The task definition: which revision the service should run, and which ones are surplus."""

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.logs import logs_part
from rds_enrollment.plan.deployment.roles import role_arns
from rds_enrollment.plan.deployment.tagging import retagging
from rds_enrollment.plan.deployment.version import agent_version, tags_of_revision, updated_by_teleport
from rds_enrollment.plan.deployment.wanted import WantedDeployment, wanted_task_definition
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Document, EcsService, TaskDefinition
from rds_enrollment.plan.part import Part, held, satisfied, unseen, writing
from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.ecs import (
    DeleteTaskDefinition,
    DeregisterTaskDefinition,
    RegisterTaskDefinition,
)
from rds_enrollment.plan.task_definition import (
    differences,
    has_health_check,
    image_of,
    with_image,
    without_health_check,
)

_CONDITION = ConditionType.TASK_DEFINITION_REGISTERED
KEPT_REVISIONS = 5
"""Of those that do not serve: to look up, or to go back to by hand."""


def fitting_revision(wanted: WantedDeployment, world: DeploymentWorld) -> TaskDefinition | None:
    """A registered revision that means what is wanted: the one in service if it does, else the newest."""
    if isinstance(world.serving, Unseen):
        return None
    body = wanted_body(wanted, world)
    for revision in (world.serving, world.newest):
        if not isinstance(revision, TaskDefinition) or not _usable(wanted, world, revision):
            continue
        if not differences(_accepting(wanted, world, body, revision), revision.body):
            return revision
    return None


def wanted_body(wanted: WantedDeployment, world: DeploymentWorld) -> Document:
    """The task definition of agents of the version that they should have now."""
    version = agent_version(wanted, world).version
    return wanted_task_definition(wanted, version, role_arns(wanted, world))


def _accepting(
    wanted: WantedDeployment, world: DeploymentWorld, body: Document, revision: TaskDefinition
) -> Document:
    """Teleport's updater chooses the image by itself, and what is adopted as it runs need not tell its readiness."""
    if revision is not world.serving:
        return body
    if wanted.observed_token and not has_health_check(revision.body):
        body = without_health_check(body)
    if wanted.pinned_version or not updated_by_teleport(wanted, world):
        return body
    version = agent_version(wanted, world).version
    image = image_of(revision.body)
    return with_image(body, image) if image.endswith(f":{version}") else body


def revision_part(wanted: WantedDeployment, world: DeploymentWorld, role_ready: bool, attempts: int) -> Part:
    """Register when no revision fits; deregister what neither serves nor is about to."""
    logs = logs_part(wanted, world, attempts)
    if not logs.done:
        return logs
    for seen in (world.serving, world.newest):
        if isinstance(seen, Unseen):
            return unseen(_CONDITION, seen, attempts)
    if isinstance(world.revisions, Unseen) and world.revisions.outcome is not None:
        return unseen(_CONDITION, world.revisions, attempts)
    if service_of_another(wanted, world):
        return held(_CONDITION, "ServiceDeployed")
    fitting = fitting_revision(wanted, world)
    if fitting is None:
        return (
            writing(_CONDITION, _registration(wanted, world)) if role_ready else held(_CONDITION, "RoleReady")
        )
    tags = ownership.drifted_tags(wanted.tags, fitting.tags)
    stale = ownership.stale_tags(wanted.former_tags.own, fitting.tags)
    tagging = retagging(wanted, _CONDITION, fitting.arn, tags, stale)
    if tagging and ownership.marked(fitting.tags, wanted.owner.mark):
        return writing(_CONDITION, *tagging)
    collection = _collection(wanted, world)
    if collection:
        return writing(_CONDITION, *collection)
    return satisfied(_CONDITION, f"{fitting.family}:{fitting.revision} is registered.")


def service_of_another(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether a service that is not ours holds the name: then its family is not ours either."""
    service = world.service
    return (
        isinstance(service, EcsService)
        and service.status != "INACTIVE"
        and not ownership.marked(service.tags, wanted.owner.mark)
    )


def _usable(wanted: WantedDeployment, world: DeploymentWorld, revision: TaskDefinition) -> bool:
    """A revision belongs to whom its service belongs; one that never served, to whom its tags name."""
    if revision.status != "ACTIVE" or revision.family != wanted.family:
        return False
    return _serves(wanted, world, revision.arn) or ownership.marked(revision.tags, wanted.owner.mark)


def _serves(wanted: WantedDeployment, world: DeploymentWorld, arn: str) -> bool:
    service = world.service
    if not isinstance(service, EcsService) or not ownership.marked(service.tags, wanted.owner.mark):
        return False
    return service.status != "INACTIVE" and arn in _in_use(service)


def _in_use(service: EcsService) -> set[str]:
    return {
        service.task_definition_arn,
        *(deployment.task_definition_arn for deployment in service.deployments),
    }


def collects(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether there are more revisions than are kept. Only a service of ours makes the family ours, and only a
    completed rollout says that what it does not run is not needed to go back to."""
    service = world.service
    if not isinstance(service, EcsService) or service.status != "ACTIVE":
        return False
    fitting = fitting_revision(wanted, world)
    if fitting is None or not _serves(wanted, world, fitting.arn):
        return False
    completed = all(item.rollout_state == "COMPLETED" for item in service.deployments)
    return completed and bool(_surplus(service, world))


def _surplus(service: EcsService, world: DeploymentWorld) -> list[str]:
    """ARNs of all but the newest of those that the service does not run."""
    if isinstance(world.revisions, Unseen):
        return []
    idle = [arn for arn in world.revisions if arn not in _in_use(service)]
    return sorted(idle, key=_number, reverse=True)[KEPT_REVISIONS:]


def _collection(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[AwsStep, ...]:
    """Deregister the surplus and delete it, and what an earlier collection did not come to delete."""
    service = world.service
    if not isinstance(service, EcsService) or not collects(wanted, world):
        return ()
    inactive = () if isinstance(world.inactive, Unseen) else world.inactive
    steps: list[AwsStep] = []
    for arn in sorted(_surplus(service, world), key=_number):
        steps.append(DeregisterTaskDefinition(condition=_CONDITION, region=wanted.region, arn=arn))
        steps.append(DeleteTaskDefinition(condition=_CONDITION, region=wanted.region, arn=arn))
    for arn in sorted(set(inactive) - _in_use(service), key=_number):
        steps.append(DeleteTaskDefinition(condition=_CONDITION, region=wanted.region, arn=arn))
    return tuple(steps)


def _number(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def _registration(wanted: WantedDeployment, world: DeploymentWorld) -> RegisterTaskDefinition:
    body = wanted_body(wanted, world)
    return RegisterTaskDefinition(
        condition=_CONDITION,
        region=wanted.region,
        family=wanted.family,
        body=body,
        tags=tags_of_revision(wanted, world),
        changed=_changed(world, body),
    )


def _changed(world: DeploymentWorld, body: Document) -> tuple[str, ...]:
    """What makes the revision in service unfit; nothing where none serves."""
    serving = world.serving
    if not isinstance(serving, TaskDefinition):
        return ()
    return tuple(differences(body, serving.body)) or (
        f"{serving.family}:{serving.revision} is {serving.status}",
    )
