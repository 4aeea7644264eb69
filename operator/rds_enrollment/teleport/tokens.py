"""Reading and writing join tokens."""

from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.errors import NotFoundError, Permission
from rds_enrollment.teleport.tokens_wire import new_token, read_token, write_token
from rds_enrollment.teleport.wire.auth_service_pb2 import CreateTokenV2Request, UpsertTokenV2Request
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2

_KIND = "token"


def _subject(name: str) -> str:
    return f"join token {name}"


async def get_token(call: Caller, name: str) -> JoinToken | None:
    """The token of that name, None when there is none."""
    try:
        return read_token(await _get(call, name))
    except NotFoundError:
        return None


async def create_token(call: Caller, token: JoinToken) -> None:
    """Raises Conflict when the name is taken."""
    await call(
        lambda session: session.auth.CreateTokenV2,
        CreateTokenV2Request(V2=new_token(token)),
        permission=Permission(_KIND, ("create",)),
        subject=_subject(token.name),
    )


async def update_token(call: Caller, token: JoinToken) -> None:
    """Changes what `token` says and keeps the rest of the object. Raises Conflict when it is gone.

    The server has no other update than an upsert: a token that is deleted between the read and the write is
    made again.
    """
    message = await _get(call, token.name)
    write_token(message, token)
    await call(
        lambda session: session.auth.UpsertTokenV2,
        UpsertTokenV2Request(V2=message),
        permission=Permission(_KIND, ("create", "update")),
        subject=_subject(token.name),
    )


async def delete_token(call: Caller, name: str) -> None:
    """Deletes the token; one that is gone is deleted."""
    try:
        await call(
            lambda session: session.auth.DeleteToken,
            ResourceRequest(Name=name),
            permission=Permission(_KIND, ("delete",)),
            subject=_subject(name),
        )
    except NotFoundError:
        return


async def _get(call: Caller, name: str) -> ProvisionTokenV2:
    return await call(
        lambda session: session.auth.GetToken,
        ResourceRequest(Name=name),
        permission=Permission(_KIND, ("read",)),
        subject=_subject(name),
    )
