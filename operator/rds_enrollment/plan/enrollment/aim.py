"""All that an enrolment's writes aim at, to tell drift from a new wish."""

from rds_enrollment.plan.enrollment.survey import survey
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment


def aim(wanted: WantedEnrollment, world: EnrollmentWorld) -> object | None:
    """None while something of it was not seen: what RDS holds decides what is wanted."""
    view = survey(wanted, world)
    if view.registration is None or view.coverage is None or view.selection.unseen_regions:
        return None
    databases = sorted(view.registration.wanted, key=lambda item: item.name)
    vpcs = [(item.vpc.region, item.vpc.vpc_id) for item in view.coverage.vpcs]
    return databases, vpcs, wanted.spec.deployment, wanted.spec.tags
