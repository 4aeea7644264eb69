"""One IAM role with its trust and inline policies, whoever needs it: what is missing or has drifted.

Which roles a deployment has is in `plan.deployment.roles`; one that is only looked at, in `plan.observed_roles`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import names, ownership, policies
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import Document, Role
from rds_enrollment.plan.observed_roles import observed_role_part
from rds_enrollment.plan.ownership import NO_ADOPTION, Adoption
from rds_enrollment.plan.part import Part, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.iam import (
    CreateRole,
    DeleteRole,
    DeleteRolePolicy,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    TagRole,
    UntagRole,
    UpdateRoleTrust,
)

_CONDITION = ConditionType.ROLE_READY


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRole:
    """A role as it should be."""

    name: str
    description: str
    trust: Document
    policies: Mapping[str, Document]
    tags: Mapping[str, str]
    mark: str
    path: str = "/"
    permissions_boundary: str = ""
    """ARN of a policy; empty for none."""
    adoption: Adoption = NO_ADOPTION
    managed: bool = True
    """False: somebody else's role, which is looked at and never changed."""
    former_tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Tags that were wanted before."""


def role_part(wanted: WantedRole, seen: Seen[Role | None], attempts: int) -> Part:
    """Create or mend the role; one that is not ours is left alone."""
    if isinstance(seen, Unseen):
        return unseen(_CONDITION, seen, attempts)
    if not wanted.managed:
        return observed_role_part(wanted.name, wanted.trust, tuple(wanted.policies.values()), seen)
    if seen is None:
        return writing(_CONDITION, *_creation(wanted))
    if not ownership.marked(seen.tags, wanted.mark):
        if wanted.adoption.takes(seen.tags):
            return writing(_CONDITION, *_tag_repair(wanted, seen))
        return refused(_CONDITION, Reason.OWNED_BY_ANOTHER, _foreign(wanted, seen))
    if seen.path != wanted.path:
        return refused(_CONDITION, Reason.ROLE_PATH_DIFFERS, _misplaced(wanted, seen))
    repairs = [
        *_boundary_repair(wanted, seen),
        *_trust_repair(wanted, seen),
        *_policy_repairs(wanted, seen),
        *_tag_repair(wanted, seen),
    ]
    if repairs:
        return writing(_CONDITION, *repairs)
    return satisfied(_CONDITION, f"IAM role {seen.arn} has its trust and policies.")


def assumed(seen: Seen[Role | None], step: Step, arn: str) -> Seen[Role | None]:
    """The role after a step of `role_part`; `arn` is that of a new one."""
    match step:
        case CreateRole():
            return Role(step.role, arn, step.path, step.trust, step.tags, {}, step.permissions_boundary)
        case TagRole() if isinstance(seen, Role):
            return replace(seen, tags={**seen.tags, **step.tags})
        case UntagRole() if isinstance(seen, Role):
            return replace(seen, tags=ownership.without(seen.tags, step.keys))
        case PutRolePermissionsBoundary() if isinstance(seen, Role):
            return replace(seen, permissions_boundary=step.policy_arn)
        case UpdateRoleTrust() if isinstance(seen, Role):
            return replace(seen, trust=step.trust)
        case PutRolePolicy() if isinstance(seen, Role):
            return replace(seen, policies={**seen.policies, step.policy: step.document})
    return seen


def former_role_arns(
    known: Iterable[str | None], former: Collection[str], seen: Seen[tuple[Role, ...]], mark: str
) -> tuple[str, ...]:
    """For the status: the roles of `former` names that are still ours. `known`: the ARNs that the status had; it keeps
    those of roles that could not be read."""
    if isinstance(seen, Unseen):
        return tuple(sorted({arn for arn in known if arn and names.role_name(arn) in former}))
    return tuple(sorted(role.arn for role in seen if ownership.marked(role.tags, mark)))


def removal(seen: Role, mark: str) -> tuple[Step, ...]:
    """The steps that delete a role of ours; none for another's."""
    if not ownership.marked(seen.tags, mark):
        return ()
    inline = [
        DeleteRolePolicy(condition=_CONDITION, role=seen.name, policy=name) for name in sorted(seen.policies)
    ]
    return (*inline, DeleteRole(condition=_CONDITION, role=seen.name))


def _creation(wanted: WantedRole) -> list[Step]:
    create = CreateRole(
        condition=_CONDITION,
        role=wanted.name,
        description=wanted.description,
        trust=wanted.trust,
        tags=wanted.tags,
        path=wanted.path,
        permissions_boundary=wanted.permissions_boundary,
    )
    return [create, *(_put(wanted, name) for name in wanted.policies)]


def _boundary_repair(wanted: WantedRole, seen: Role) -> list[Step]:
    """A boundary that the spec does not name is somebody's safeguard: it stays."""
    boundary = wanted.permissions_boundary
    if not boundary or boundary == seen.permissions_boundary:
        return []
    return [PutRolePermissionsBoundary(condition=_CONDITION, role=wanted.name, policy_arn=boundary)]


def _trust_repair(wanted: WantedRole, seen: Role) -> list[Step]:
    if policies.covers(seen.trust, wanted.trust):
        return []
    trust = policies.merged(seen.trust, wanted.trust)
    return [UpdateRoleTrust(condition=_CONDITION, role=wanted.name, trust=trust)]


def _policy_repairs(wanted: WantedRole, seen: Role) -> list[Step]:
    return [
        _put(wanted, name)
        for name, document in wanted.policies.items()
        if name not in seen.policies or not policies.same(seen.policies[name], document)
    ]


def _tag_repair(wanted: WantedRole, seen: Role) -> list[Step]:
    tags = ownership.drifted_tags(wanted.tags, seen.tags)
    stale = ownership.stale_tags(wanted.former_tags, seen.tags)
    repairs: list[Step] = [TagRole(condition=_CONDITION, role=wanted.name, tags=tags)] if tags else []
    if stale:
        repairs.append(UntagRole(condition=_CONDITION, resource=wanted.name, keys=stale))
    return repairs


def _put(wanted: WantedRole, policy: str) -> PutRolePolicy:
    return PutRolePolicy(
        condition=_CONDITION, role=wanted.name, policy=policy, document=wanted.policies[policy]
    )


def _misplaced(wanted: WantedRole, seen: Role) -> str:
    return (
        f"IAM role {seen.arn} has path {seen.path}, not {wanted.path}, and IAM moves no role. Set the path back, or "
        f"choose another role name."
    )


def _foreign(wanted: WantedRole, seen: Role) -> str:
    return (
        f"IAM role {seen.arn} exists and {ownership.owner_text(seen.tags)}, not {wanted.mark}: it is left as it is. "
        f"Choose another role name, delete the role, or let it be adopted (adoptionPolicy).{wanted.adoption.note}"
    )
