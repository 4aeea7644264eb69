"""What became of each database, for people."""

from collections.abc import Set
from dataclasses import dataclass, replace

from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.candidates import Candidate, Skipped
from rds_enrollment.plan.enrollment.claims import Claim, Refusal, Shelf
from rds_enrollment.plan.enrollment.comparison import differences
from rds_enrollment.plan.observed.teleport import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One endpoint that the spec chooses, or a db object that is left of one, and what became of it."""

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


def granted_entry(claim: Claim, ours: Shelf) -> Entry:
    """Of a database that gets its name."""
    present = ours.by_name.get(claim.database.name)
    if present is None:
        return _claim_entry(claim, DatabaseState.PENDING, Reason.IN_PROGRESS, "To be created.")
    changed = differences(present, claim.database)
    if changed:
        return _claim_entry(
            claim, DatabaseState.PENDING, Reason.IN_PROGRESS, f"To be updated: {', '.join(changed)}."
        )
    return _claim_entry(claim, DatabaseState.ENROLLED, Reason.SUCCEEDED, "")


def refused_entry(refusal: Refusal, ours: Shelf) -> Entry:
    """Of a database whose name belongs to another."""
    entry = _claim_entry(refusal.claim, DatabaseState.CONFLICTING, refusal.reason, refusal.message)
    return replace(entry, in_teleport=bool(ours.names_for(refusal.claim.database)))


def skipped_entry(skipped: Skipped, objects: Set[str]) -> Entry:
    """Of a database that is left out; `objects` are those of ours that stand for it all the same."""
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
        candidate=skipped.candidate,
    )


def unlisted_entry(database: Database) -> Entry:
    """Of a db object whose region could not be listed."""
    message = f"{database.region} could not be listed: its db object stays as it is."
    return _object_entry(database, DatabaseState.ENROLLED, Reason.LISTING_FAILED, message)


def retained_entry(database: Database) -> Entry:
    """Of a db object that spec.prunePolicy keeps."""
    message = "Not in RDS any more, or not chosen: spec.prunePolicy Retain keeps its db object."
    return _object_entry(database, DatabaseState.GONE, Reason.RETAINED, message)


def held_entry(database: Database) -> Entry:
    """Of a db object that goes when somebody approves it."""
    message = "Not in RDS any more, or not chosen: its db object goes when its removal is approved."
    return _object_entry(database, DatabaseState.GONE, Reason.PRUNE_NOT_CONFIRMED, message)


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


def _object_entry(database: Database, state: DatabaseState, reason: Reason, message: str) -> Entry:
    return Entry(
        name=database.name,
        identifier=database.rds.instance_id or database.rds.cluster_id or database.name,
        region=database.region,
        vpc_id=database.rds.vpc_id,
        state=state,
        reason=reason,
        message=message,
        in_teleport=True,
    )
