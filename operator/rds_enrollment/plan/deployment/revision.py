"""The task definition: which revision the service should run, and which ones are surplus."""

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.logs import logs_part
from rds_enrollment.plan.deployment.wanted import WantedDeployment, wanted_task_definition
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, TaskDefinition
from rds_enrollment.plan.part import Part, held, satisfied, unseen, writing
from rds_enrollment.plan.steps.aws import DeregisterTaskDefinition, RegisterTaskDefinition
from rds_enrollment.plan.task_definition import differences

_CONDITION = ConditionType.TASK_DEFINITION_REGISTERED


def fitting_revision(wanted: WantedDeployment, world: DeploymentWorld) -> TaskDefinition | None:
    """A registered revision that means what is wanted: the one in service if it does, else the newest."""
    body = wanted_task_definition(wanted)
    for revision in (world.serving, world.newest):
        if not isinstance(revision, TaskDefinition) or not _usable(wanted, world, revision):
            continue
        if not differences(body, revision.body):
            return revision
    return None


def revision_part(wanted: WantedDeployment, world: DeploymentWorld, role_ready: bool, attempts: int) -> Part:
    """Register when no revision fits; deregister what neither serves nor is about to."""
    logs = logs_part(wanted, world, attempts)
    if not logs.done:
        return logs
    for seen in (world.serving, world.newest, world.revisions):
        if isinstance(seen, Unseen):
            return unseen(_CONDITION, seen, attempts)
    if service_of_another(wanted, world):
        return held(_CONDITION, "ServiceDeployed")
    fitting = fitting_revision(wanted, world)
    if fitting is None:
        return writing(_CONDITION, _registration(wanted)) if role_ready else held(_CONDITION, "RoleReady")
    surplus = _surplus(wanted, world, fitting)
    if surplus:
        return writing(_CONDITION, *surplus)
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


def _surplus(
    wanted: WantedDeployment, world: DeploymentWorld, fitting: TaskDefinition
) -> list[DeregisterTaskDefinition]:
    """Only a service of ours makes the family ours: without one nothing is deregistered."""
    service = world.service
    if isinstance(world.revisions, Unseen) or not _serves(wanted, world, fitting.arn):
        return []
    if not isinstance(service, EcsService):
        return []
    idle = [arn for arn in world.revisions if arn not in _in_use(service)]
    return [
        DeregisterTaskDefinition(condition=_CONDITION, region=wanted.region, arn=arn) for arn in sorted(idle)
    ]


def _registration(wanted: WantedDeployment) -> RegisterTaskDefinition:
    return RegisterTaskDefinition(
        condition=_CONDITION,
        region=wanted.region,
        family=wanted.family,
        body=wanted_task_definition(wanted),
        tags=wanted.tags,
    )
