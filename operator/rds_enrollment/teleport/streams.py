"""Receiving a stream of messages: deadline, translation of failures, measurement, as for single calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from grpclib.client import UnaryStreamMethod

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Outcome, Transient
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.connection import Session
from rds_enrollment.teleport.errors import Call, Permission, translate

BACKLOG = 1000
"""Messages that may wait; then HTTP/2's flow control makes the server wait."""

_Request = TypeVar("_Request")
_Reply = TypeVar("_Reply")


class Incoming(Generic[_Reply]):
    """The messages of an open stream."""

    def __init__(
        self,
        reading: asyncio.Task[None],
        messages: asyncio.Queue[_Reply],
        failed: Callable[[Exception | None], Outcome],
        is_current: Callable[[], bool],
    ) -> None:
        self._reading = reading
        self._messages = messages
        self._failed = failed
        self.is_current = is_current
        """Whether new calls take the same session still. Raises Blocked as Connection.session does."""

    async def next(self, timeout_seconds: float | None = None) -> _Reply:
        """The next message. Raises an Outcome when the stream has ended, or after `timeout_seconds`."""
        if self._messages.empty() and not self._reading.done():
            getting = asyncio.ensure_future(self._messages.get())
            try:
                await asyncio.wait(
                    {getting, self._reading}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if getting.done():
                    return getting.result()
            finally:
                getting.cancel()
        if not self._messages.empty():
            return self._messages.get_nowait()
        raise self._failed(self._end())

    def _end(self) -> Exception | None:
        if not self._reading.done():
            return TimeoutError()
        if self._reading.cancelled():
            return ConnectionAbortedError()
        error = self._reading.exception()
        return error if isinstance(error, Exception) else None


@asynccontextmanager
async def open_stream(
    call: Caller,
    method_of: Callable[[Session], UnaryStreamMethod[_Request, _Reply]],
    request: _Request,
    *,
    permission: Permission | None,
) -> AsyncIterator[Incoming[_Reply]]:
    """Sends `request` and gives the block what comes back; the end of the block ends the stream.

    Raises Blocked where no session can be had. A stream that failed takes its session out of use.
    """
    session = call.connection.session()
    method = method_of(session)
    rpc = method.name.rpartition("/")[2]
    messages: asyncio.Queue[_Reply] = asyncio.Queue(BACKLOG)
    code = "OK"

    def failed(error: Exception | None) -> Outcome:
        nonlocal code
        address = str(call.connection.address)
        if error is None:
            return Transient(Reason.TELEPORT_UNREACHABLE, f"{rpc}: Teleport at {address} ended the stream")
        failure = translate(error, Call(rpc, "", address, permission))
        code = failure.code
        if failure.connection_suspect:
            call.connection.discard(session)
        return failure.outcome

    started = call.timer()
    with session.in_use():
        # A task of its own: grpclib wakes a stream that fails by cancelling the task that reads it.
        reading = asyncio.ensure_future(_read(method, request, messages))
        try:
            yield Incoming(reading, messages, failed, lambda: call.connection.session() is session)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            if not reading.cancelled():
                reading.exception()  # told by `failed`, or of no interest any more
            call.observe_call(rpc, code, call.timer() - started)


async def _read(
    method: UnaryStreamMethod[_Request, _Reply], request: _Request, messages: asyncio.Queue[_Reply]
) -> None:
    async with method.open() as stream:
        await stream.send_message(request, end=True)
        async for message in stream:
            await messages.put(message)
