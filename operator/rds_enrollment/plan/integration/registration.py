"""The integration object in Teleport, and the proof that Teleport can act in AWS through it."""

from dataclasses import replace

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.integration.wanted import SUB_KIND, WantedIntegration, wanted_integration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import Role
from rds_enrollment.plan.observed.teleport import Integration, IntegrationProof
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import Part, held, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps.teleport import CreateIntegration, UpdateIntegration

_REGISTERED = ConditionType.INTEGRATION_REGISTERED
_PROPAGATION_ATTEMPTS = 6
"""Failed tries in a row, with growing pauses about half a minute, that are put down to IAM's eventual consistency."""


def target_of(wanted: WantedIntegration, role: Seen[Role | None]) -> Integration:
    """The integration as it should be: an observed role stands where its owner put it."""
    target = wanted_integration(wanted)
    if isinstance(role, Role) and not wanted.role.managed:
        return replace(target, role_arn=role.arn)
    return target


def registration_part(
    wanted: WantedIntegration, world: IntegrationWorld, role_ready: bool, attempts: int
) -> Part:
    """Create or mend the object, then let Teleport prove it; one that is not ours is left alone."""
    if isinstance(world.integration, Unseen):
        return unseen(_REGISTERED, world.integration, attempts)
    target = target_of(wanted, world.role)
    if world.integration is None:
        if not role_ready:
            return held(_REGISTERED, ConditionType.ROLE_READY)
        return writing(_REGISTERED, CreateIntegration(condition=_REGISTERED, integration=target))
    if _may_adopt(wanted, world.integration, target):
        adopt = UpdateIntegration(
            condition=_REGISTERED,
            integration=target,
            former_owner=world.integration.labels.get(OWNER_MARK, ""),
        )
        return writing(_REGISTERED, adopt) if role_ready else held(_REGISTERED, ConditionType.ROLE_READY)
    foreign = _foreign(wanted, world.integration)
    if foreign:
        return foreign
    if world.integration.role_arn != target.role_arn:
        if not role_ready:
            return held(_REGISTERED, ConditionType.ROLE_READY)
        return writing(
            _REGISTERED, UpdateIntegration(condition=_REGISTERED, integration=target, changed=("role_arn",))
        )
    if isinstance(world.proof, Unseen):
        return unseen(_REGISTERED, world.proof, attempts)
    return _proven(wanted, target, world.proof, attempts)


def _proven(
    wanted: WantedIntegration, target: Integration, proof: IntegrationProof | None, attempts: int
) -> Part:
    named = f"Integration {target.name} in Teleport names role {target.role_arn}"
    if proof is None:
        return satisfied(
            _REGISTERED,
            f"{named}. Whether Teleport can assume it was not tried: the operator's Teleport role lacks the verb use "
            f"on integration.",
        )
    if proof.account == wanted.scope.account:
        return satisfied(_REGISTERED, f"{named}, and acted through it in account {proof.account}.")
    problem = proof.refusal or f"it acts in account {proof.account}"
    message = f"{named}, but cannot act in account {wanted.scope.account} through it: {problem}"
    if proof.refusal and attempts < _PROPAGATION_ATTEMPTS:
        verdict = Verdict.unknown(Reason.IAM_PROPAGATING, f"{message} IAM may need a moment.", soft=True)
        return Part(_REGISTERED, verdict, outcome=Transient(Reason.IAM_PROPAGATING, message))
    advice = f"AWS must reach {wanted.issuer}/.well-known/openid-configuration from the internet."
    return refused(_REGISTERED, Reason.INTEGRATION_UNUSABLE, f"{message} {advice}")


def _may_adopt(wanted: WantedIntegration, seen: Integration, target: Integration) -> bool:
    """An integration has no tags: the role that it names stands for them."""
    if seen.sub_kind != SUB_KIND or ownership.marked(seen.labels, wanted.owner.mark):
        return False
    tags = wanted.adoption.teleport if seen.role_arn == target.role_arn else {}
    return wanted.adoption.takes({**seen.labels, **tags})


def _foreign(wanted: WantedIntegration, seen: Integration) -> Part | None:
    if seen.sub_kind == SUB_KIND and ownership.marked(seen.labels, wanted.owner.mark):
        return None
    return refused(
        _REGISTERED,
        Reason.OWNED_BY_ANOTHER,
        f"Integration {seen.name} ({seen.sub_kind}) exists in Teleport and {ownership.owner_text(seen.labels)}: it is "
        f"left as it is. Set spec.integrationName to another name in a new object, delete the integration, or let it "
        f"be adopted (adoptionPolicy).{wanted.adoption.note}",
    )
