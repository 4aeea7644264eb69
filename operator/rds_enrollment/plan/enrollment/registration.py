"""The db objects of an enrolment: what to create, update and delete, and what became of each database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType, Skipped
from rds_enrollment.plan.enrollment.claims import Claim, Refusal, Ruling, Shelf, rule
from rds_enrollment.plan.enrollment.comparison import differences, resource_target
from rds_enrollment.plan.enrollment.databases import wanted_database
from rds_enrollment.plan.enrollment.selection import Selection
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, TeleportStep, UpdateDatabase

_CONDITION = ConditionType.DATABASES_ENROLLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One endpoint that the spec chooses, and what became of it."""

    name: str
    """Name of its db object; for a skipped one without any, its identifier in RDS."""
    identifier: str
    region: str
    vpc_id: str
    state: DatabaseState
    reason: Reason
    message: str = ""
    in_teleport: bool
    """Whether an object of ours stands for it, or is about to."""
    candidate: Candidate | None = None
    """What it is in AWS; None where that is not known or Teleport cannot serve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What became of every database, and the writes that are left."""

    entries: tuple[Entry, ...]
    steps: tuple[TeleportStep, ...]


def register(selection: Selection, existing: Iterable[Database], owner_mark: str) -> Registration:
    """Plan the db objects. Objects that do not carry `owner_mark` are never in a step.

    An object of ours goes only when its database is no longer chosen, and that is certain: not while its region was
    not listed, nor while the database is merely unavailable, nor before the object that replaces it was read back.
    """
    existing = tuple(existing)
    ours = Shelf.of(item for item in existing if ownership.marked(item.labels, owner_mark))
    foreign = Shelf.of(item for item in existing if not ownership.marked(item.labels, owner_mark))
    unlisted = _in_regions(ours, selection.unseen_regions)
    kept = {skipped: _objects_of(ours, skipped) for skipped in selection.skipped}
    reserved = frozenset(unlisted).union(*kept.values())
    ruling = rule(_claims(selection, owner_mark), ours, foreign, reserved)
    writes = tuple(_writes(ruling, ours))
    granted = {claim.database.name for claim in ruling.granted}
    needed = reserved.union(
        granted,
        *(ours.names_for(refusal.claim.database) for refusal in ruling.refused),
        *(ours.names_for(write.database) for write in writes),
    )
    deletions = (
        DeleteDatabase(condition=_CONDITION, database=name, owner=owner_mark)
        for name in sorted(ours.by_name.keys() - needed)
    )
    entries = [
        *(_granted_entry(claim, ours) for claim in ruling.granted),
        *(_refused_entry(refusal, ours) for refusal in ruling.refused),
        *(_skipped_entry(skipped, names) for skipped, names in kept.items()),
        *(_unlisted_entry(ours.by_name[name]) for name in unlisted if name not in granted),
    ]
    return Registration(
        entries=tuple(sorted(entries, key=lambda entry: (entry.name, entry.region, entry.identifier))),
        steps=(*writes, *deletions),
    )


def _claims(selection: Selection, owner_mark: str) -> tuple[Claim, ...]:
    ordered = sorted(selection.candidates, key=lambda item: (item.resource, item.endpoint_type))
    return tuple(Claim(candidate, wanted_database(candidate, owner_mark)) for candidate in ordered)


def _in_regions(ours: Shelf, regions: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name, database in ours.by_name.items() if database.region in regions)


def _objects_of(ours: Shelf, skipped: Skipped) -> frozenset[str]:
    resource = skipped.resource
    return frozenset(
        name
        for endpoint_type in EndpointType
        for name in ours.by_target.get(resource_target(resource, endpoint_type), ())
    )


def _writes(ruling: Ruling, ours: Shelf) -> Iterator[CreateDatabase | UpdateDatabase]:
    for claim in ruling.granted:
        database = claim.database
        present = ours.by_name.get(database.name)
        if present is None:
            yield CreateDatabase(condition=_CONDITION, database=database)
        elif differences(present, database):
            yield UpdateDatabase(condition=_CONDITION, database=database)


def _granted_entry(claim: Claim, ours: Shelf) -> Entry:
    present = ours.by_name.get(claim.database.name)
    if present is None:
        return _claim_entry(claim, DatabaseState.PENDING, Reason.IN_PROGRESS, "To be created.")
    changed = differences(present, claim.database)
    if changed:
        return _claim_entry(
            claim, DatabaseState.PENDING, Reason.IN_PROGRESS, f"To be updated: {', '.join(changed)}."
        )
    return _claim_entry(claim, DatabaseState.ENROLLED, Reason.SUCCEEDED, "")


def _refused_entry(refusal: Refusal, ours: Shelf) -> Entry:
    entry = _claim_entry(refusal.claim, DatabaseState.CONFLICTING, refusal.reason, refusal.message)
    return replace(entry, in_teleport=bool(ours.names_for(refusal.claim.database)))


def _claim_entry(claim: Claim, state: DatabaseState, reason: Reason, message: str) -> Entry:
    candidate = claim.candidate
    return Entry(
        name=claim.database.name,
        identifier=candidate.resource.identifier,
        region=candidate.resource.region,
        vpc_id=candidate.vpc_id,
        state=state,
        reason=reason,
        message=message,
        in_teleport=True,
        candidate=candidate,
    )


def _skipped_entry(skipped: Skipped, objects: frozenset[str]) -> Entry:
    remains = f" Its db object {', '.join(sorted(objects))} stays as it is." if objects else ""
    return Entry(
        name=min(objects, default=skipped.name or skipped.resource.identifier),
        identifier=skipped.resource.identifier,
        region=skipped.resource.region,
        vpc_id=skipped.vpc_id,
        state=DatabaseState.SKIPPED,
        reason=skipped.reason,
        message=skipped.message + remains,
        in_teleport=bool(objects),
    )


def _unlisted_entry(database: Database) -> Entry:
    return Entry(
        name=database.name,
        identifier=database.rds.instance_id or database.rds.cluster_id or database.name,
        region=database.region,
        vpc_id=database.rds.vpc_id,
        state=DatabaseState.ENROLLED,
        reason=Reason.LISTING_FAILED,
        message=f"{database.region} could not be listed: its db object stays as it is.",
        in_teleport=True,
    )
