"""The plan of one enrolment, part by part: the deployments first, which take the longest to become Ready."""

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.diagnosis.pages import with_page
from rds_enrollment.plan.enrollment.parts import discovery_part, enrolled_part, iam_part
from rds_enrollment.plan.enrollment.reachability import reachable_part
from rds_enrollment.plan.enrollment.readiness import deployments_part
from rds_enrollment.plan.enrollment.survey import survey
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.part import Part

REQUIRED = (
    ConditionType.CREDENTIALS_VALID,
    ConditionType.DATABASES_DISCOVERED,
    ConditionType.DATABASES_ENROLLED,
    ConditionType.DEPLOYMENTS_READY,
)
"""Ready is all of these; IamAuthenticationEnabled and DatabasesReachable only inform."""


def plan(wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int = 1) -> tuple[Part, ...]:
    """What one pass would write, and how each condition stands. `attempts`: failures in a row, this one included."""
    seen = survey(wanted, world)
    return (
        discovery_part(wanted, world, seen.selection, attempts),
        deployments_part(wanted, world, seen.coverage, attempts),
        enrolled_part(wanted, world, seen.selection, seen.registration, attempts),
        iam_part(wanted, world, seen.registration),
        with_page(reachable_part(world, seen.registration, attempts), wanted.docs_url),
    )
