"""The conditions of an enrolment's databases: found, enrolled, open to IAM logins, reachable."""

from collections import Counter

from rds_enrollment.api.rds_enrollment import DatabaseIdentifier, DatabaseState
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, of_outcome
from rds_enrollment.plan.enrollment.health import (
    Reach,
    enabling_command,
    health_of,
    without_iam_authentication,
)
from rds_enrollment.plan.enrollment.registration import Entry, Registration
from rds_enrollment.plan.enrollment.selection import Selection
from rds_enrollment.plan.enrollment.text import counted, listing
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient
from rds_enrollment.plan.part import Part, held, refused, satisfied, unseen

_DISCOVERED = ConditionType.DATABASES_DISCOVERED
_ENROLLED = ConditionType.DATABASES_ENROLLED
_IAM = ConditionType.IAM_AUTHENTICATION_ENABLED
_REACHABLE = ConditionType.DATABASES_REACHABLE


def discovery_part(
    wanted: WantedEnrollment, world: EnrollmentWorld, selection: Selection, attempts: int
) -> Part:
    """Whether every region was listed, and every identifier of the spec names something."""
    if selection.unseen_regions:
        return _listing_failed(world, selection, attempts)
    if selection.unmatched:
        names = listing([_identifier_text(identifier, wanted) for identifier in selection.unmatched])
        message = f"Not found in RDS: {names}. Correct spec.databases.identifiers, or create them."
        return refused(_DISCOVERED, Reason.DATABASE_NOT_FOUND, message)
    regions = ", ".join(wanted.spec.regions)
    if not selection.candidates and not selection.skipped:
        verdict = Verdict.ok(f"No database in {regions}.", Reason.NO_DATABASES)
        return Part(_DISCOVERED, verdict, done=True)
    found = counted(len(selection.candidates), "database endpoint")
    skipped = f"; {len(selection.skipped)} skipped, see status.databases" if selection.skipped else ""
    return satisfied(_DISCOVERED, f"{found} to enrol in {regions}{skipped}.")


def enrolled_part(
    world: EnrollmentWorld, selection: Selection, registration: Registration | None, attempts: int
) -> Part:
    """Whether every db object is in Teleport as wanted. Skipped databases do not count."""
    if registration is None:
        seen = world.databases if isinstance(world.databases, Unseen) else Unseen()
        return unseen(_ENROLLED, seen, attempts)
    conflicting = [item for item in registration.entries if item.state is DatabaseState.CONFLICTING]
    if conflicting:
        reason = conflicting[0].reason
        message = listing([f"{_entry_text(item)}: {item.message}" for item in conflicting], "; ")
        return Part(
            _ENROLLED, Verdict.no(reason, message), registration.steps, outcome=Blocked(reason, message)
        )
    if registration.steps:
        return Part(_ENROLLED, Verdict.unknown(Reason.IN_PROGRESS, _to_do(registration)), registration.steps)
    if selection.unseen_regions:
        regions = ", ".join(sorted(selection.unseen_regions))
        return held(_ENROLLED, f"{_DISCOVERED}: {regions} could not be listed")
    enrolled = sum(1 for item in registration.entries if item.state is DatabaseState.ENROLLED)
    return satisfied(_ENROLLED, f"{counted(enrolled, 'database')} in Teleport as wanted.")


def iam_part(registration: Registration | None) -> Part:
    """Informing: whether IAM logins, the only ones that the agents use, are switched on in RDS."""
    if registration is None:
        return held(_IAM, _ENROLLED)
    resources = without_iam_authentication(registration.entries)
    if not resources:
        return satisfied(_IAM, "No enrolled database refuses IAM authentication.")
    commands = listing([f"{resource}: {enabling_command(resource)}" for resource in resources], "; ")
    message = f"IAM authentication is off, so that nobody can log in. Switch it on: {commands}"
    return Part(_IAM, Verdict.no(Reason.IAM_AUTHENTICATION_DISABLED, message), done=True)


def reachable_part(world: EnrollmentWorld, registration: Registration | None, attempts: int) -> Part:
    """Informing: whether the agents can connect to every enrolled database."""
    if registration is None:
        return held(_REACHABLE, _ENROLLED)
    if isinstance(world.servers, Unseen):
        return unseen(_REACHABLE, world.servers, attempts)
    health = health_of(world.servers, world.read_at)
    names = sorted({item.name for item in registration.entries if item.in_teleport})
    failing = [name for name in names if name in health and health[name].reach is Reach.UNREACHABLE]
    if failing:
        message = listing([f"{name}: {health[name].error}" for name in failing], "; ")
        return Part(_REACHABLE, Verdict.no(Reason.UNREACHABLE, message), done=True)
    silent = [name for name in names if name not in health or health[name].reach is Reach.NOT_REPORTED]
    if silent or not names:
        text = f"No agent has reported on {listing(silent)} yet." if silent else "No database is enrolled."
        return Part(_REACHABLE, Verdict.unknown(Reason.NOT_REPORTED, text), done=True)
    return satisfied(_REACHABLE, f"Agents can connect to all of {counted(len(names), 'database')}.")


def _listing_failed(world: EnrollmentWorld, selection: Selection, attempts: int) -> Part:
    outcomes: dict[str, Outcome] = {}
    for region in sorted(selection.unseen_regions):
        inventory = world.inventory(region)
        if isinstance(inventory, Unseen) and inventory.outcome is not None:
            outcomes[region] = inventory.outcome
    if not outcomes:
        return held(_DISCOVERED, ConditionType.CREDENTIALS_VALID)
    worst = min(outcomes.values(), key=lambda outcome: isinstance(outcome, Transient | Conflict))
    details = listing([f"{region}: {outcome.message}" for region, outcome in outcomes.items()], "; ")
    verdict = of_outcome(worst, attempts)
    message = f"Not listed: {details}"
    return Part(_DISCOVERED, Verdict(verdict.status, verdict.reason, message, verdict.soft), outcome=worst)


def _to_do(registration: Registration) -> str:
    counts = Counter(step.name for step in registration.steps)
    return f"To do: {', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}."


def _identifier_text(identifier: DatabaseIdentifier, wanted: WantedEnrollment) -> str:
    regions = identifier.region or ", ".join(wanted.spec.regions)
    return f"{identifier.kind.value.lower()} {identifier.name} ({regions})"


def _entry_text(entry: Entry) -> str:
    return str(entry.candidate.resource) if entry.candidate else f"{entry.identifier} in {entry.region}"
