"""The db objects of an enrolment: what to create, update and delete, and what became of each database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.enrollment.adoption import adoptable
from rds_enrollment.plan.enrollment.blueprint import Blueprint
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointKey, Skipped
from rds_enrollment.plan.enrollment.claims import Claim, Ruling, Shelf, rule
from rds_enrollment.plan.enrollment.comparison import differences, endpoint_targets, resource_target
from rds_enrollment.plan.enrollment.entries import (
    Entry,
    granted_entry,
    held_entry,
    refused_entry,
    retained_entry,
    skipped_entry,
    unlisted_entry,
)
from rds_enrollment.plan.enrollment.naming import (
    MAX_NAME,
    NAME_TAGS,
    Rename,
    database_name,
    is_valid_name,
    renames,
)
from rds_enrollment.plan.enrollment.pruning import Pruning, prune
from rds_enrollment.plan.enrollment.selection import Selection
from rds_enrollment.plan.enrollment.world import WantedEnrollment
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, TeleportStep, UpdateDatabase

_CONDITION = ConditionType.DATABASES_ENROLLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What became of every database, and the writes that are left."""

    entries: tuple[Entry, ...]
    steps: tuple[TeleportStep, ...]
    pruning: Pruning
    renames: tuple[Rename, ...]
    """Renames that wait for somebody's approval."""
    wanted: tuple[Database, ...]
    """The db objects as they should be, of those whose name was granted."""


def register(wanted: WantedEnrollment, selection: Selection, existing: Iterable[Database]) -> Registration:
    """Plan the db objects. Objects that do not carry the owner's mark are never in a step.

    An object of ours goes only when its database is no longer chosen, and that is certain: not while its region was
    not listed, nor while the database is merely unavailable, nor before the object that replaces it was read back.
    """
    mark = wanted.owner.mark
    marked, others = _parted(existing, mark)
    present = {database.name: database for database in marked}
    held_renames = _held_renames(wanted, selection.candidates, present)
    claims, misnamed = _claims(wanted, selection.candidates, held_renames, present)
    adopted = adoptable(claims, others, wanted.spec.adoption_policy)
    ours = Shelf.of([*marked, *(item for item in others if item.name in adopted)], wanted.account)
    foreign = Shelf.of((item for item in others if item.name not in adopted), wanted.account)
    unlisted = _in_regions(ours, selection.unseen_regions)
    left_out = (*selection.skipped, *misnamed)
    kept = [(skipped, _objects_of(ours, skipped)) for skipped in left_out]
    reserved = frozenset(unlisted).union(*(names for _, names in kept))
    ruling = rule(claims, ours, foreign, reserved)
    writes = tuple(_writes(ruling, ours))
    granted = {claim.database.name for claim in ruling.granted}
    needed = reserved.union(
        granted,
        *(ours.names_for(refusal.claim.database) for refusal in ruling.refused),
        *(ours.names_for(write.database) for write in writes),
    )
    replaced = _replaced(ruling, ours, needed) - adopted
    gone = ours.by_name.keys() - needed - replaced - adopted
    pruning = prune(
        [ours.by_name[name] for name in gone],
        [database for name, database in ours.by_name.items() if name in needed],
        wanted.spec,
        wanted.confirmed_prune,
    )
    entries = [
        *(granted_entry(claim, ours) for claim in ruling.granted),
        *(refused_entry(refusal, ours) for refusal in ruling.refused),
        *(skipped_entry(skipped, names) for skipped, names in kept),
        *(unlisted_entry(ours.by_name[name]) for name in unlisted if name not in granted),
        *(retained_entry(database) for database in pruning.retained),
        *(held_entry(database) for database in pruning.held),
    ]
    deletions = sorted(replaced | {database.name for database in pruning.going})
    return Registration(
        entries=tuple(sorted(entries, key=lambda entry: (entry.name, entry.region, entry.identifier))),
        steps=(
            *writes,
            *(DeleteDatabase(condition=_CONDITION, database=name, owner=mark) for name in deletions),
        ),
        pruning=pruning,
        renames=tuple(held_renames.values()),
        wanted=tuple(claim.database for claim in ruling.granted),
    )


def _parted(databases: Iterable[Database], mark: str) -> tuple[list[Database], list[Database]]:
    """Those with the mark, and the others."""
    marked: list[Database] = []
    others: list[Database] = []
    for database in databases:
        (marked if ownership.marked(database.labels, mark) else others).append(database)
    return marked, others


def _held_renames(
    wanted: WantedEnrollment, candidates: Sequence[Candidate], present: Mapping[str, Database]
) -> Mapping[EndpointKey, Rename]:
    strategy = wanted.spec.naming.strategy
    if wanted.confirmed_naming == strategy:
        return {}
    return {rename.candidate.key: rename for rename in renames(candidates, present, strategy)}


def _claims(
    wanted: WantedEnrollment,
    candidates: Iterable[Candidate],
    held: Mapping[EndpointKey, Rename],
    present: Mapping[str, Database],
) -> tuple[tuple[Claim, ...], tuple[Skipped, ...]]:
    """The claims in the order in which newcomers get their names, and those whose name Teleport would refuse.

    Where the object is as it should be already, the claim is for that very one: ten thousand are not kept twice.
    """
    blueprint = Blueprint(wanted.spec, wanted.owner.mark)
    claims: list[Claim] = []
    misnamed: list[Skipped] = []
    for candidate in sorted(candidates, key=lambda item: item.key):
        rename = held.get(candidate.key)
        name = rename.present if rename else database_name(candidate, wanted.spec.naming.strategy)
        if is_valid_name(name):
            database, there = blueprint.database(candidate, name), present.get(name)
            claims.append(Claim(candidate, there if there is not None and there == database else database))
        else:
            misnamed.append(_misnamed(candidate, name))
    return tuple(claims), tuple(misnamed)


def _misnamed(candidate: Candidate, name: str) -> Skipped:
    return Skipped(
        resource=candidate.resource,
        vpc_id=candidate.vpc_id,
        reason=Reason.INVALID_NAME,
        message=(
            f"Its tag {' or '.join(NAME_TAGS)} asks for a name that Teleport refuses: a letter first, then "
            f"letters, digits and dashes, no dash at the end, {MAX_NAME} characters at most. Correct the tag."
        ),
        name=name,
        candidate=candidate,
    )


def _in_regions(ours: Shelf, regions: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name, database in ours.by_name.items() if database.region in regions)


def _objects_of(ours: Shelf, skipped: Skipped) -> frozenset[str]:
    """Objects of ours for the endpoint that is left out, or for any of the resource."""
    candidate = skipped.candidate
    if candidate is None:
        return frozenset(ours.by_resource.get(resource_target(skipped.resource), ()))
    return frozenset(
        name for target in endpoint_targets(candidate) for name in ours.by_target.get(target, ())
    )


def _writes(ruling: Ruling, ours: Shelf) -> Iterator[CreateDatabase | UpdateDatabase]:
    for claim in ruling.granted:
        database = claim.database
        present = ours.by_name.get(database.name)
        if present is None:
            yield CreateDatabase(condition=_CONDITION, database=database)
        elif changed := differences(present, database):
            former = None if ownership.marked(present.labels, database.labels[OWNER_MARK]) else ""
            yield UpdateDatabase(
                condition=_CONDITION, database=database, former_owner=former, changed=changed
            )


def _replaced(ruling: Ruling, ours: Shelf, needed: Set[str]) -> frozenset[str]:
    """Objects of ours whose database has another one by now: renamed, not gone."""
    if ours.by_name.keys() <= needed:
        return frozenset()
    return frozenset(
        name for claim in ruling.granted for name in ours.names_for(claim.database) if name not in needed
    )
