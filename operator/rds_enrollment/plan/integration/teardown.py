"""The end of an integration: Teleport's object, the role, and the identity provider if nobody needs it."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.part import Part, progressing, removed, unseen, writing
from rds_enrollment.plan.roles import removal
from rds_enrollment.plan.steps.aws import DeleteIdentityProvider
from rds_enrollment.plan.steps.teleport import DeleteIntegration

_REGISTERED = ConditionType.INTEGRATION_REGISTERED
_ROLE = ConditionType.ROLE_READY
_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY


def teardown(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not gone yet; all done means that nothing of ours is left."""
    hindrance = _in_use(world, attempts)
    if hindrance:
        return (hindrance,)
    parts: list[Part] = []
    for remove in (_integration, _role, _provider):
        part = remove(wanted, world, attempts)
        parts.append(part)
        if not part.done:
            break
    return tuple(parts)


def _in_use(world: IntegrationWorld, attempts: int) -> Part | None:
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
    if isinstance(world.role, Unseen):
        return unseen(_ROLE, world.role, attempts)
    steps = removal(world.role, wanted.owner.mark) if isinstance(world.role, Role) else ()
    return writing(_ROLE, *steps) if steps else removed(_ROLE, "No IAM role of this object is left.")


def _provider(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    seen = world.provider
    if isinstance(seen, Unseen):
        return unseen(_PROVIDER, seen, attempts)
    if not isinstance(seen, IdentityProvider) or not ownership.marked(seen.tags, wanted.owner.shared_mark):
        return removed(_PROVIDER, "No identity provider of this operator is left.")
    if isinstance(world.provider_shared, Unseen):
        return unseen(_PROVIDER, world.provider_shared, attempts)
    if world.provider_shared:
        return removed(_PROVIDER, f"Identity provider {seen.arn} stays: another integration uses it.")
    return writing(_PROVIDER, DeleteIdentityProvider(condition=_PROVIDER, arn=seen.arn))
