"""The end of an enrolment: its db objects go, or lose their marks, then the deployments that it generated go."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.enrollment import generated
from rds_enrollment.plan.enrollment.deployments import release
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.part import Part, progressing, removed, unseen
from rds_enrollment.plan.steps.teleport import DeleteDatabase, DisownDatabase, TeleportStep
from rds_enrollment.plan.text import counted, listing

_ENROLLED = ConditionType.DATABASES_ENROLLED
_DEPLOYMENTS = ConditionType.DEPLOYMENTS_READY


def teardown(wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not gone yet; all done means that nothing of ours is left."""
    databases = _databases(wanted, world, attempts)
    return (databases, _deployments(wanted, world, attempts)) if databases.done else (databases,)


def _databases(wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int) -> Part:
    if isinstance(world.databases, Unseen):
        return unseen(_ENROLLED, world.databases, attempts)
    names = sorted(item.name for item in world.databases if ownership.marked(item.labels, wanted.owner.mark))
    if not names:
        return removed(_ENROLLED, "No database of this enrolment is left in Teleport.")
    message = f"{counted(len(names), 'database')} left in Teleport: {listing(names)}."
    end = _disown if wanted.spec.retains else _delete
    steps = tuple(end(name, wanted.owner.mark) for name in names)
    return Part(_ENROLLED, Verdict.no(Reason.DELETING, message), steps)


def _delete(name: str, mark: str) -> TeleportStep:
    return DeleteDatabase(condition=_ENROLLED, database=name, owner=mark)


def _disown(name: str, mark: str) -> TeleportStep:
    return DisownDatabase(condition=_ENROLLED, object_name=name, owner=mark)


def _deployments(wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int) -> Part:
    """Ours alone are waited for: they hold AWS resources that need the integration."""
    if isinstance(world.deployments, Unseen):
        return unseen(_DEPLOYMENTS, world.deployments, attempts)
    ours = [live for live in world.deployments if generated.is_owned_by(live, wanted.uid)]
    if not ours:
        return removed(_DEPLOYMENTS, "No deployment of this enrolment is left.")
    names = listing([generated.name_of(live) for live in ours])
    message = f"{counted(len(ours), 'deployment')} left: {names}."
    steps = tuple(release(wanted, ours))
    if steps:
        return Part(_DEPLOYMENTS, Verdict.no(Reason.DELETING, message), steps)
    return progressing(_DEPLOYMENTS, Reason.DELETING, message)
