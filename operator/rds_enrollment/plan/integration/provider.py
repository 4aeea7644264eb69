"""The IAM identity provider: AWS allows one per URL in an account, so objects, operators and the wizard share it."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider
from rds_enrollment.plan.part import Part, refused, removed, satisfied, unseen, writing
from rds_enrollment.plan.policies import AUDIENCE
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.aws import (
    AddClientId,
    CreateIdentityProvider,
    DeleteIdentityProvider,
    TagIdentityProvider,
)

_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY


def provider_part(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """Made where there is none, mended where it is ours; one that somebody else made is used as it is."""
    seen = world.provider
    if isinstance(seen, Unseen):
        return unseen(_PROVIDER, seen, attempts)
    if seen is None:
        return _absent(wanted)
    adopted = wanted.manages_provider and wanted.adoption.takes_shared(seen.tags)
    repairs = _repairs(wanted, seen) if adopted or _is_kept(wanted, seen) else ()
    if repairs:
        return writing(_PROVIDER, *repairs)
    if AUDIENCE not in seen.audiences:
        return refused(
            _PROVIDER,
            Reason.AUDIENCE_MISSING,
            f"Identity provider {seen.arn} lacks the audience {AUDIENCE}. Add it with: aws iam "
            f"add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {seen.arn} "
            f"--client-id {AUDIENCE}",
        )
    return satisfied(_PROVIDER, f"Identity provider {seen.arn} accepts {AUDIENCE}.")


def provider_removal(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """The last user takes it along: neither an object of this operator nor a role in AWS needs it any more."""
    seen = world.provider
    if isinstance(seen, Unseen):
        return unseen(_PROVIDER, seen, attempts)
    if seen is None or not _is_kept(wanted, seen):
        return removed(_PROVIDER, "No identity provider of this operator is left.")
    for users in (world.provider_shared, world.provider_users):
        if isinstance(users, Unseen):
            return unseen(_PROVIDER, users, attempts)
    if world.provider_shared:
        return removed(_PROVIDER, f"Identity provider {seen.arn} stays: another integration uses it.")
    if world.provider_users:
        roles = ", ".join(() if isinstance(world.provider_users, Unseen) else world.provider_users)
        return removed(_PROVIDER, f"Identity provider {seen.arn} stays: {roles} trusts it.")
    return writing(_PROVIDER, DeleteIdentityProvider(condition=_PROVIDER, arn=seen.arn))


def _absent(wanted: WantedIntegration) -> Part:
    if wanted.manages_provider:
        create = CreateIdentityProvider(
            condition=_PROVIDER, url=wanted.issuer, audiences=(AUDIENCE,), tags=wanted.shared_tags
        )
        return writing(_PROVIDER, create)
    message = (
        f"Identity provider {wanted.provider_arn} does not exist, and identityProvider.managementPolicy Observe makes "
        f"none. Create it with: aws iam create-open-id-connect-provider --url {wanted.issuer} "
        f"--client-id-list {AUDIENCE}"
    )
    return refused(_PROVIDER, Reason.IDENTITY_PROVIDER_NOT_FOUND, message)


def _is_kept(wanted: WantedIntegration, seen: IdentityProvider) -> bool:
    return wanted.manages_provider and ownership.marked(seen.tags, wanted.owner.shared_mark)


def _repairs(wanted: WantedIntegration, seen: IdentityProvider) -> tuple[Step, ...]:
    repairs: list[Step] = []
    if AUDIENCE not in seen.audiences:
        repairs.append(AddClientId(condition=_PROVIDER, arn=seen.arn, client_id=AUDIENCE))
    tags = ownership.absent_tags(wanted.shared_tags, seen.tags)
    if tags:
        repairs.append(TagIdentityProvider(condition=_PROVIDER, arn=seen.arn, tags=tags))
    return tuple(repairs)
