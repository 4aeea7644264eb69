"""The status fields of one enrolment, beside its conditions."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from rds_enrollment.api.base import clip
from rds_enrollment.api.rds_enrollment import (
    MAX_STATUS_ITEMS,
    MESSAGE_BYTES,
    DatabaseState,
    DiscoveredDatabase,
    EnrolledVpc,
    PendingPrune,
    RdsEnrollmentStatus,
)
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.database_health import Health, Reach, health_of
from rds_enrollment.plan.enrollment import generated
from rds_enrollment.plan.enrollment.deployments import Coverage
from rds_enrollment.plan.enrollment.entries import Entry
from rds_enrollment.plan.enrollment.pruning import Pruning
from rds_enrollment.plan.enrollment.registration import Registration
from rds_enrollment.plan.enrollment.survey import survey
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, Vpc, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.steps.teleport import database_target

_TROUBLE = (
    DatabaseState.FAILED,
    DatabaseState.CONFLICTING,
    DatabaseState.GONE,
    DatabaseState.PENDING,
    DatabaseState.ENROLLED,
    DatabaseState.SKIPPED,
)
"""The order in which databases are listed; among the enrolled the troubled come first."""
_DATABASES_BYTES = 48 * 1024
"""Length of status.databases as JSON."""


def observed_status(
    previous: RdsEnrollmentStatus,
    wanted: WantedEnrollment,
    world: EnrollmentWorld,
    failures: Mapping[str, Outcome],
) -> RdsEnrollmentStatus:
    """`previous` with what this pass has seen; what it could not see stays as it was.

    `failures` are the pass's failed writes by their step's target.
    """
    seen: dict[str, object] = {"teleport_cluster": wanted.teleport_cluster}
    view = survey(wanted, world)
    if view.selection.unseen_regions.issuperset(wanted.spec.regions):
        return previous.model_copy(update=seen)
    if view.registration is not None:
        health = _health(world)
        entries = _all_told(view.registration, health, failures)
        seen.update(_counts(entries, previous, world, health))
        seen["databases"] = tuple(
            _shortened(map(_database, heapq.nsmallest(MAX_STATUS_ITEMS, entries, key=_urgency)))
        )
        seen["pending_prune"] = _pending_prune(view.registration.pruning)
    if view.coverage is not None:
        seen["vpcs"] = _vpcs(view.coverage)
    return previous.model_copy(update=seen)


def all_databases(wanted: WantedEnrollment, world: EnrollmentWorld) -> Iterator[DiscoveredDatabase]:
    """Every database and what would become of it, the troubled first; none when Teleport was not seen."""
    registration = survey(wanted, world).registration
    if registration is not None:
        for entry in sorted(_all_told(registration, _health(world), {}), key=_urgency):
            yield _database(entry)


def _all_told(
    registration: Registration, health: Mapping[str, Health], failures: Mapping[str, Outcome]
) -> list[Entry]:
    return [_told(entry, health, failures.get(database_target(entry.name))) for entry in registration.entries]


def _shortened(databases: Iterable[DiscoveredDatabase]) -> Iterator[DiscoveredDatabase]:
    """As many as leave the object well under 100 KiB: etcd and every watcher carry it about."""
    size = 0
    for database in databases:
        size += len(database.model_dump_json(by_alias=True))
        if size > _DATABASES_BYTES:
            return
        yield database


def empty_since(status: RdsEnrollmentStatus) -> Mapping[Vpc, datetime]:
    """The VPCs that the last pass found without databases, and since when."""
    return {Vpc(item.region, item.vpc_id): item.empty_since for item in status.vpcs if item.empty_since}


def _health(world: EnrollmentWorld) -> Mapping[str, Health]:
    return {} if isinstance(world.servers, Unseen) else health_of(world.servers, world.read_at)


def _told(entry: Entry, health: Mapping[str, Health], failure: Outcome | None) -> Entry:
    """The entry with the trouble that showed after it was planned."""
    if entry.state is DatabaseState.PENDING and failure is not None:
        return replace(entry, state=DatabaseState.FAILED, reason=failure.reason, message=failure.message)
    report = health.get(entry.name)
    if entry.state is not DatabaseState.ENROLLED or entry.message:
        return entry
    if report and report.reach is Reach.UNREACHABLE:
        return replace(entry, reason=Reason.UNREACHABLE, message=report.error)
    if entry.candidate and not entry.candidate.iam_auth:
        return replace(
            entry, reason=Reason.IAM_AUTHENTICATION_DISABLED, message="IAM authentication is off in RDS."
        )
    return entry


def _counts(
    entries: list[Entry],
    previous: RdsEnrollmentStatus,
    world: EnrollmentWorld,
    health: Mapping[str, Health],
) -> dict[str, object]:
    enrolled = [entry.name for entry in entries if entry.state is DatabaseState.ENROLLED]
    reachable = sum(1 for name in enrolled if name in health and health[name].reach is Reach.REACHABLE)
    return {
        "discovered": sum(1 for entry in entries if entry.state is not DatabaseState.GONE),
        "enrolled": len(enrolled),
        "skipped": sum(1 for entry in entries if entry.state is DatabaseState.SKIPPED),
        "conflicting": sum(1 for entry in entries if entry.state is DatabaseState.CONFLICTING),
        "reachable": previous.reachable if isinstance(world.servers, Unseen) else reachable,
    }


def _urgency(entry: Entry) -> tuple[int, bool, str, str, str]:
    untroubled = entry.reason is Reason.SUCCEEDED
    return _TROUBLE.index(entry.state), untroubled, entry.name, entry.region, entry.identifier


def _database(entry: Entry) -> DiscoveredDatabase:
    return DiscoveredDatabase(
        name=clip(entry.name, MESSAGE_BYTES),
        identifier=clip(entry.identifier, MESSAGE_BYTES),
        region=entry.region,
        vpc_id=entry.vpc_id or None,
        state=entry.state,
        reason=entry.reason.value,
        message=clip(entry.message, MESSAGE_BYTES),
    )


def _pending_prune(pruning: Pruning) -> PendingPrune | None:
    return PendingPrune(token=pruning.token, databases=len(pruning.held)) if pruning.held else None


def _vpcs(coverage: Coverage) -> tuple[EnrolledVpc, ...]:
    return tuple(
        EnrolledVpc(
            vpc_id=item.vpc.vpc_id,
            region=item.vpc.region,
            databases=item.databases,
            deployment=generated.name_of(item.live) if item.live else None,
            empty_since=item.empty_since and item.empty_since.replace(microsecond=0),
        )
        for item in (*coverage.emptied, *coverage.vpcs)[:MAX_STATUS_ITEMS]
    )
