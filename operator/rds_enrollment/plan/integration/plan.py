"""The plan of one integration, part by part in the order of its conditions."""

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.integration.provider import provider_part
from rds_enrollment.plan.integration.registration import registration_part
from rds_enrollment.plan.integration.wanted import WantedIntegration, wanted_role
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.part import Part, unseen, writing
from rds_enrollment.plan.roles import removal, role_part

_ROLE = ConditionType.ROLE_READY
REQUIRED = (
    ConditionType.CREDENTIALS_VALID,
    ConditionType.IDENTITY_PROVIDER_READY,
    _ROLE,
    ConditionType.INTEGRATION_REGISTERED,
)
"""Ready is all of these."""


def plan(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """What one pass would write, and how each condition stands. `attempts`: failures in a row, this one included."""
    provider = provider_part(wanted, world, attempts)
    role = role_part(wanted_role(wanted), world.role, attempts)
    registration = registration_part(wanted, world, role.done, attempts)
    if role.done and registration.done:
        role = _former_roles_part(wanted, world, attempts) or role
    return provider, role, registration


def _former_roles_part(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part | None:
    """Once Teleport acts through the new role, those before it go; None when none of ours is left."""
    if isinstance(world.former_roles, Unseen):
        return unseen(_ROLE, world.former_roles, attempts)
    steps = [step for role in world.former_roles for step in removal(role, wanted.owner.mark)]
    return writing(_ROLE, *steps) if steps else None
