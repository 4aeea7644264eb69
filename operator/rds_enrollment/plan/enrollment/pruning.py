"""Which db objects go because their database is gone, and when so many at once need somebody's approval."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rds_enrollment.api.databases import DatabaseIdentifier, DatabaseKind, PrunePolicy
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.plan.enrollment.blueprint import ENDPOINT_TYPE_LABEL, ENGINE_LABEL
from rds_enrollment.plan.enrollment.selection import ENDPOINTS_ON_REQUEST
from rds_enrollment.plan.observed.teleport import Database

MAX_UNCONFIRMED = 10
"""So many may always go, unless they are all."""
MAX_UNCONFIRMED_PERCENT = 20
_DIGEST_CHARACTERS = 12
_REQUESTED_BY = {endpoint_type.value: endpoint for endpoint_type, endpoint in ENDPOINTS_ON_REQUEST.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What becomes of the objects whose database is gone."""

    going: tuple[Database, ...] = ()
    retained: tuple[Database, ...] = ()
    """Kept by spec.prunePolicy."""
    held: tuple[Database, ...] = ()
    """Kept until somebody approves that they go."""
    token: str = ""
    """What approves it; empty when nothing is held."""


def prune(
    gone: Iterable[Database], kept: Sequence[Database], spec: RdsEnrollmentSpec, confirmed: str
) -> Pruning:
    """Decide on `gone`, objects whose database was not found by a complete listing or is no longer chosen.

    `kept` are the others of the enrolment. What the spec itself no longer chooses goes: its user has said so. The
    rest may be an accident in AWS or in our view of it.
    """
    objects = sorted(gone, key=lambda database: database.name)
    if spec.prune_policy is PrunePolicy.RETAIN:
        return Pruning(retained=tuple(objects))
    dropped = [database for database in objects if is_excluded(database, spec)]
    vanished = [database for database in objects if not is_excluded(database, spec)]
    if not _needs_approval(len(vanished), len(vanished) + len(kept)):
        return Pruning(going=tuple(objects))
    token = _token(vanished, kept)
    if _approves(confirmed, token):
        return Pruning(going=tuple(objects))
    return Pruning(going=tuple(dropped), held=tuple(vanished), token=token)


def is_excluded(database: Database, spec: RdsEnrollmentSpec) -> bool:
    """Whether the spec would not choose this object's database even if it were just as it was when it was enrolled.

    That is told by the object itself: what it does not tell counts as chosen.
    """
    endpoint = _REQUESTED_BY.get(database.labels.get(ENDPOINT_TYPE_LABEL, ""))
    if database.region not in spec.regions or (endpoint is not None and endpoint not in spec.endpoints):
        return True
    if spec.databases.identifiers is not None:
        return not any(_names(identifier, database) for identifier in spec.databases.identifiers)
    selector = spec.databases.selector
    if selector is None:
        return False
    engine = database.labels.get(ENGINE_LABEL)
    return (
        bool(
            selector.vpc_ids is not None
            and database.rds.vpc_id
            and database.rds.vpc_id not in selector.vpc_ids
        )
        or bool(selector.engines is not None and engine and engine not in selector.engines)
        or any(_contradicts(database, spec, key, value) for key, value in (selector.tags or {}).items())
    )


def _names(identifier: DatabaseIdentifier, database: Database) -> bool:
    kind = DatabaseKind.CLUSTER if database.rds.cluster_id else DatabaseKind.INSTANCE
    name = database.rds.cluster_id or database.rds.instance_id
    return (identifier.kind, identifier.name) == (kind, name) and identifier.region in (None, database.region)


def _contradicts(database: Database, spec: RdsEnrollmentSpec, key: str, value: str) -> bool:
    """Whether its label shows another value of the tag. A label of the spec's shows nothing."""
    return key not in spec.labels and database.labels.get(key, value) != value


def _needs_approval(count: int, total: int) -> bool:
    if count == total:
        return count > 1
    return count > MAX_UNCONFIRMED and count * 100 > total * MAX_UNCONFIRMED_PERCENT


def _token(vanished: Sequence[Database], kept: Sequence[Database]) -> str:
    """Two digests: of what goes, and of what stays together with the last that goes.

    While an approved removal is carried out, fewer and fewer are left to go, and what stays is the same.
    """
    anchor = max(vanished, key=_identity)
    return f"{_digest(vanished)}-{_digest([*kept, anchor])}"


def _approves(confirmed: str, token: str) -> bool:
    given, needed = confirmed.split("-"), token.split("-")
    return len(given) == len(needed) and any(
        mine == theirs for mine, theirs in zip(given, needed, strict=True)
    )


def _digest(databases: Iterable[Database]) -> str:
    lines = sorted(_identity(database) for database in databases)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGEST_CHARACTERS]


def _identity(database: Database) -> str:
    return f"{database.name}\t{database.rds.resource_id}"
