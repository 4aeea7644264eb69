"""One look at an enrolment: choice, db objects and deployments, each computed from what could be seen."""

from dataclasses import dataclass
from typing import cast

from rds_enrollment.plan.enrollment.deployments import Coverage, Presence, cover
from rds_enrollment.plan.enrollment.registration import Registration, register
from rds_enrollment.plan.enrollment.selection import Selection, select
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the parts and the status are drawn from."""

    selection: Selection
    registration: Registration | None
    """None where Teleport's objects were not seen."""
    coverage: Coverage | None
    """None where those or the deployments were not seen."""


def survey(wanted: WantedEnrollment, world: EnrollmentWorld) -> Survey:
    """Choose, register, cover; once for each pair of these very objects."""
    for known, seen in world.surveys:
        if known is wanted:
            return cast("Survey", seen)
    made = _survey(wanted, world)
    world.surveys.append((wanted, made))
    return made


def _survey(wanted: WantedEnrollment, world: EnrollmentWorld) -> Survey:
    selection = select(wanted.spec, world)
    if isinstance(world.databases, Unseen):
        return Survey(selection=selection, registration=None, coverage=None)
    registration = register(wanted, selection, world.databases)
    if isinstance(world.deployments, Unseen):
        return Survey(selection=selection, registration=registration, coverage=None)
    presence = Presence(world.read_at, world.empty_since)
    coverage = cover(wanted, registration.entries, world.deployments, selection.unseen_regions, presence)
    return Survey(selection=selection, registration=registration, coverage=coverage)
