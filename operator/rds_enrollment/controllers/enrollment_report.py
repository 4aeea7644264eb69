"""Every database of an enrolment, read as a pass reads it; nothing is written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rds_enrollment.api.rds_enrollment import DiscoveredDatabase
from rds_enrollment.controllers.ground import Ground
from rds_enrollment.controllers.rds_enrollment import RdsEnrollmentController
from rds_enrollment.plan.enrollment.status import all_databases
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Outcome


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
    standing = await controller.stand(await controller.named(namespace, name))
    if isinstance(standing, Ground):
        raise standing.outcomes[0]
    world = await standing.observe()
    databases = await asyncio.to_thread(lambda: tuple(all_databases(standing.wanted, world)))
    return EnrollmentReport(databases, _gaps(world))


def _gaps(world: EnrollmentWorld) -> tuple[Outcome, ...]:
    reads = (*world.inventories.values(), world.databases, world.servers)
    return tuple(read.outcome for read in reads if isinstance(read, Unseen) and read.outcome is not None)
