"""Gives objects up that stay in Teleport: the owner label goes, everything else is left."""

from rds_enrollment.plan.steps.teleport import DisownDatabase, DisownIntegration, DisownJoinToken
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.databases import fetch_database
from rds_enrollment.teleport.errors import Permission
from rds_enrollment.teleport.integrations import fetch_integration
from rds_enrollment.teleport.metadata_wire import disown
from rds_enrollment.teleport.tokens import fetch_token
from rds_enrollment.teleport.wire.auth_service_pb2 import UpsertTokenV2Request
from rds_enrollment.teleport.wire.integration_service_pb2 import UpdateIntegrationRequest


async def disown_database(call: Caller, step: DisownDatabase) -> str:
    """Returns the revision that was replaced. Raises Conflict when it is gone or another's."""
    message = await fetch_database(call, step.object_name)
    disown(message.Metadata, step.owner, step.target)
    await call(
        lambda session: session.auth.UpdateDatabase,
        message,
        permission=Permission("db", ("update",), label_matcher="db_labels"),
        subject=f"db {step.object_name}",
    )
    return message.Metadata.Revision


async def disown_token(call: Caller, step: DisownJoinToken) -> str:
    """Returns the revision that was replaced. Raises Conflict when it is gone or another's."""
    message = await fetch_token(call, step.object_name)
    disown(message.Metadata, step.owner, step.target)
    await call(
        lambda session: session.auth.UpsertTokenV2,
        UpsertTokenV2Request(V2=message),
        permission=Permission("token", ("create", "update")),
        subject=f"join token {step.object_name}",
    )
    return message.Metadata.Revision


async def disown_integration(call: Caller, step: DisownIntegration) -> str:
    """Returns the revision that was replaced. Raises Conflict when it is gone or another's."""
    message = await fetch_integration(call, step.object_name)
    disown(message.Header.Metadata, step.owner, step.target)
    await call(
        lambda session: session.integrations.UpdateIntegration,
        UpdateIntegrationRequest(integration=message),
        permission=Permission("integration", ("update",)),
        subject=f"integration {step.object_name}",
    )
    return message.Header.Metadata.Revision
