"""An observed role (managementPolicy Observe: somebody else keeps it): whether it will do, and if not, what its owner
has to add."""

import json
from collections.abc import Sequence

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import policies
from rds_enrollment.plan.observed.aws import Document, Role
from rds_enrollment.plan.part import Part, refused, satisfied
from rds_enrollment.plan.permissions.evaluation import Grant, lacking, policy_of
from rds_enrollment.plan.text import listing

_CONDITION = ConditionType.ROLE_READY
_ROOM = 960
"""Characters, all of them ASCII, that a message of 1 KiB has for both."""
_COMMAND = 150
"""About the bytes of the sentence that names the command instead."""


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
    missing, barred = lacking(tuple(seen.policies.values()), needed), _barred(seen, needed)
    if missing:
        beyond = f" Its permissions boundary {seen.permissions_boundary} bars some, too." if barred else ""
        lack = _lack(f"IAM role {seen.arn} does not allow", "add the policy", missing, beyond)
        return refused(_CONDITION, Reason.ROLE_LACKS_PERMISSIONS, lack)
    if barred:
        subject = f"Permissions boundary {seen.permissions_boundary} of IAM role {seen.arn} does not allow"
        lack = _lack(subject, "add to the boundary the policy", barred)
        return refused(_CONDITION, Reason.ROLE_LACKS_PERMISSIONS, lack)
    return satisfied(_CONDITION, f"IAM role {seen.arn}, which is not managed here, allows what is needed.")


def _barred(seen: Role, needed: Sequence[Document]) -> tuple[Grant, ...]:
    """A permissions boundary allows nothing by itself: what it does not allow, no policy does (IAM User Guide,
    "Permissions boundaries for IAM entities")."""
    return () if seen.boundary is None else lacking((seen.boundary,), needed)


def _lack(subject: str, advice: str, missing: Sequence[Grant], more: str = "") -> str:
    """With the policy where a condition's message has room for it."""
    document = _text(policy_of(missing))
    lacks = f"{subject} {_named(missing)}."
    if len(lacks) + len(document) + len(more) <= _ROOM:
        return f"{lacks} Let its owner {advice} {document}.{more}"
    named = [f"{grant.action} on {grant.resource}" for grant in missing]
    return (
        f"{subject} {listing(named, taken=_COMMAND + len(subject) + len(more))}. Let its owner {advice} that "
        f"`rds-enrollment policy` prints for it.{more}"
    )


def _named(missing: Sequence[Grant]) -> str:
    return ", ".join(f"{grant.action} on {grant.resource}" for grant in missing)


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))
