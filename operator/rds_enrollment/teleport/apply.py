"""Carrying out a plan's steps."""

from rds_enrollment.plan.steps import TeleportStep
from rds_enrollment.plan.steps.teleport import (
    CreateDatabase,
    CreateIntegration,
    CreateJoinToken,
    DeleteDatabase,
    DeleteIntegration,
    DeleteJoinToken,
    DisownDatabase,
    DisownIntegration,
    DisownJoinToken,
    UpdateDatabase,
    UpdateIntegration,
    UpdateJoinToken,
)
from rds_enrollment.teleport import databases, integrations, tokens
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.disown import disown_database, disown_integration, disown_token
from rds_enrollment.teleport.kinds import ABSENT, Kind

_DatabaseStep = CreateDatabase | UpdateDatabase | DeleteDatabase
_TokenStep = CreateJoinToken | UpdateJoinToken | DeleteJoinToken
_IntegrationStep = CreateIntegration | UpdateIntegration | DeleteIntegration


def written_object(step: TeleportStep) -> tuple[Kind, str]:
    """Kind and name of the object that `step` writes. Raises TypeError for a step that nobody can carry out."""
    match step:
        case CreateDatabase(database=database) | UpdateDatabase(database=database):
            return Kind.DATABASE, database.name
        case DeleteDatabase(database=name) | DisownDatabase(object_name=name):
            return Kind.DATABASE, name
        case CreateJoinToken(token=token) | UpdateJoinToken(token=token):
            return Kind.TOKEN, token.name
        case DeleteJoinToken(token=name) | DisownJoinToken(object_name=name):
            return Kind.TOKEN, name
        case CreateIntegration(integration=integration) | UpdateIntegration(integration=integration):
            return Kind.INTEGRATION, integration.name
        case DeleteIntegration(integration=name) | DisownIntegration(object_name=name):
            return Kind.INTEGRATION, name
    raise TypeError(f"no write to Teleport is known for {step.name}")


async def apply_step(call: Caller, step: TeleportStep) -> str | None:
    """Makes the write that `step` names. Raises an Outcome when it fails.

    Returns the revision that the object had before: ABSENT when there was none, None when nothing was written.
    """
    match step:
        case CreateDatabase() | UpdateDatabase() | DeleteDatabase():
            return await _apply_to_database(call, step)
        case CreateJoinToken() | UpdateJoinToken() | DeleteJoinToken():
            return await _apply_to_token(call, step)
        case CreateIntegration() | UpdateIntegration() | DeleteIntegration():
            return await _apply_to_integration(call, step)
        case DisownDatabase():
            return await disown_database(call, step)
        case DisownJoinToken():
            return await disown_token(call, step)
        case DisownIntegration():
            return await disown_integration(call, step)
    raise TypeError(f"no write to Teleport is known for {step.name}")


async def _apply_to_database(call: Caller, step: _DatabaseStep) -> str | None:
    match step:
        case CreateDatabase():
            await databases.create_database(call, step.database)
            return ABSENT
        case UpdateDatabase():
            return await databases.update_database(call, step.database, step.former_owner)
        case DeleteDatabase():
            return await databases.delete_database(call, step.database, step.owner)


async def _apply_to_token(call: Caller, step: _TokenStep) -> str | None:
    match step:
        case CreateJoinToken():
            await tokens.create_token(call, step.token)
            return ABSENT
        case UpdateJoinToken():
            return await tokens.update_token(call, step.token, step.former_owner)
        case DeleteJoinToken():
            return await tokens.delete_token(call, step.token, step.owner)


async def _apply_to_integration(call: Caller, step: _IntegrationStep) -> str | None:
    match step:
        case CreateIntegration():
            await integrations.create_integration(call, step.integration)
            return ABSENT
        case UpdateIntegration():
            return await integrations.update_integration(call, step.integration, step.former_owner)
        case DeleteIntegration():
            return await integrations.delete_integration(call, step.integration, step.owner)
