"""Every database of an enrolment, read as a pass reads it; nothing is written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from rds_enrollment.api.kinds import RDS_ENROLLMENT
from rds_enrollment.api.rds_enrollment import DiscoveredDatabase, RdsEnrollment
from rds_enrollment.controllers.ground import establish
from rds_enrollment.controllers.invalid import faults
from rds_enrollment.controllers.rds_enrollment import RdsEnrollmentController
from rds_enrollment.plan.enrollment.status import all_databases
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.runtime.fatal import FatalError


@dataclass(frozen=True, slots=True)
class EnrollmentReport:
    """What was seen, and why that is not all."""

    databases: Sequence[DiscoveredDatabase]
    """The troubled first."""
    gaps: Sequence[Outcome]
    """Regions that could not be listed, and Teleport."""


async def report_on(controller: RdsEnrollmentController, namespace: str, name: str) -> EnrollmentReport:
    """Look at one enrolment. Raises FatalError when there is none that can be read, Outcome when AWS or Teleport cannot
    be asked at all."""
    resource = await _read(controller, namespace, name)
    ground = await establish(
        controller.adapters,
        await controller.integration_of(resource),
        pinned_cluster=resource.status.teleport_cluster,
        teleport_condition=controller.teleport_condition,
        attempts=1,
    )
    if ground.scope is None or ground.account is None:
        raise ground.outcomes[0]
    wanted = await controller.wanted(resource, ground.scope)
    world = await controller.observer(resource, wanted, ground.account)()
    databases = await asyncio.to_thread(lambda: tuple(all_databases(wanted, world)))
    return EnrollmentReport(databases, _gaps(world))


async def _read(controller: RdsEnrollmentController, namespace: str, name: str) -> RdsEnrollment:
    raw = await controller.adapters.objects.get(RDS_ENROLLMENT.kind, namespace, name)
    if raw is None:
        raise FatalError(f"RdsEnrollment {namespace}/{name} does not exist")
    try:
        return RdsEnrollment.model_validate(raw)
    except ValidationError as error:
        raise FatalError(f"RdsEnrollment {namespace}/{name} cannot be read: {faults(error)}") from error


def _gaps(world: EnrollmentWorld) -> tuple[Outcome, ...]:
    reads = (*world.inventories.values(), world.databases, world.servers)
    return tuple(read.outcome for read in reads if isinstance(read, Unseen) and read.outcome is not None)
