"""The end of an integration whose things are retained: they stay and lose their marks."""

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.teardown import in_use
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Role
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.part import Part, removed, unseen, writing
from rds_enrollment.plan.steps.iam import UntagIdentityProvider, UntagRole
from rds_enrollment.plan.steps.teleport import DisownIntegration

_REGISTERED = ConditionType.INTEGRATION_REGISTERED
_ROLE = ConditionType.ROLE_READY
_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY


def release(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """All parts done means that nothing carries our mark any more."""
    hindrance = in_use(world, attempts)
    if hindrance:
        return (hindrance,)
    return (
        _integration(wanted, world, attempts),
        _roles(wanted, world, attempts),
        _provider(wanted, world, attempts),
    )


def _integration(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    seen, mark = world.integration, wanted.owner.mark
    if isinstance(seen, Unseen):
        return unseen(_REGISTERED, seen, attempts)
    if isinstance(seen, Integration) and ownership.marked(seen.labels, mark):
        return writing(
            _REGISTERED, DisownIntegration(condition=_REGISTERED, object_name=seen.name, owner=mark)
        )
    return removed(_REGISTERED, "The integration in Teleport stays, and is nobody's.")


def _roles(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    for seen in (world.role, world.former_roles):
        if isinstance(seen, Unseen):
            return unseen(_ROLE, seen, attempts)
    former = () if isinstance(world.former_roles, Unseen) else world.former_roles
    steps = [
        UntagRole(condition=_ROLE, resource=role.name, keys=(OWNER_MARK,))
        for role in (world.role, *former)
        if isinstance(role, Role) and ownership.marked(role.tags, wanted.owner.mark)
    ]
    return writing(_ROLE, *steps) if steps else removed(_ROLE, "The IAM role stays, and is nobody's.")


def _provider(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """The mark that other objects of this operator share stays for them."""
    seen = world.provider
    for item in (seen, world.provider_shared):
        if isinstance(item, Unseen):
            return unseen(_PROVIDER, item, attempts)
    if isinstance(seen, Unseen) or seen is None or world.provider_shared:
        return removed(_PROVIDER, "The identity provider stays.")
    if not ownership.marked(seen.tags, wanted.owner.shared_mark):
        return removed(_PROVIDER, "The identity provider stays, and is nobody's.")
    untag = UntagIdentityProvider(condition=_PROVIDER, resource=seen.arn, keys=(OWNER_MARK,))
    return writing(_PROVIDER, untag)
