"""The conditions of an enrolment's databases: found, enrolled, open to IAM logins."""

from collections import Counter

from rds_enrollment.api.common import ANNOTATION_CONFIRM_NAMING, ANNOTATION_CONFIRM_PRUNE
from rds_enrollment.api.databases import DatabaseIdentifier
from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, of_outcome
from rds_enrollment.plan.enrollment.entries import Entry
from rds_enrollment.plan.enrollment.iam_authentication import enabling_command, without_iam_authentication
from rds_enrollment.plan.enrollment.registration import Registration
from rds_enrollment.plan.enrollment.selection import Selection
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient
from rds_enrollment.plan.part import Part, held, refused, satisfied, unseen
from rds_enrollment.plan.shell import command_line
from rds_enrollment.plan.text import counted, first, listing

_DISCOVERED = ConditionType.DATABASES_DISCOVERED
_ENROLLED = ConditionType.DATABASES_ENROLLED
_IAM = ConditionType.IAM_AUTHENTICATION_ENABLED
_IAM_ISSUE = "rds-iam-auth-disabled"
"""The issue of Teleport's user tasks for RDS (api/types/usertasks/object.go)."""
_SHOWN_TASKS = 3
_COMMAND_BYTES = 350
"""Room for a kubectl command in a message."""


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
        verdict = Verdict.ok(_none_chosen(world, regions), Reason.NO_DATABASES)
        return Part(_DISCOVERED, verdict, done=True)
    found = counted(len(selection.candidates), "database endpoint")
    skipped = f"; {len(selection.skipped)} skipped, see status.databases" if selection.skipped else ""
    return satisfied(_DISCOVERED, f"{found} to enrol in {regions}{skipped}.")


def _none_chosen(world: EnrollmentWorld, regions: str) -> str:
    listed = (seen for seen in world.inventories.values() if isinstance(seen, RdsInventory))
    if any(seen.instances or seen.clusters for seen in listed):
        return f"spec.databases chooses nothing of what RDS has in {regions}."
    return f"No database in {regions}."


def enrolled_part(
    wanted: WantedEnrollment,
    world: EnrollmentWorld,
    selection: Selection,
    registration: Registration | None,
    attempts: int,
) -> Part:
    """Whether every db object is in Teleport as wanted. Skipped databases do not count."""
    if registration is None:
        seen = world.databases if isinstance(world.databases, Unseen) else Unseen()
        return unseen(_ENROLLED, seen, attempts)
    obstacle = _conflicting(registration) or _unapproved(wanted, registration)
    if obstacle:
        return Part(
            _ENROLLED,
            Verdict.no(obstacle.reason, obstacle.message),
            registration.steps,
            outcome=obstacle,
        )
    if registration.steps:
        return Part(_ENROLLED, Verdict.unknown(Reason.IN_PROGRESS, _to_do(registration)), registration.steps)
    if selection.unseen_regions:
        regions = ", ".join(sorted(selection.unseen_regions))
        return held(_ENROLLED, f"{_DISCOVERED}: {regions} could not be listed")
    enrolled = sum(1 for item in registration.entries if item.state is DatabaseState.ENROLLED)
    return satisfied(_ENROLLED, f"{counted(enrolled, 'database')} in Teleport as wanted.")


def _conflicting(registration: Registration) -> Blocked | None:
    conflicting = [item for item in registration.entries if item.state is DatabaseState.CONFLICTING]
    if not conflicting:
        return None
    message = listing([f"{_entry_text(item)}: {item.message}" for item in conflicting], "; ")
    return Blocked(conflicting[0].reason, message)


def _unapproved(wanted: WantedEnrollment, registration: Registration) -> Blocked | None:
    """What somebody has to approve, with the command that does."""
    held = registration.pruning.held
    if held:
        names = listing([database.name for database in held], ", ", _COMMAND_BYTES)
        return Blocked(
            Reason.PRUNE_NOT_CONFIRMED,
            f"{counted(len(held), 'db object')} would go at once, because RDS lists their databases no more or their "
            f"tags changed: {names}. If that is right: "
            f"{_annotate(wanted, ANNOTATION_CONFIRM_PRUNE, registration.pruning.token)}",
        )
    if registration.renames:
        strategy = wanted.spec.naming.strategy
        names = listing(
            [f"{rename.present} to {rename.wanted}" for rename in registration.renames], ", ", _COMMAND_BYTES
        )
        return Blocked(
            Reason.NAMING_NOT_CONFIRMED,
            f"spec.naming.strategy {strategy} would rename {counted(len(registration.renames), 'database')}: {names}. "
            f"If that is right: {_annotate(wanted, ANNOTATION_CONFIRM_NAMING, strategy)}",
        )
    return None


def _annotate(wanted: WantedEnrollment, annotation: str, value: str) -> str:
    owner = wanted.owner
    return command_line(
        *("kubectl", "annotate", "--overwrite", "rdsenrollment", owner.name, "--namespace", owner.namespace),
        f"{annotation}={value}",
    )


def iam_part(wanted: WantedEnrollment, world: EnrollmentWorld, registration: Registration | None) -> Part:
    """Informing: whether IAM logins, the only ones that the agents use, are switched on in RDS.

    Teleport's own user tasks about it are told, too; they never decide, because nobody must be able to read them.
    """
    if registration is None:
        return held(_IAM, _ENROLLED)
    told = _user_tasks_text(wanted, world, registration)
    resources = without_iam_authentication(registration.entries)
    if not resources:
        return satisfied(_IAM, f"No enrolled database refuses IAM authentication.{told}")
    commands = listing(
        [f"{resource}: {enabling_command(resource)}" for resource in resources], "; ", len(told)
    )
    message = f"IAM authentication is off, so that nobody can log in. Switch it on: {commands}{told}"
    return Part(_IAM, Verdict.no(Reason.IAM_AUTHENTICATION_DISABLED, message), done=True)


def _user_tasks_text(wanted: WantedEnrollment, world: EnrollmentWorld, registration: Registration) -> str:
    """A sentence about Teleport's open user tasks, with a space before it; empty when there is nothing to say."""
    if isinstance(world.user_tasks, Unseen):
        outcome = world.user_tasks.outcome
        return (
            f" Teleport's user tasks are not read ({outcome.reason})." if isinstance(outcome, Blocked) else ""
        )
    accounts = {entry.candidate.resource.account for entry in registration.entries if entry.candidate}
    named = sorted(
        f"{name} in {task.region}"
        for task in world.user_tasks
        if task.issue == _IAM_ISSUE and task.account_id in accounts and task.region in wanted.spec.regions
        for name in task.databases
    )
    return f" Teleport has an open user task {_IAM_ISSUE} for {first(named, _SHOWN_TASKS)}." if named else ""


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
