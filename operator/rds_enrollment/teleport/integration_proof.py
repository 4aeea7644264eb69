"""Lets Teleport try an integration: sts:GetCallerIdentity through the role, with a token of its own making."""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import IntegrationProof
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.errors import Permission, UnimplementedError
from rds_enrollment.teleport.wire.aws_oidc_service_pb2 import PingRequest

_OF_AWS = ("AssumeRoleWithWebIdentity", "sts:", "StatusCode: 4")
"""Teleport gives AWS's refusals the same code as its own (lib/utils/aws, ConvertIAMError): only the text of the AWS SDK
tells them apart. A text that is not known counts as Teleport's: then the integration is not proven, and not broken."""


async def prove_integration(call: Caller, name: str) -> IntegrationProof | None:
    """What came of the try; None when the operator's role may not ask for it, or the server does not offer it."""
    try:
        answer = await call(
            lambda session: session.aws_oidc.Ping,
            PingRequest(integration=name),
            permission=Permission("integration", ("use", "read")),
            subject=f"integration {name}",
        )
    except UnimplementedError:
        return None
    except (Blocked, Transient) as outcome:
        return _judged(outcome)
    return IntegrationProof(account=answer.account_id)


def _judged(outcome: Outcome) -> IntegrationProof | None:
    if outcome.reason in (Reason.TELEPORT_REQUEST_REFUSED, Reason.TELEPORT_FAILED):
        return IntegrationProof(refusal=outcome.message)
    if outcome.reason is not Reason.TELEPORT_ACCESS_DENIED:
        raise outcome
    of_aws = any(word in outcome.message for word in _OF_AWS)
    return IntegrationProof(refusal=outcome.message) if of_aws else None
