"""The status fields of one integration, beside its conditions."""

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegrationStatus
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.roles import former_role_arns


def observed_status(
    previous: AwsOidcIntegrationStatus, wanted: WantedIntegration, world: IntegrationWorld
) -> AwsOidcIntegrationStatus:
    """`previous` with what this pass has seen; what it could not see stays as it was."""
    seen: dict[str, object] = {
        "teleport_cluster": wanted.scope.cluster.name,
        "integration_name": wanted.scope.integration,
        "issuer": wanted.issuer,
    }
    if not isinstance(world.provider, Unseen):
        seen["identity_provider_arn"] = world.provider.arn if world.provider else None
    if not isinstance(world.role, Unseen):
        seen["role_arn"] = world.role.arn if world.role else None
    seen["former_role_arns"] = former_role_arns(
        (*previous.former_role_arns, previous.role_arn),
        wanted.former_roles,
        world.former_roles,
        wanted.owner.mark,
    )
    return previous.model_copy(update=seen)
