"""A role that somebody else keeps: whether it will do, and if not, what its owner has to add."""

import json
from collections.abc import Sequence

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import policies
from rds_enrollment.plan.observed.aws import Document, Role
from rds_enrollment.plan.part import Part, refused, satisfied
from rds_enrollment.plan.permissions import Grant, lacking, policy_of

_CONDITION = ConditionType.ROLE_READY


def observed_role_part(name: str, trust: Document, needed: Sequence[Document], seen: Role | None) -> Part:
    """The condition of a role that is never written to. `needed` are the policies that we would give it."""
    if seen is None:
        message = (
            f"IAM role {name} does not exist, and managementPolicy Observe makes none. Create it with trust policy "
            f"{_text(trust)}."
        )
        return refused(_CONDITION, Reason.ROLE_NOT_FOUND, message)
    if not policies.covers(seen.trust, trust):
        message = f"The trust policy of IAM role {seen.arn} lacks a statement. Add: {_text(trust)}."
        return refused(_CONDITION, Reason.ROLE_NOT_TRUSTED, message)
    missing = lacking(tuple(seen.policies.values()), needed)
    if missing:
        message = (
            f"IAM role {seen.arn} does not allow {_named(missing)}. Let its owner add the policy "
            f"{_text(policy_of(missing))}."
        )
        return refused(_CONDITION, Reason.ROLE_LACKS_PERMISSIONS, message)
    return satisfied(_CONDITION, f"IAM role {seen.arn}, which is not managed here, allows what is needed.")


def _named(missing: Sequence[Grant]) -> str:
    return ", ".join(f"{grant.action} on {grant.resource}" for grant in missing)


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))
