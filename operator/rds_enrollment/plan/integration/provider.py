"""The IAM identity provider: AWS allows one per URL in an account, so objects, operators and the wizard share it."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider
from rds_enrollment.plan.part import Part, refused, removed, satisfied, unseen, writing
from rds_enrollment.plan.policies import AUDIENCE
from rds_enrollment.plan.shell import command_line
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.iam import (
    AddClientId,
    CreateIdentityProvider,
    DeleteIdentityProvider,
    TagIdentityProvider,
    UntagIdentityProvider,
    UpdateThumbprints,
)

_PROVIDER = ConditionType.IDENTITY_PROVIDER_READY
_MAX_THUMBPRINTS = 5
"""Of one identity provider (IAM API Reference, CreateOpenIDConnectProvider)."""


def provider_part(wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Part:
    """Made where there is none, mended where it is ours; one that somebody else made is used as it is."""
    seen = world.provider
    if isinstance(seen, Unseen):
        return unseen(_PROVIDER, seen, attempts)
    if seen is None:
        return _absent(wanted, world)
    adopted = wanted.manages_provider and wanted.adoption.takes_shared(seen.tags)
    repairs = _repairs(wanted, world, seen) if adopted or _is_kept(wanted, seen) else ()
    if repairs:
        return writing(_PROVIDER, *repairs)
    if AUDIENCE not in seen.audiences:
        command = _iam(
            *("add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", seen.arn),
            *("--client-id", AUDIENCE),
        )
        return refused(
            _PROVIDER,
            Reason.AUDIENCE_MISSING,
            f"Identity provider {seen.arn} lacks the audience {AUDIENCE}. Add it with: {command}",
        )
    return _usable(world, seen)


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


def _absent(wanted: WantedIntegration, world: IntegrationWorld) -> Part:
    if wanted.manages_provider:
        create = CreateIdentityProvider(
            condition=_PROVIDER,
            url=wanted.issuer,
            audiences=(AUDIENCE,),
            tags=wanted.shared_tags,
            thumbprints=() if isinstance(world.thumbprint, Unseen) else (world.thumbprint,),
        )
        return writing(_PROVIDER, create)
    command = _iam("create-open-id-connect-provider", "--url", wanted.issuer, "--client-id-list", AUDIENCE)
    message = (
        f"Identity provider {wanted.provider_arn} does not exist, and identityProvider.managementPolicy Observe makes "
        f"none. Create it with: {command}"
    )
    return refused(_PROVIDER, Reason.IDENTITY_PROVIDER_NOT_FOUND, message)


def _usable(world: IntegrationWorld, seen: IdentityProvider) -> Part:
    """A thumbprint that differs lowers nothing: IAM looks at it only where no public authority signed (IAM User Guide,
    "Create an OpenID Connect (OIDC) identity provider in IAM")."""
    accepts = f"Identity provider {seen.arn} accepts {AUDIENCE}."
    if isinstance(world.thumbprint, Unseen):
        outcome = world.thumbprint.outcome
        why = f" Its thumbprint is not compared: {outcome.message}." if outcome else ""
        return satisfied(_PROVIDER, f"{accepts}{why}")
    if not _differs(world.thumbprint, seen):
        return satisfied(_PROVIDER, accepts)
    command = _iam(
        *("update-open-id-connect-provider-thumbprint", "--open-id-connect-provider-arn", seen.arn),
        *("--thumbprint-list", *seen.thumbprints[: _MAX_THUMBPRINTS - 1], world.thumbprint),
    )
    message = (
        f"{accepts} None of its thumbprints is {world.thumbprint}, that of the certificates which Teleport serves: IAM "
        f"refuses Teleport's tokens, unless a public authority signed. Add it with: {command}"
    )
    return Part(_PROVIDER, Verdict.ok(message, Reason.THUMBPRINT_DIFFERS), done=True)


def _iam(*words: str) -> str:
    return command_line("aws", "iam", *words)


def _differs(thumbprint: str, seen: IdentityProvider) -> bool:
    """Others may stand beside it, as while an authority is replaced. A provider without any was not asked for one."""
    return bool(seen.thumbprints) and thumbprint not in map(str.lower, seen.thumbprints)


def _is_kept(wanted: WantedIntegration, seen: IdentityProvider) -> bool:
    return wanted.manages_provider and ownership.marked(seen.tags, wanted.owner.shared_mark)


def _repairs(wanted: WantedIntegration, world: IntegrationWorld, seen: IdentityProvider) -> tuple[Step, ...]:
    repairs: list[Step] = []
    if AUDIENCE not in seen.audiences:
        repairs.append(AddClientId(condition=_PROVIDER, arn=seen.arn, client_id=AUDIENCE))
    if not isinstance(world.thumbprint, Unseen) and _differs(world.thumbprint, seen):
        thumbprints = (world.thumbprint,)
        repairs.append(UpdateThumbprints(condition=_PROVIDER, arn=seen.arn, thumbprints=thumbprints))
    tags = ownership.absent_tags(wanted.shared_tags, seen.tags)
    if tags:
        repairs.append(TagIdentityProvider(condition=_PROVIDER, arn=seen.arn, tags=tags))
    stale = ownership.stale_tags(wanted.former_tags.shared, seen.tags)
    if stale:
        repairs.append(UntagIdentityProvider(condition=_PROVIDER, resource=seen.arn, keys=stale))
    return tuple(repairs)
