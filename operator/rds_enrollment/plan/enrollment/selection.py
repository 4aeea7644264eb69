"""Which of the databases found the spec chooses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rds_enrollment.api.rds_enrollment import DatabaseIdentifier, Endpoint, RdsEnrollmentSpec
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType, Found, Skipped, discover
from rds_enrollment.plan.enrollment.databases import MAX_NAME, NAME_TAGS, database_name, is_valid_name
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen


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
    """Apply `spec.databases` and `spec.endpoints` to what was listed."""
    chosen = _chooser(spec)
    unseen = frozenset(region for region in spec.regions if isinstance(world.inventory(region), Unseen))
    found = [item for item in _found(spec, world) if chosen(item)]
    endpoints = [_with_valid_name(item) for item in found if _is_wanted_endpoint(item, spec)]
    return Selection(
        candidates=tuple(item for item in endpoints if isinstance(item, Candidate)),
        skipped=tuple(item for item in endpoints if isinstance(item, Skipped)),
        unmatched=_unmatched(spec, found, unseen),
        unseen_regions=unseen,
    )


def _found(spec: RdsEnrollmentSpec, world: EnrollmentWorld) -> Iterable[Found]:
    for region in spec.regions:
        inventory = world.inventory(region)
        if not isinstance(inventory, Unseen):
            yield from discover(inventory)


def _chooser(spec: RdsEnrollmentSpec) -> Callable[[Found], bool]:
    identifiers = spec.databases.identifiers
    if identifiers is None:
        return lambda item: True
    named = {(identifier.kind, identifier.name, identifier.region) for identifier in identifiers}

    def chosen(item: Found) -> bool:
        resource = item.resource
        keys = ((resource.kind, resource.identifier, region) for region in (None, resource.region))
        return any(key in named for key in keys)

    return chosen


def _is_wanted_endpoint(item: Found, spec: RdsEnrollmentSpec) -> bool:
    if isinstance(item, Candidate) and item.endpoint_type is EndpointType.READER:
        return Endpoint.READER in spec.endpoints
    return True


def _with_valid_name(item: Found) -> Found:
    if isinstance(item, Skipped):
        return item
    name = database_name(item)
    if is_valid_name(name):
        return item
    return Skipped(
        resource=item.resource,
        vpc_id=item.vpc_id,
        reason=Reason.INVALID_NAME,
        message=(
            f"Its tag {' or '.join(NAME_TAGS)} asks for a name that Teleport refuses: a letter first, then "
            f"letters, digits and dashes, no dash at the end, {MAX_NAME} characters at most. Correct the tag."
        ),
        name=name,
    )


def _unmatched(
    spec: RdsEnrollmentSpec, found: Iterable[Found], unseen: frozenset[str]
) -> tuple[DatabaseIdentifier, ...]:
    matched = {(item.resource.kind, item.resource.identifier, item.resource.region) for item in found}
    return tuple(
        identifier
        for identifier in spec.databases.identifiers or ()
        if not any(
            region in unseen or (identifier.kind, identifier.name, region) in matched
            for region in ([identifier.region] if identifier.region else spec.regions)
        )
    )
