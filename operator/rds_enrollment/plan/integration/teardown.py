"""The end of an integration: Teleport's object, the role, and the identity provider if nobody needs it."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.provider import provider_removal
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Role
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.part import Part, progressing, removed, unseen, writing
from rds_enrollment.plan.roles import removal
from rds_enrollment.plan.steps.teleport import DeleteIntegration

_REGISTERED = ConditionType.INTEGRATION_REGISTERED
_ROLE = ConditionType.ROLE_READY


def teardown(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not gone yet; all done means that nothing of ours is left."""
    hindrance = in_use(world, attempts)
    if hindrance:
        return (hindrance,)
    parts: list[Part] = []
    for remove in (_integration, _role, provider_removal):
        part = remove(wanted, world, attempts)
        parts.append(part)
        if not part.done:
            break
    return tuple(parts)


def in_use(world: IntegrationWorld, attempts: int) -> Part | None:
    """What keeps the integration: objects that still refer to it need it for their own end."""
    if isinstance(world.dependents, Unseen):
        return unseen(_REGISTERED, world.dependents, attempts)
    if not world.dependents:
        return None
    message = f"Still referred to by {', '.join(world.dependents)}. Delete them first."
    return progressing(_REGISTERED, Reason.IN_USE, message)


def _integration(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    seen = world.integration
    if isinstance(seen, Unseen):
        return unseen(_REGISTERED, seen, attempts)
    if isinstance(seen, Integration) and ownership.marked(seen.labels, wanted.owner.mark):
        mark = wanted.owner.mark
        step = DeleteIntegration(condition=_REGISTERED, integration=seen.name, owner=mark)
        return writing(_REGISTERED, step)
    return removed(_REGISTERED, "No integration of this object is left in Teleport.")


def _role(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """The role, unless it is only observed, and those that the spec named before."""
    if isinstance(world.role, Unseen):
        return unseen(_ROLE, world.role, attempts)
    if isinstance(world.former_roles, Unseen):
        return unseen(_ROLE, world.former_roles, attempts)
    named = world.role if wanted.role.managed else None
    roles = [role for role in (named, *world.former_roles) if isinstance(role, Role)]
    steps = [step for role in roles for step in removal(role, wanted.owner.mark)]
    return writing(_ROLE, *steps) if steps else removed(_ROLE, "No IAM role of this object is left.")
