"""What a database is called in Teleport.

Source: Teleport lib/srv/discovery/common/renaming.go (override tags, suffixes of endpoints, and the longer names that
auto-discovery gives), api/types/database.go for what the server accepts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rds_enrollment.api.databases import DatabaseKind, NamingStrategy
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType
from rds_enrollment.plan.observed.aws import Tags
from rds_enrollment.plan.observed.teleport import Database

NAME_TAGS = ("TeleportDatabaseName", "teleport.dev/database_name")
"""AWS tags that override a database's name, in order (Teleport api/types, AWSDatabaseNameOverrideLabels)."""
MAX_NAME = 240
"""Teleport sets no limit, but tsh keeps each database's certificate in a file named after it, and file names end
at 255 bytes, suffix included."""

_NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_OTHER = {
    NamingStrategy.IDENTIFIER: NamingStrategy.QUALIFIED,
    NamingStrategy.QUALIFIED: NamingStrategy.IDENTIFIER,
}


@dataclass(frozen=True, slots=True)
class Rename:
    """An enrolled database that the spec's strategy would call otherwise."""

    candidate: Candidate
    present: str
    wanted: str


def database_name(candidate: Candidate, strategy: NamingStrategy) -> str:
    """The name: an override tag, else what the strategy makes of the identifier; a reader's says so, and a custom
    endpoint's has its name."""
    overriding = overriding_name(candidate.tags)
    base = (overriding or candidate.resource.identifier) + _suffix(candidate)
    if overriding or strategy is NamingStrategy.IDENTIFIER:
        return base
    return _qualified(base, candidate)


def overriding_name(tags: Tags) -> str:
    """The name that an AWS tag asks for; empty when none does."""
    return next((tags[key] for key in NAME_TAGS if tags.get(key)), "")


def is_valid_name(name: str) -> bool:
    """Whether Teleport takes `name` for a database."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def unique_name(candidate: Candidate) -> str:
    """A value for the name tag that no other RDS resource asks for: the one Teleport's auto-discovery gives."""
    resource = candidate.resource
    return f"{resource.identifier}-{_kind(candidate)}-{resource.region}-{resource.account}"


def renames(
    candidates: Iterable[Candidate], enrolled: Mapping[str, Database], strategy: NamingStrategy
) -> tuple[Rename, ...]:
    """Databases of ours, by name in `enrolled`, that have the name of the other strategy and none of this one's."""
    found: list[Rename] = []
    for candidate in candidates:
        wanted = database_name(candidate, strategy)
        if wanted in enrolled:
            continue
        present = database_name(candidate, _OTHER[strategy])
        if present != wanted and present in enrolled and _stands_for(enrolled[present], candidate):
            found.append(Rename(candidate, present, wanted))
    return tuple(found)


def _stands_for(database: Database, candidate: Candidate) -> bool:
    resource = candidate.resource
    return (database.rds.resource_id, database.region, database.account_id) == (
        resource.resource_id,
        resource.region,
        resource.account,
    )


def _suffix(candidate: Candidate) -> str:
    if candidate.endpoint_type is EndpointType.READER:
        return "-reader"
    return f"-custom-{candidate.custom_name}" if candidate.endpoint_type is EndpointType.CUSTOM else ""


def _qualified(base: str, candidate: Candidate) -> str:
    """With kind, region and account, but for those that the name has already."""
    resource = candidate.resource
    parts = (_kind(candidate), resource.region, resource.account)
    missing = [part for part in parts if part not in base.lower()]
    return "-".join([base, *missing])


def _kind(candidate: Candidate) -> str:
    return "rds-aurora" if candidate.resource.kind is DatabaseKind.CLUSTER else "rds"
