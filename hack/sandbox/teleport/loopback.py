"""Small TCP servers on 127.0.0.1, each in a thread with an event loop of its own."""

import asyncio
import logging
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from hack.sandbox.teleport.listener import LOOPBACK

log = logging.getLogger(__name__)

_START_SECONDS = 10.0
_LAST_WORDS_SECONDS = 2.0
_CHUNK = 64 * 1024


class LoopbackServer(ABC):
    """Serves from entering to leaving the context; a subclass says what a connection gets."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """With a context TLS ends here."""
        self.port = 0
        self._context = context
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError(f"{type(self).__name__} did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    @property
    def address(self) -> str:
        """host:port; the host is a name, because web certificates want one."""
        return f"localhost:{self.port}"

    @abstractmethod
    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, closed at the end."""

    @asynccontextmanager
    async def behind(self) -> AsyncIterator[None]:
        """What a subclass needs while the port is open."""
        yield

    def drop_connections(self) -> None:
        """End all connections, as a proxy that is restarted."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end_connections(), self._loop).result(_START_SECONDS)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self.behind():
            server = await asyncio.start_server(self._accept, LOOPBACK, 0, ssl=self._context)
            self.port = port_of(server)
            self._ready.set()
            await self._stop.wait()
            server.close()
            await self._end_connections()

    async def _end_connections(self) -> None:
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.follow(self.handle(reader, writer), writer)

    def follow(self, handling: Coroutine[Any, Any, None], writer: asyncio.StreamWriter) -> None:
        """Handle a connection until it ends, or the server does."""
        task = asyncio.ensure_future(self._guarded(handling, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _guarded(self, handling: Coroutine[Any, Any, None], writer: asyncio.StreamWriter) -> None:
        try:
            await handling
        except (OSError, EOFError) as error:
            log.info("%s lost a connection: %s", type(self).__name__, error)
        finally:
            writer.close()


def port_of(server: asyncio.Server) -> int:
    """Where it listens."""
    port: int = server.sockets[0].getsockname()[1]
    return port


async def pipe(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    target: str,
    *,
    first: bytes = b"",
    context: ssl.SSLContext | None = None,
) -> None:
    """Carry bytes between a connection and a new one to `target`, which gets `first` first, until either ends."""
    host, _, port = target.rpartition(":")
    onward_reader, onward_writer = await asyncio.open_connection(host, int(port), ssl=context)
    onward_writer.write(first)
    await join(reader, writer, onward_reader, onward_writer)


async def join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    onward_reader: asyncio.StreamReader,
    onward_writer: asyncio.StreamWriter,
) -> None:
    """Carry bytes between two connections until either ends."""
    onward = asyncio.ensure_future(_copy(reader, onward_writer))
    back = asyncio.ensure_future(_copy(onward_reader, writer))
    directions = (onward, back)
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        if onward.done() and onward.exception() is not None:
            await asyncio.wait({back}, timeout=_LAST_WORDS_SECONDS)  # why the target hung up
        await writer.drain()
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        onward_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
