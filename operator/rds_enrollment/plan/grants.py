"""Which roles may be assumed on behalf of whom: the administrator's list, and what it says of one object.

Without it, who may create an AwsOidcIntegration could borrow any role that the operator may assume.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked


@dataclass(frozen=True, slots=True)
class Namespaces:
    """A choice of namespaces: by name, or by labels that each must carry. Both empty choose none."""

    names: frozenset[str] = frozenset()
    match_labels: Mapping[str, str] = field(default_factory=dict)

    def include(self, name: str, labels: Mapping[str, str]) -> bool:
        chosen = bool(self.match_labels) and self.match_labels.items() <= labels.items()
        return name in self.names or chosen


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles that objects of some namespaces may name, each ARN with its external id (empty for none)."""

    namespaces: Namespaces
    roles: Mapping[str, str]


def external_id(grants: Sequence[Grant], arn: str, namespace: str, labels: Mapping[str, str]) -> str:
    """The external id that a role is to be assumed with for an object of a namespace.

    Raises Blocked: RoleNotAllowed.
    """
    for grant in grants:
        if arn in grant.roles and grant.namespaces.include(namespace, labels):
            return grant.roles[arn]
    raise Blocked(
        Reason.ROLE_NOT_ALLOWED,
        f"The operator's list of roles does not allow {arn} for namespace {namespace}: nothing is read or written. Let "
        f"its administrator add the role to the file of --assume-roles, or leave out spec.assumeRoleArn.",
    )
