"""Reading and writing integrations."""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.outcome import Conflict
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.errors import NotFoundError, Permission
from rds_enrollment.teleport.integrations_wire import new_integration, read_integration, write_integration
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.integration_service_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    UpdateIntegrationRequest,
)


def _needs(verb: str) -> Permission:
    return Permission("integration", (verb,))


def _subject(name: str) -> str:
    return f"integration {name}"


async def get_integration(call: Caller, name: str) -> Integration | None:
    """The integration of that name and whatever sub kind, None when there is none."""
    try:
        return read_integration(await _get(call, name))
    except NotFoundError:
        return None


async def create_integration(call: Caller, integration: Integration) -> None:
    """Raises Conflict when the name is taken."""
    await call(
        lambda session: session.integrations.CreateIntegration,
        CreateIntegrationRequest(integration=new_integration(integration)),
        permission=_needs("create"),
        subject=_subject(integration.name),
    )


async def update_integration(call: Caller, integration: Integration) -> None:
    """Changes what `integration` says and keeps the rest of the object.

    Raises Conflict when it is gone, or has meanwhile another sub kind.
    """
    message = await _get(call, integration.name)
    if message.Header.SubKind != integration.sub_kind:
        found = message.Header.SubKind
        raise Conflict(Reason.CONFLICT, f"integration {integration.name} has become one of sub kind {found}")
    write_integration(message, integration)
    await call(
        lambda session: session.integrations.UpdateIntegration,
        UpdateIntegrationRequest(integration=message),
        permission=_needs("update"),
        subject=_subject(integration.name),
    )


async def delete_integration(call: Caller, name: str) -> None:
    """Deletes the integration; one that is gone is deleted."""
    try:
        await call(
            lambda session: session.integrations.DeleteIntegration,
            DeleteIntegrationRequest(name=name),
            permission=_needs("delete"),
            subject=_subject(name),
        )
    except NotFoundError:
        return


async def _get(call: Caller, name: str) -> IntegrationV1:
    return await call(
        lambda session: session.integrations.GetIntegration,
        GetIntegrationRequest(name=name),
        permission=_needs("read"),
        subject=_subject(name),
    )
