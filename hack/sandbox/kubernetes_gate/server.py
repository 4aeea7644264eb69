"""The proxy in a thread with an event loop of its own, so that synchronous tests can use it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from hack.sandbox.gate import Gate, Reads, Write
from hack.sandbox.kubernetes_gate.proxy import Proxy, hang_up

LOOPBACK = "127.0.0.1"
_START_SECONDS = 10.0


class KubernetesGate:
    """A context manager: serves inside the `with` block. All methods may be called from any thread."""

    def __init__(self, server: str, ca: Path, port: int = 0) -> None:
        """`server` is the API server's URL, `ca` the PEM file of its authority. Port 0 takes a free one."""
        self.gate: Gate | None = None
        """Called around every write."""
        self.reads: Reads | None = None
        """Asked for the answer to each read but watches."""
        self.away = False
        """Every further request finds its connection closed; a watch that runs goes on."""
        self.deaf = False
        """Watches stay open, and none of their events arrives."""
        self.loses: Callable[[], bool] = lambda: False
        """Asked for each event of a watch: whether it is lost."""
        self._server = server
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._port = port
        self._lock = threading.Lock()
        self._writes: list[Write] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._listener: web.Server | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="kubernetes-gate-http", daemon=True
        )

    def __enter__(self) -> Self:
        """Raises OSError when the port is taken."""
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the gate before Kubernetes did not start")
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def writes(self) -> list[Write]:
        """Writes in the order of their arrival, refused ones too."""
        with self._lock:
            return list(self._writes)

    def reset(self) -> None:
        """An empty log of writes."""
        with self._lock:
            self._writes.clear()

    def go_away(self) -> None:
        """As `away`, and every connection breaks: watches end, too."""
        self.away = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._hang_up)

    def _hang_up(self) -> None:
        for connection in self._listener.connections if self._listener else ():
            if connection.transport is not None:
                connection.transport.abort()

    async def _serve(self) -> None:
        try:
            listening = socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self._port = int(listening.getsockname()[1])
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with Proxy(
            self._server,
            self._tls,
            self._before,
            self._after,
            lambda: self.deaf or self.loses(),
            lambda: self.reads,
        ) as proxy:
            # A client that is gone takes its handler along, and with it the watch behind.
            server = web.Server(self._handler(proxy), handler_cancellation=True, access_log=None)
            self._listener = server
            runner = web.ServerRunner(server, shutdown_timeout=0.0)
            await runner.setup()
            await web.SockSite(runner, listening).start()
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()

    def _handler(self, proxy: Proxy) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return hang_up(request) if self.away else await proxy.handle(request)

        return handle

    def _before(self, write: Write) -> None:
        with self._lock:
            self._writes.append(write)
        if self.gate is not None:
            self.gate.before(write)

    def _after(self, write: Write) -> None:
        if self.gate is not None:
            self.gate.after(write)
