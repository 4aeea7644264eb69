"""Reading and writing join tokens. What databases.py says of writes holds here, too."""

from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.teleport.calls import LISTING_SECONDS, Caller
from rds_enrollment.teleport.errors import NotFoundError, Permission
from rds_enrollment.teleport.metadata_wire import owner_of, require_owner
from rds_enrollment.teleport.tokens_wire import new_token, read_token, write_token
from rds_enrollment.teleport.wire.auth_service_pb2 import CreateTokenV2Request, UpsertTokenV2Request
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2

_KIND = "token"


def _subject(name: str) -> str:
    return f"join token {name}"


async def iterate_tokens(call: Caller) -> AsyncIterator[ProvisionTokenV2]:
    """All join tokens (AuthService/GetTokens, which has no pages)."""
    reply = await call(
        lambda session: session.auth.GetTokens,
        Empty(),
        permission=Permission(_KIND, ("list", "read")),
        deadline_seconds=LISTING_SECONDS,
    )
    for message in reply.ProvisionTokens:
        yield message


async def get_token(call: Caller, name: str) -> JoinToken | None:
    """The token of that name, None when there is none."""
    try:
        return read_token(await fetch_token(call, name))
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


async def update_token(call: Caller, token: JoinToken, former_owner: str | None = None) -> str:
    """Changes what `token` says and keeps the rest of the object. Returns the revision that it replaced.

    Raises Conflict when it is gone or belongs to another owner than `token` names (than `former_owner`, of an object
    that is adopted).

    The server has no other update than an upsert: a token that is deleted between the read and the write is
    made again.
    """
    message = await fetch_token(call, token.name)
    owner = owner_of(token.labels) if former_owner is None else former_owner
    require_owner(message.Metadata, owner, _subject(token.name))
    write_token(message, token)
    await call(
        lambda session: session.auth.UpsertTokenV2,
        UpsertTokenV2Request(V2=message),
        permission=Permission(_KIND, ("create", "update")),
        subject=_subject(token.name),
    )
    return message.Metadata.Revision


async def delete_token(call: Caller, name: str, owner: str) -> str | None:
    """Deletes the token if it carries this owner mark. Returns the revision that it had, None when it was gone.

    Raises Conflict when it belongs to another owner.
    """
    try:
        message = await fetch_token(call, name)
        require_owner(message.Metadata, owner, _subject(name))
        await call(
            lambda session: session.auth.DeleteToken,
            ResourceRequest(Name=name),
            permission=Permission(_KIND, ("delete",)),
            subject=_subject(name),
        )
    except NotFoundError:
        return None
    return message.Metadata.Revision


async def fetch_token(call: Caller, name: str) -> ProvisionTokenV2:
    """The message of that name. Raises NotFoundError."""
    return await call(
        lambda session: session.auth.GetToken,
        ResourceRequest(Name=name),
        permission=Permission(_KIND, ("read",)),
        subject=_subject(name),
    )
