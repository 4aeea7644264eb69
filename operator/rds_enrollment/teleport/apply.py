"""Carrying out a plan's steps."""

from rds_enrollment.plan.steps import TeleportStep
from rds_enrollment.plan.steps.teleport import (
    CreateDatabase,
    CreateIntegration,
    CreateJoinToken,
    DeleteDatabase,
    DeleteIntegration,
    DeleteJoinToken,
    UpdateDatabase,
    UpdateIntegration,
    UpdateJoinToken,
)
from rds_enrollment.teleport import databases, integrations, tokens
from rds_enrollment.teleport.calls import Caller

_DatabaseStep = CreateDatabase | UpdateDatabase | DeleteDatabase
_TokenStep = CreateJoinToken | UpdateJoinToken | DeleteJoinToken
_IntegrationStep = CreateIntegration | UpdateIntegration | DeleteIntegration


async def apply_step(call: Caller, step: TeleportStep) -> None:
    """Makes the write that `step` names. Raises an Outcome when it fails."""
    match step:
        case CreateDatabase() | UpdateDatabase() | DeleteDatabase():
            await _apply_to_database(call, step)
        case CreateJoinToken() | UpdateJoinToken() | DeleteJoinToken():
            await _apply_to_token(call, step)
        case CreateIntegration() | UpdateIntegration() | DeleteIntegration():
            await _apply_to_integration(call, step)
        case _:
            raise TypeError(f"no write to Teleport is known for {step.name}")


async def _apply_to_database(call: Caller, step: _DatabaseStep) -> None:
    match step:
        case CreateDatabase():
            await databases.create_database(call, step.database)
        case UpdateDatabase():
            await databases.update_database(call, step.database)
        case DeleteDatabase():
            await databases.delete_database(call, step.database)


async def _apply_to_token(call: Caller, step: _TokenStep) -> None:
    match step:
        case CreateJoinToken():
            await tokens.create_token(call, step.token)
        case UpdateJoinToken():
            await tokens.update_token(call, step.token)
        case DeleteJoinToken():
            await tokens.delete_token(call, step.token)


async def _apply_to_integration(call: Caller, step: _IntegrationStep) -> None:
    match step:
        case CreateIntegration():
            await integrations.create_integration(call, step.integration)
        case UpdateIntegration():
            await integrations.update_integration(call, step.integration)
        case DeleteIntegration():
            await integrations.delete_integration(call, step.integration)
