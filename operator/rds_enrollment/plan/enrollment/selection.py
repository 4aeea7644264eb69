"""Which of the databases found the spec chooses."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rds_enrollment.api.databases import DatabaseIdentifier, DatabaseSelector, Endpoint, IamAuthentication
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.candidates import (
    Candidate,
    EndpointType,
    Found,
    RdsDatabase,
    Skipped,
    discover,
)
from rds_enrollment.plan.enrollment.iam_authentication import enabling_command
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen

ENDPOINTS_ON_REQUEST = {EndpointType.READER: Endpoint.READER, EndpointType.CUSTOM: Endpoint.CUSTOM}
"""What spec.endpoints has to name for an endpoint of this type to be enrolled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the spec chooses, as far as it was listed."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...]
    unmatched: tuple[DatabaseIdentifier, ...]
    """Identifiers of the spec that name nothing, where all listings that could hold them were complete."""
    unseen_regions: frozenset[str]
    """Regions of the spec whose listing failed: nothing is known of them."""


def select(spec: RdsEnrollmentSpec, world: EnrollmentWorld) -> Selection:
    """Apply what the spec says of databases and endpoints to what was listed."""
    chosen = _chooser(spec)
    unseen = frozenset(region for region in spec.regions if isinstance(world.inventory(region), Unseen))
    databases = [database for database in _listed(spec, world) if chosen(database)]
    found = [
        _judged(endpoint, spec)
        for database in databases
        for endpoint in database.endpoints
        if _is_wanted_endpoint(endpoint, spec)
    ]
    return Selection(
        candidates=tuple(item for item in found if isinstance(item, Candidate)),
        skipped=tuple(item for item in found if isinstance(item, Skipped)),
        unmatched=_unmatched(spec, databases, unseen),
        unseen_regions=unseen,
    )


def _listed(spec: RdsEnrollmentSpec, world: EnrollmentWorld) -> Iterator[RdsDatabase]:
    for region in spec.regions:
        inventory = world.inventory(region)
        if not isinstance(inventory, Unseen):
            yield from discover(inventory)


def _chooser(spec: RdsEnrollmentSpec) -> Callable[[RdsDatabase], bool]:
    if spec.databases.identifiers is not None:
        return _named_by(spec.databases.identifiers)
    if spec.databases.selector is not None:
        return _matching(spec.databases.selector)
    return lambda database: True


def _named_by(identifiers: Iterable[DatabaseIdentifier]) -> Callable[[RdsDatabase], bool]:
    named = {(identifier.kind, identifier.name, identifier.region) for identifier in identifiers}

    def chosen(database: RdsDatabase) -> bool:
        resource = database.resource
        keys = ((resource.kind, resource.identifier, region) for region in (None, resource.region))
        return any(key in named for key in keys)

    return chosen


def _matching(selector: DatabaseSelector) -> Callable[[RdsDatabase], bool]:
    """A database whose VPC RDS does not name is not ruled out by it: what is enrolled must not go for that."""
    vpc_ids = frozenset(selector.vpc_ids) if selector.vpc_ids is not None else None
    tags = (selector.tags or {}).items()

    def chosen(database: RdsDatabase) -> bool:
        return (
            (vpc_ids is None or not database.vpc_id or database.vpc_id in vpc_ids)
            and (selector.engines is None or database.engine in selector.engines)
            and tags <= database.tags.items()
        )

    return chosen


def _is_wanted_endpoint(item: Found, spec: RdsEnrollmentSpec) -> bool:
    if isinstance(item, Skipped):
        return True
    needed = ENDPOINTS_ON_REQUEST.get(item.endpoint_type)
    return needed is None or needed in spec.endpoints


def _judged(item: Found, spec: RdsEnrollmentSpec) -> Found:
    if isinstance(item, Skipped) or item.iam_auth or spec.iam_authentication is IamAuthentication.WARN:
        return item
    return Skipped(
        resource=item.resource,
        vpc_id=item.vpc_id,
        reason=Reason.IAM_AUTHENTICATION_DISABLED,
        message=f"IAM authentication is off, and spec.iamAuthentication is Require: {enabling_command(item.resource)}.",
        candidate=item,
    )


def _unmatched(
    spec: RdsEnrollmentSpec, databases: Iterable[RdsDatabase], unseen: frozenset[str]
) -> tuple[DatabaseIdentifier, ...]:
    matched = {(item.resource.kind, item.resource.identifier, item.resource.region) for item in databases}
    return tuple(
        identifier
        for identifier in spec.databases.identifiers or ()
        if not any(
            region in unseen or (identifier.kind, identifier.name, region) in matched
            for region in ([identifier.region] if identifier.region else spec.regions)
        )
    )
