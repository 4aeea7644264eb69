"""db objects that somebody else made, such as Teleport's wizard, and that the enrolment may make its own."""

from collections.abc import Iterable

from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.plan import ownership
from rds_enrollment.plan.enrollment.claims import Claim
from rds_enrollment.plan.enrollment.comparison import resource_of
from rds_enrollment.plan.observed.teleport import Database

_MADE_BY_HAND = "dynamic"
"""Origin of what is made through Teleport's API (Teleport api/types/common, OriginDynamic)."""


def adoptable(claims: Iterable[Claim], foreign: Iterable[Database], policy: AdoptionPolicy) -> frozenset[str]:
    """Names of the objects that become the enrolment's: they have the name of a claim and are about its resource."""
    if policy is AdoptionPolicy.NEVER:
        return frozenset()
    wanted = {(claim.database.name, *resource_of(claim.database)) for claim in claims}
    return frozenset(
        database.name
        for database in foreign
        if OWNER_MARK not in database.labels
        and database.labels.get(ownership.TAG_ORIGIN) == _MADE_BY_HAND
        and database.rds.resource_id
        and (database.name, *resource_of(database)) in wanted
    )
