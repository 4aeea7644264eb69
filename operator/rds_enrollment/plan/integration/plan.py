"""The plan of one integration, part by part in the order of its conditions."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.wanted import (
    SUB_KIND,
    WantedIntegration,
    wanted_integration,
    wanted_role,
)
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.part import Part, held, refused, satisfied, unseen, writing
from rds_enrollment.plan.policies import AUDIENCE
from rds_enrollment.plan.roles import role_part
from rds_enrollment.plan.steps.aws import CreateIdentityProvider, TagIdentityProvider
from rds_enrollment.plan.steps.teleport import CreateIntegration, UpdateIntegration

_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY
_REGISTERED = ConditionType.INTEGRATION_REGISTERED
REQUIRED = (
    ConditionType.CREDENTIALS_VALID,
    _PROVIDER,
    ConditionType.ROLE_READY,
    _REGISTERED,
)
"""Ready is all of these."""


def plan(wanted: WantedIntegration, world: IntegrationWorld, attempts: int = 1) -> tuple[Part, ...]:
    """What one pass would write, and how each condition stands. `attempts`: failures in a row, this one included."""
    provider = _provider_part(wanted, world, attempts)
    role = role_part(wanted_role(wanted), world.role, attempts)
    return provider, role, _registration_part(wanted, world, role.done, attempts)


def _provider_part(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """One per URL in an account: a provider that somebody else made is used as it is, and never changed."""
    if isinstance(world.provider, Unseen):
        return unseen(_PROVIDER, world.provider, attempts)
    if world.provider is None:
        create = CreateIdentityProvider(
            condition=_PROVIDER, url=wanted.issuer, audiences=(AUDIENCE,), tags=wanted.shared_tags
        )
        return writing(_PROVIDER, create)
    if AUDIENCE not in world.provider.audiences:
        return refused(
            _PROVIDER,
            Reason.AUDIENCE_MISSING,
            f"Identity provider {world.provider.arn} lacks the audience {AUDIENCE}. Add it with: aws iam "
            f"add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {world.provider.arn} "
            f"--client-id {AUDIENCE}",
        )
    tags = ownership.absent_tags(wanted.shared_tags, world.provider.tags)
    if tags and ownership.marked(world.provider.tags, wanted.owner.shared_mark):
        return writing(_PROVIDER, TagIdentityProvider(condition=_PROVIDER, arn=world.provider.arn, tags=tags))
    return satisfied(_PROVIDER, f"Identity provider {world.provider.arn} accepts {AUDIENCE}.")


def _registration_part(
    wanted: WantedIntegration, world: IntegrationWorld, role_ready: bool, attempts: int
) -> Part:
    if isinstance(world.integration, Unseen):
        return unseen(_REGISTERED, world.integration, attempts)
    target = wanted_integration(wanted)
    if world.integration is None:
        if not role_ready:
            return held(_REGISTERED, ConditionType.ROLE_READY)
        return writing(_REGISTERED, CreateIntegration(condition=_REGISTERED, integration=target))
    foreign = _foreign(wanted, world.integration)
    if foreign:
        return foreign
    if world.integration.role_arn != target.role_arn:
        if not role_ready:
            return held(_REGISTERED, ConditionType.ROLE_READY)
        return writing(_REGISTERED, UpdateIntegration(condition=_REGISTERED, integration=target))
    return satisfied(_REGISTERED, f"Integration {target.name} in Teleport names role {target.role_arn}.")


def _foreign(wanted: WantedIntegration, seen: Integration) -> Part | None:
    if seen.sub_kind == SUB_KIND and ownership.marked(seen.labels, wanted.owner.mark):
        return None
    return refused(
        _REGISTERED,
        Reason.OWNED_BY_ANOTHER,
        f"Integration {seen.name} ({seen.sub_kind}) exists in Teleport and {ownership.owner_text(seen.labels)}: it is "
        f"left as it is. Set spec.integrationName to another name in a new object, or delete the integration.",
    )
