"""A byte stream through a load balancer that ends TLS: Teleport's connection upgrade to a WebSocket.

The stream is served as one end of a socket pair, because TLS in asyncio wants a socket: what is written there goes out
in binary frames, and the other way round.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable

import aiohttp

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.webapi import WebApi

logger = logging.getLogger(__name__)

SUBPROTOCOL = "alpn-ping"
"""The server sends WebSocket pings, which keep balancers from forgetting the connection (Teleport api/constants)."""
PATH = "/webapi/connectionupgrade"

_CHUNK = 64 * 1024
_running: set[asyncio.Task[None]] = set()
"""Keeps the tasks of open streams from being collected."""


async def upgrade(web: WebApi, address: Address) -> socket.socket:
    """A socket whose bytes come out at the proxy behind the balancer at `address`, where TLS begins anew.

    Raises Transient(TeleportUnreachable) or Blocked (NotTeleport, TeleportNotTrusted, HttpProxyRefused).
    """
    session = web.session()
    try:
        stream = await _open(session, web, address)
    except BaseException:
        await session.close()
        raise
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    task = asyncio.create_task(_carry(theirs, stream, session), name="teleport websocket")
    _running.add(task)
    task.add_done_callback(_running.discard)
    return ours


async def _open(
    session: aiohttp.ClientSession, web: WebApi, address: Address
) -> aiohttp.ClientWebSocketResponse:
    try:
        stream = await session.ws_connect(
            f"https://{address}{PATH}", protocols=(SUBPROTOCOL,), **web.through(address)
        )
    except aiohttp.WSServerHandshakeError as error:
        raise _not_upgraded(address, f"status {error.status}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise web.translate(error, address) from error
    if stream.protocol != SUBPROTOCOL:
        raise _not_upgraded(address, f"subprotocol {stream.protocol!r}")
    return stream


def _not_upgraded(address: Address, said: str) -> Outcome:
    return Blocked(
        Reason.NOT_TELEPORT,
        f"Teleport at {address} does not upgrade connections ({PATH}: {said}): it is too old, no Teleport proxy, or a "
        "load balancer on the way lets no WebSocket pass",
    )


async def _carry(
    end: socket.socket, stream: aiohttp.ClientWebSocketResponse, session: aiohttp.ClientSession
) -> None:
    """Until either side closes; then both are closed."""
    directions = [asyncio.create_task(_out(end, stream)), asyncio.create_task(_in(end, stream))]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        for ended in await asyncio.gather(*directions, return_exceptions=True):
            _tell(ended)
        end.close()
        await _quietly(stream.close())
        await _quietly(session.close())


async def _out(end: socket.socket, stream: aiohttp.ClientWebSocketResponse) -> None:
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(end, _CHUNK):
        await stream.send_bytes(data)


async def _in(end: socket.socket, stream: aiohttp.ClientWebSocketResponse) -> None:
    loop = asyncio.get_running_loop()
    async for message in stream:
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise aiohttp.ClientError(f"a {message.type.name} frame in a connection upgrade")
        await loop.sock_sendall(end, message.data)


async def _quietly(closing: Awaitable[object]) -> None:
    try:
        await closing
    except (aiohttp.ClientError, OSError) as error:
        _tell(error)


def _tell(ended: BaseException | None) -> None:
    """The gRPC side sees its end of the pair closed and connects anew; this is for whoever wonders why."""
    if isinstance(ended, Exception):
        logger.debug("A WebSocket to Teleport ended", extra={"reason": f"{type(ended).__name__}: {ended}"})
