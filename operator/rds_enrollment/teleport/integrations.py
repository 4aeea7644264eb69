"""Reading and writing integrations. What databases.py says of writes holds here, too."""

from collections.abc import AsyncIterator

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.outcome import Conflict
from rds_enrollment.teleport.calls import LISTING_SECONDS, Caller
from rds_enrollment.teleport.errors import NotFoundError, Permission
from rds_enrollment.teleport.integrations_wire import new_integration, read_integration, write_integration
from rds_enrollment.teleport.metadata_wire import owner_of, require_owner
from rds_enrollment.teleport.paging import not_ending
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.integration_service_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    ListIntegrationsRequest,
    UpdateIntegrationRequest,
)

PAGE_SIZE = 200


def _needs(*verbs: str) -> Permission:
    return Permission("integration", verbs)


def _subject(name: str) -> str:
    return f"integration {name}"


async def iterate_integrations(call: Caller) -> AsyncIterator[IntegrationV1]:
    """All integrations, of whatever sub kind."""
    next_key = ""
    while True:
        page = await call(
            lambda session: session.integrations.ListIntegrations,
            ListIntegrationsRequest(limit=PAGE_SIZE, next_key=next_key),
            permission=_needs("list", "read"),
            deadline_seconds=LISTING_SECONDS,
        )
        for message in page.integrations:
            yield message
        if not page.next_key:
            return
        if page.next_key == next_key:
            raise not_ending("integration", next_key)
        next_key = page.next_key


async def get_integration(call: Caller, name: str) -> Integration | None:
    """The integration of that name and whatever sub kind, None when there is none."""
    try:
        return read_integration(await fetch_integration(call, name))
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


async def update_integration(call: Caller, integration: Integration, former_owner: str | None = None) -> str:
    """Changes what `integration` says and keeps the rest of the object. Returns the revision that it replaced.

    Raises Conflict when it is gone, has meanwhile another sub kind, or another owner than `integration` names (than
    `former_owner`, of an object that is adopted).
    """
    message = await fetch_integration(call, integration.name)
    if message.Header.SubKind != integration.sub_kind:
        found = message.Header.SubKind
        raise Conflict(Reason.CONFLICT, f"integration {integration.name} has become one of sub kind {found}")
    owner = owner_of(integration.labels) if former_owner is None else former_owner
    require_owner(message.Header.Metadata, owner, _subject(integration.name))
    write_integration(message, integration)
    await call(
        lambda session: session.integrations.UpdateIntegration,
        UpdateIntegrationRequest(integration=message),
        permission=_needs("update"),
        subject=_subject(integration.name),
    )
    return message.Header.Metadata.Revision


async def delete_integration(call: Caller, name: str, owner: str) -> str | None:
    """Deletes the integration if it carries this owner mark. Returns the revision that it had, None when it was gone.

    Raises Conflict when it belongs to another owner.
    """
    try:
        message = await fetch_integration(call, name)
        require_owner(message.Header.Metadata, owner, _subject(name))
        await call(
            lambda session: session.integrations.DeleteIntegration,
            DeleteIntegrationRequest(name=name),
            permission=_needs("delete"),
            subject=_subject(name),
        )
    except NotFoundError:
        return None
    return message.Header.Metadata.Revision


async def fetch_integration(call: Caller, name: str) -> IntegrationV1:
    """The message of that name. Raises NotFoundError."""
    return await call(
        lambda session: session.integrations.GetIntegration,
        GetIntegrationRequest(name=name),
        permission=_needs("read"),
        subject=_subject(name),
    )
