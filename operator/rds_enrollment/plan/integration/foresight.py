"""The world of an integration as it would be after a step."""

from dataclasses import replace

from rds_enrollment.plan import names, ownership, roles
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.iam import (
    AddClientId,
    CreateIdentityProvider,
    DeleteRole,
    TagIdentityProvider,
    UntagIdentityProvider,
    UpdateThumbprints,
)
from rds_enrollment.plan.steps.teleport import CreateIntegration, UpdateIntegration


def assume(wanted: WantedIntegration, world: IntegrationWorld, step: Step) -> IntegrationWorld:
    """`world`, and that the step worked."""
    match step:
        case CreateIdentityProvider():
            made = IdentityProvider(
                wanted.provider_arn, step.url, frozenset(step.audiences), step.tags, step.thumbprints
            )
            return replace(world, provider=made)
        case AddClientId() if isinstance(world.provider, IdentityProvider):
            audiences = world.provider.audiences | {step.client_id}
            return replace(world, provider=replace(world.provider, audiences=audiences))
        case UpdateThumbprints() if isinstance(world.provider, IdentityProvider):
            return replace(world, provider=replace(world.provider, thumbprints=step.thumbprints))
        case TagIdentityProvider() if isinstance(world.provider, IdentityProvider):
            return replace(world, provider=replace(world.provider, tags={**world.provider.tags, **step.tags}))
        case UntagIdentityProvider() if isinstance(world.provider, IdentityProvider):
            left = ownership.without(world.provider.tags, step.keys)
            return replace(world, provider=replace(world.provider, tags=left))
        case CreateIntegration() | UpdateIntegration():
            return replace(world, integration=step.integration)
        case DeleteRole() if not isinstance(world.former_roles, Unseen):
            roles_left = tuple(role for role in world.former_roles if role.name != step.role)
            return replace(world, former_roles=roles_left)
    role = wanted.role
    arn = names.role_arn(wanted.scope.partition, wanted.scope.account, role.name, role.path)
    return replace(world, role=roles.assumed(world.role, step, arn))
