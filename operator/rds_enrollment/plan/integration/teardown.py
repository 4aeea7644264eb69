"""The end of an integration: Teleport's object, the role, and the identity provider if nobody needs it."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.part import Part, refused, removed, unseen, writing
from rds_enrollment.plan.roles import removal
from rds_enrollment.plan.steps.aws import DeleteIdentityProvider
from rds_enrollment.plan.steps.teleport import DeleteIntegration

_REGISTERED = ConditionType.INTEGRATION_REGISTERED
_ROLE = ConditionType.ROLE_READY
_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY


def in_use(dependents: tuple[str, ...]) -> Part | None:
    """What keeps the integration: the objects that still refer to it, so that they can clean up with it."""
    if not dependents:
        return None
    return refused(
        _REGISTERED, Reason.IN_USE, f"Still referred to by {', '.join(dependents)}. Delete them first."
    )


def teardown(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """Parts up to the first that is not gone yet; all done means that nothing of ours is left."""
    used = in_use(world.dependents)
    if used:
        return (used,)
    parts: list[Part] = []
    for remove in (_integration, _role, _provider):
        part = remove(wanted, world, attempts)
        parts.append(part)
        if not part.done:
            break
    return tuple(parts)


def _integration(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    seen = world.integration
    if isinstance(seen, Unseen):
        return unseen(_REGISTERED, seen, attempts)
    if isinstance(seen, Integration) and ownership.marked(seen.labels, wanted.owner.mark):
        return writing(_REGISTERED, DeleteIntegration(condition=_REGISTERED, integration=seen.name))
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
    if world.provider_shared:
        return removed(_PROVIDER, f"Identity provider {seen.arn} stays: another integration uses it.")
    return writing(_PROVIDER, DeleteIdentityProvider(condition=_PROVIDER, arn=seen.arn))
