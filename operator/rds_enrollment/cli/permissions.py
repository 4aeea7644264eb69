"""What `rds-enrollment policy` shows, and the form of its JSON and YAML. Pure, but for the role file that ships."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.common import Resource
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.roles import target_roles
from rds_enrollment.plan.integration.wanted import wanted_role
from rds_enrollment.plan.permissions.estate import Cluster, Estate, estates
from rds_enrollment.plan.permissions.pieces import pieces
from rds_enrollment.plan.permissions.policy import analyzer_policy, assuming_trust, own_policy, policy
from rds_enrollment.plan.roles import WantedRole
from rds_enrollment.teleport.role import role_manifest

_OWN = "the operator's own role"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
"""By the beginning of a region's name (AWS General Reference); every other region is in `aws`."""
_EXTERNAL_ID = "EXTERNAL-ID-OF-ASSUME-ROLES"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An identity of the operator. `trust` is None where the manifests do not tell who assumes it."""

    identity: str
    account_id: str
    policies: tuple[Json, ...]
    """Together they are what it needs; each is short enough for a managed policy."""
    trust: Json | None = None
    analyzer_policy: Json | None = None
    """What it needs on top to ask AWS's Reachability Analyzer; None where spec.diagnostics lets no deployment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleNeeds:
    """A role of the manifests. Names with a `*` stand for one role per VPC."""

    arn: str
    managed: bool
    trust: Json
    policies: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Everything."""

    identities: tuple[Identity, ...]
    roles: tuple[RoleNeeds, ...]
    teleport_role: str
    """YAML."""


def permissions(
    objects: Sequence[Resource], *, teleport_cluster: str, proxy: str, owner_id: str, operator_role: str
) -> Permissions:
    """`proxy` is a host or host:port.

    Raises LookupError: an object refers to an AwsOidcIntegration that is not among the objects.
    """
    address = proxy if ":" in proxy else f"{proxy}:443"
    cluster = Cluster(
        name=teleport_cluster, proxy_address=address, partition=_partition(objects), owner_id=owner_id
    )
    found = estates(objects, cluster)
    return Permissions(
        identities=_identities(found, operator_role),
        roles=tuple(_roles(found)),
        teleport_role=role_manifest(),
    )


def _partition(objects: Iterable[Resource]) -> str:
    """A Teleport integration and everything that it reaches is in one partition."""
    specs = [item.model_dump(mode="json", by_alias=True)["spec"] for item in objects]
    regions = {
        region for spec in specs for region in (*spec.get("regions", ()), spec.get("region")) if region
    }
    for beginning, partition in _PARTITIONS:
        if any(region.startswith(beginning) for region in regions):
            return partition
    return "aws"


def _identities(found: Sequence[Estate], operator_role: str) -> tuple[Identity, ...]:
    assumed = [item.assume_role_arn for item in found if item.assume_role_arn]
    own = [item for item in found if item.assume_role_arn is None]
    identities = [
        Identity(
            identity=_OWN,
            account_id=item.account,
            policies=pieces(policy(item, assumed)),
            analyzer_policy=analyzer_policy(item),
        )
        for item in own
    ]
    if not own:
        identities = [
            Identity(identity=_OWN, account_id="OPERATOR-ACCOUNT", policies=pieces(own_policy(assumed)))
        ]
    for item in found:
        if item.assume_role_arn:
            trust = assuming_trust(operator_role, _EXTERNAL_ID)
            identities.append(
                Identity(
                    identity=item.assume_role_arn,
                    account_id=item.account,
                    policies=pieces(policy(item)),
                    trust=trust,
                    analyzer_policy=analyzer_policy(item),
                )
            )
    return tuple(identities)


def _roles(found: Sequence[Estate]) -> Iterable[RoleNeeds]:
    """Each once, although several deployments may name it."""
    seen: dict[str, RoleNeeds] = {}
    for estate in found:
        wanted = [wanted_role(item) for item in estate.integrations]
        wanted += [role for item in estate.deployments for role in target_roles(item)]
        for role in wanted:
            needs = _needs(estate, role)
            known = seen.get(needs.arn)
            seen[needs.arn] = needs if known is None else _both(known, needs)
    return seen.values()


def _needs(estate: Estate, role: WantedRole) -> RoleNeeds:
    return RoleNeeds(
        arn=names.role_arn(estate.cluster.partition, estate.account, role.name, role.path),
        managed=role.managed,
        trust=role.trust,
        policies=role.policies,
    )


def _both(one: RoleNeeds, other: RoleNeeds) -> RoleNeeds:
    """A role that several name needs what each asks for."""
    policies = {name: dict(document) for name, document in one.policies.items()}
    for name, document in other.policies.items():
        mine = policies.setdefault(name, {**document, "Statement": []})
        mine["Statement"] = [
            *mine["Statement"],
            *(item for item in document["Statement"] if item not in mine["Statement"]),
        ]
    return RoleNeeds(arn=one.arn, managed=one.managed, trust=one.trust, policies=policies)
