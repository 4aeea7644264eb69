"""Who gets which name: claims of the wanted databases against each other and against what Teleport holds."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.enrollment.candidates import Candidate
from rds_enrollment.plan.enrollment.comparison import (
    NO_ACCOUNT,
    Target,
    claimed_targets,
    resource_of,
    targets,
)
from rds_enrollment.plan.enrollment.naming import NAME_TAGS, unique_name
from rds_enrollment.plan.observed.teleport import Database

_DISCOVERED = "cloud"
"""Origin of what the Discovery Service makes (Teleport api/types/common, OriginCloud)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A candidate with the db object that it would have."""

    candidate: Candidate
    database: Database


@dataclass(frozen=True, slots=True)
class Refusal:
    """A claim that is not granted."""

    claim: Claim
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """Every claim is in exactly one of the two."""

    granted: tuple[Claim, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some db objects of Teleport, by name and by what they stand for."""

    by_name: Mapping[str, Database]
    by_target: Mapping[Target, Set[str]] = field(repr=False)
    by_resource: Mapping[Target, Set[str]] = field(repr=False)

    @classmethod
    def of(cls, databases: Iterable[Database], account: str) -> "Shelf":
        """What stands for a database of another AWS account is found by its name alone: nearly all of a
        large estate."""
        by_name = {database.name: database for database in databases}
        by_target: dict[Target, set[str]] = {}
        by_resource: dict[Target, set[str]] = {}
        for database in by_name.values():
            if database.account_id not in (account, NO_ACCOUNT):
                continue
            by_resource.setdefault(resource_of(database), set()).add(database.name)
            for target in targets(database):
                by_target.setdefault(target, set()).add(database.name)
        return cls(by_name, by_target, by_resource)

    def names_for(self, database: Database) -> frozenset[str]:
        """Names of the objects that stand for the same database as this wanted one."""
        if not self.by_target:
            return frozenset()
        return frozenset(
            name for target in claimed_targets(database) for name in self.by_target.get(target, ())
        )


def rule(claims: Sequence[Claim], ours: Shelf, foreign: Shelf, reserved: frozenset[str]) -> Ruling:
    """Grant each name once.

    What is there keeps its name: another's object always, ours where it stands for the same database or is
    `reserved`. Between newcomers the order of `claims` decides. When a claim is refused, an object that its
    database has already under another name is reserved, too, so that the database stays enrolled.
    """
    while True:
        ruling = _rule_once(claims, ours, foreign, reserved)
        kept = reserved.union(*(ours.names_for(refusal.claim.database) for refusal in ruling.refused))
        if kept == reserved:
            return ruling
        reserved = kept


def _rule_once(claims: Sequence[Claim], ours: Shelf, foreign: Shelf, reserved: frozenset[str]) -> Ruling:
    refused: list[Refusal] = []
    contenders: dict[str, list[Claim]] = {}
    for claim in claims:
        refusal = _refused_by_others(claim, ours, foreign)
        if refusal:
            refused.append(refusal)
        else:
            contenders.setdefault(claim.database.name, []).append(claim)
    granted: list[Claim] = []
    for name, rivals in contenders.items():
        winner = _winner(rivals, ours.by_name.get(name), is_reserved=name in reserved)
        if winner:
            granted.append(winner)
        refused.extend(_outrivalled(rival, winner) for rival in rivals if rival is not winner)
    return Ruling(tuple(granted), tuple(refused))


def _refused_by_others(claim: Claim, ours: Shelf, foreign: Shelf) -> Refusal | None:
    name = claim.database.name
    others = foreign.names_for(claim.database)
    if others and not ours.names_for(claim.database):
        message = (
            f"Enrolled in Teleport already as {', '.join(sorted(others))}, which "
            f"{_whose(foreign.by_name[min(others)])}. Delete that object to have it enrolled here."
        )
        return Refusal(claim, Reason.ALREADY_ENROLLED, message)
    holder = foreign.by_name.get(name)
    if holder:
        message = f"{name} exists in Teleport and {_whose(holder)}: it is left as it is. {_advice(claim)}"
        return Refusal(claim, Reason.NAME_TAKEN, message)
    return None


def _whose(database: Database) -> str:
    """What Teleport's Discovery Service enrols, it enrols again: to delete it is not enough."""
    if database.labels.get(ownership.TAG_ORIGIN) == _DISCOVERED:
        return "Teleport's Discovery Service keeps (exclude it from its discovery_config first)"
    return ownership.owner_text(database.labels)


def _winner(rivals: Sequence[Claim], present: Database | None, *, is_reserved: bool) -> Claim | None:
    if present is None:
        return rivals[0]
    if len(rivals) == 1 and not is_reserved:
        return rivals[0]
    present_targets = targets(present)
    for rival in rivals:
        if targets(rival.database) & present_targets:
            return rival
    return None if is_reserved else rivals[0]


def _outrivalled(claim: Claim, winner: Claim | None) -> Refusal:
    holder = str(winner.candidate.resource) if winner else "a database that is enrolled already"
    message = f"The name {claim.database.name} belongs to {holder}. {_advice(claim)}"
    return Refusal(claim, Reason.NAME_TAKEN, message)


def _advice(claim: Claim) -> str:
    return f"Tag it {NAME_TAGS[0]}={unique_name(claim.candidate)}."
