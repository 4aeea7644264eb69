"""How a service gets to what is wanted: when ECS is told, when it is left to itself, and when a failure is tried again.

Everything is decided from what ECS says of itself, so that an operator that has lost its memory decides the same.
Amazon ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures": a deployment that fails
goes back to the last completed one; without one it stays FAILED and starts nothing more.
"""

from datetime import datetime, timedelta

from rds_enrollment.api.common import ANNOTATION_RECONCILE
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.deployment.agents import connected_tasks
from rds_enrollment.plan.deployment.failures import stop_reasons
from rds_enrollment.plan.deployment.shape import (
    primary_of,
    same_input,
    shape_differences,
    shape_of,
    wanted_shape,
    with_input_of,
)
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsDeployment, EcsService, ServiceDeployment
from rds_enrollment.plan.outcome import Waiting
from rds_enrollment.plan.part import Part, progressing, refused, unseen, writing
from rds_enrollment.plan.steps.ecs import ServiceShape, UpdateService

_CONDITION = ConditionType.SERVICE_DEPLOYED
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
"""Between a failed rollout and the next try of the same: doubled with each failure in a row. One try starts a few
tasks; a cause that is mended (a route, a repository) is found within the hour."""

_RETURNING = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
_RETURNED = "ROLLBACK_SUCCESSFUL"
_FAILED = frozenset({"ROLLBACK_FAILED", "STOPPED"})
"""Amazon ECS API, ServiceDeployment: `status`."""


def needs_history(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether the plan depends on how earlier rollouts of the service ended."""
    service = world.service
    if not isinstance(service, EcsService) or service.status != "ACTIVE":
        return False
    if not ownership.marked(service.tags, wanted.owner.mark):
        return False
    shape = wanted_shape(wanted, world)
    if shape is None:
        return False
    return not same_input(shape, shape_of(service)) or _has_failed(service)


def rollout_part(
    wanted: WantedDeployment, world: DeploymentWorld, service: EcsService, shape: ServiceShape, attempts: int
) -> Part | None:
    """What is left to do, or to wait for; None once the service is as wanted."""
    if same_input(shape, shape_of(service)):
        if shape != shape_of(service):
            return writing(_CONDITION, _update(wanted, world, shape))
        return _primary_part(wanted, world, service, shape, attempts)
    if isinstance(world.rollouts, Unseen):
        return unseen(_CONDITION, world.rollouts, attempts)
    last = next(iter(world.rollouts), None)
    if last is None or not _tried(last, shape):
        return writing(_CONDITION, _update(wanted, world, shape))
    return _returned_part(wanted, world, service, shape, last)


def _returned_part(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    service: EcsService,
    shape: ServiceShape,
    last: ServiceDeployment,
) -> Part:
    """The service is not as wanted although ECS was told so: its last rollout went back, or was stopped."""
    if last.status not in _RETURNING and wanted.retry:
        return writing(_CONDITION, _update(wanted, world, shape))
    kept = with_input_of(shape, service)
    if kept != shape_of(service):
        return writing(_CONDITION, _update(wanted, world, kept))
    if last.status in _RETURNING:
        return progressing(_CONDITION, Reason.ROLLED_BACK, _returning_text(world, service, last))
    if last.status == _RETURNED:
        return refused(_CONDITION, Reason.ROLLED_BACK, _returned_text(world, service, last))
    if last.status in _FAILED:
        return _failed_part(wanted, world, shape, last.finished_at or last.created_at)
    return writing(_CONDITION, _update(wanted, world, shape))


def _primary_part(
    wanted: WantedDeployment, world: DeploymentWorld, service: EcsService, shape: ServiceShape, attempts: int
) -> Part | None:
    primary = primary_of(service)
    if primary is None or primary.rollout_state == "COMPLETED":
        return None
    if primary.rollout_state != "FAILED":
        return progressing(_CONDITION, Reason.ROLLING_OUT, _progress(wanted, world, service, primary))
    if isinstance(world.rollouts, Unseen):
        return unseen(_CONDITION, world.rollouts, attempts)
    return _failed_part(wanted, world, shape, primary.updated_at)


def _failed_part(
    wanted: WantedDeployment, world: DeploymentWorld, shape: ServiceShape, since: datetime
) -> Part:
    """Nothing to go back to: ECS starts nothing by itself any more, so the same is tried again after a pause."""
    due = since + _pause(world, shape)
    if wanted.retry or world.observed_at >= due:
        return writing(_CONDITION, _update(wanted, world, shape, force=True))
    message = (
        f"The rollout of {_revision(shape.task_definition_arn)} failed at {since:%H:%M:%S} UTC and ECS has no "
        f"completed deployment to go back to. {_reasons(world, shape.task_definition_arn, since=None)}"
        f"It is tried again at {due:%H:%M:%S} UTC, or at once when the spec changes or {ANNOTATION_RECONCILE} does."
    )
    waiting = Waiting(
        Reason.ROLLOUT_FAILED, message, after=max(1.0, (due - world.observed_at).total_seconds())
    )
    return Part(_CONDITION, Verdict.no(Reason.ROLLOUT_FAILED, message), outcome=waiting)


def _pause(world: DeploymentWorld, shape: ServiceShape) -> timedelta:
    failures = 0
    for item in () if isinstance(world.rollouts, Unseen) else world.rollouts:
        if item.status not in _FAILED or not _tried(item, shape):
            break
        failures += 1
    doublings: int = 2 ** max(0, failures - 1)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def _has_failed(service: EcsService) -> bool:
    primary = primary_of(service)
    return primary is not None and primary.rollout_state == "FAILED"


def _tried(rollout: ServiceDeployment, shape: ServiceShape) -> bool:
    return (rollout.task_definition_arn, rollout.network) == (shape.task_definition_arn, shape.network)


def _update(
    wanted: WantedDeployment, world: DeploymentWorld, shape: ServiceShape, *, force: bool = False
) -> UpdateService:
    service = world.service
    return UpdateService(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        service=wanted.service_name,
        shape=shape,
        force=force,
        keeps_network=isinstance(service, EcsService) and service.network == shape.network,
        changed=shape_differences(shape_of(service), shape) if isinstance(service, EcsService) else (),
    )


def _progress(
    wanted: WantedDeployment, world: DeploymentWorld, service: EcsService, primary: EcsDeployment
) -> str:
    old = sum(item.running for item in service.deployments if item is not primary)
    connected = len(connected_tasks(wanted, world))
    text = f"ECS service {service.name} rolls out {_revision(primary.task_definition_arn)}: {primary.running} of "
    text += f"{primary.desired} new tasks run, {old} old, {connected} connected"
    if primary.failed:
        text += f", {primary.failed} failed"
    return f"{text}. {primary.rollout_state_reason}".strip()


def _returning_text(world: DeploymentWorld, service: EcsService, last: ServiceDeployment) -> str:
    return (
        f"ECS service {service.name} goes back to {_revision(service.task_definition_arn)}. "
        f"{_reasons(world, last.task_definition_arn, last.created_at)}"
    ).strip()


def _returned_text(world: DeploymentWorld, service: EcsService, last: ServiceDeployment) -> str:
    return (
        f"ECS service {service.name} went back to {_revision(service.task_definition_arn)} with its former network: "
        f"{_revision(last.task_definition_arn)} did not come up. "
        f"{_reasons(world, last.task_definition_arn, last.created_at) or f'{last.status_reason} '}"
        f"The same is not tried again by itself: mend the cause, then change the spec or the annotation "
        f"{ANNOTATION_RECONCILE}."
    )


def _reasons(world: DeploymentWorld, arn: str, since: datetime | None) -> str:
    said = "; ".join(stop_reasons(world, arn, since))
    return f"{said}. ".replace(".. ", ". ") if said else ""


def _revision(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
