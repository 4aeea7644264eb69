"""Reading the objects of the live view directly: all of a kind, or one by name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.databases import fetch_database, iterate_databases
from rds_enrollment.teleport.errors import NotFoundError
from rds_enrollment.teleport.heartbeats import iterate_agents, iterate_database_servers
from rds_enrollment.teleport.integrations import fetch_integration, iterate_integrations
from rds_enrollment.teleport.kinds import Held, Kind, WireMessage, hold
from rds_enrollment.teleport.tokens import fetch_token, iterate_tokens

_LISTINGS: Mapping[Kind, Callable[[Caller], AsyncIterator[WireMessage]]] = {
    Kind.DATABASE: iterate_databases,
    Kind.DATABASE_SERVER: iterate_database_servers,
    Kind.DATABASE_SERVICE: iterate_agents,
    Kind.TOKEN: iterate_tokens,
    Kind.INTEGRATION: iterate_integrations,
}
_FETCHES: Mapping[Kind, Callable[[Caller, str], Awaitable[WireMessage]]] = {
    Kind.DATABASE: fetch_database,
    Kind.TOKEN: fetch_token,
    Kind.INTEGRATION: fetch_integration,
}
"""The kinds that we write."""


async def list_kind(call: Caller, kind: Kind) -> list[Held]:
    """All objects of a kind. Pages may overlap: of one key the last counts."""
    return [hold(message) async for message in _LISTINGS[kind](call)]


async def fetch(call: Caller, kind: Kind, name: str) -> Held | None:
    """One object of a kind that we write, None when there is none."""
    try:
        return hold(await _FETCHES[kind](call, name))
    except NotFoundError:
        return None
