"""What one integration should look like, derived from its spec and scope."""

from collections.abc import Mapping
from dataclasses import dataclass

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan import names, ownership, policies
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.roles import WantedRole
from rds_enrollment.plan.scope import Scope

ROLE_DESCRIPTION = "Used by Teleport to provide access to AWS resources."
"""Teleport lib/integrations/awsoidc/idp_iam_config.go."""
SUB_KIND = "aws-oidc"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedIntegration:
    """One integration as it should be."""

    scope: Scope
    owner: ownership.Owner
    role: IamRole
    task_roles: frozenset[str]
    """Names with paths (`teams/agents`), a `*` allowed at their end, of the task roles that Teleport may pass on."""
    user_tags: Mapping[str, str]
    adoption: ownership.Adoption = ownership.NO_ADOPTION
    retain: bool = False
    """Whether everything stays when the object goes."""
    manages_provider: bool = True
    former_tags: ownership.FormerTags = ownership.NO_FORMER_TAGS
    former_roles: tuple[str, ...] = ()
    """Names of the roles that the spec named before, as far as the status tells."""

    @property
    def issuer(self) -> str:
        return names.issuer(self.scope.cluster.proxy_address)

    @property
    def provider_arn(self) -> str:
        return names.identity_provider_arn(self.scope.partition, self.scope.account, self.issuer)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of what belongs to this integration alone."""
        return ownership.own_tags(self.scope, self.owner, self.user_tags)

    @property
    def shared_tags(self) -> dict[str, str]:
        """Tags of the identity provider: AWS allows one per URL and account, so integrations share it."""
        return ownership.shared_tags(self.scope, self.owner, self.user_tags)


def wanted_role(wanted: WantedIntegration) -> WantedRole:
    """The role that Teleport assumes through the identity provider."""
    scope = wanted.scope
    return WantedRole(
        name=wanted.role.name,
        description=ROLE_DESCRIPTION,
        trust=policies.integration_trust(scope.partition, scope.account, wanted.issuer),
        policies={
            policies.LIST_DATABASES: policies.list_databases(),
            policies.DEPLOY_SERVICE: policies.deploy_service(
                scope.partition, scope.account, wanted.task_roles
            ),
        },
        tags=wanted.tags,
        mark=wanted.owner.mark,
        adoption=wanted.adoption,
        path=wanted.role.path,
        permissions_boundary=wanted.role.permissions_boundary or "",
        managed=wanted.role.managed,
        former_tags=wanted.former_tags.own,
    )


def wanted_integration(wanted: WantedIntegration) -> Integration:
    """The integration object in Teleport."""
    scope, role = wanted.scope, wanted.role
    return Integration(
        name=scope.integration,
        sub_kind=SUB_KIND,
        role_arn=names.role_arn(scope.partition, scope.account, role.name, role.path),
        labels={OWNER_MARK: wanted.owner.mark},
    )
