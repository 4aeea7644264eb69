"""The gRPC server in a thread with an event loop of its own, so that synchronous code can use it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from google.protobuf.empty_pb2 import Empty
from grpclib.const import Cardinality, Handler
from grpclib.protocol import H2Protocol
from grpclib.server import Server, Stream

from hack.sandbox.teleport.calls import Servable
from hack.sandbox.teleport.errors import not_implemented

LOOPBACK = "127.0.0.1"
_START_SECONDS = 10.0


class _Methods:
    """Every method there is: grpclib's own answer to an unknown one lacks the content type that clients want."""

    def __init__(self, built: Mapping[str, Handler]) -> None:
        self._built = built

    def get(self, path: str) -> Handler:
        return self._built.get(path) or Handler(partial(_refuse, path), Cardinality.UNARY_UNARY, Empty, Empty)


async def _refuse(path: str, _stream: Stream[Empty, Empty]) -> None:
    raise not_implemented(f"the sandbox has no {path.removeprefix('/')}")


class _Server(Server):
    """Remembers its connections and can drop them: grpclib leaves them open when it closes."""

    def __init__(self, services: Sequence[Servable]) -> None:
        super().__init__(services)
        self._mapping = _Methods(self._mapping)  # type: ignore[assignment]  # only `get` is used
        self._protocols: list[H2Protocol] = []

    def _protocol_factory(self) -> H2Protocol:
        protocol = super()._protocol_factory()
        self._protocols = [each for each in self._protocols if not _is_lost(each)]
        self._protocols.append(protocol)
        return protocol

    def drop_connections(self) -> None:
        for protocol in self._protocols:
            if not _is_lost(protocol):
                protocol.connection._transport.abort()


def _is_lost(protocol: H2Protocol) -> bool:
    """Whether a connection was made and is gone, or never was made."""
    connection = getattr(protocol, "connection", None)
    return connection is None or connection.is_closing()


class _AlertingLoop(asyncio.SelectorEventLoop):
    """Tells clients why their handshake failed, as every other TLS server does: asyncio only hangs up."""

    def _make_ssl_transport(self, *arguments: Any, **options: Any) -> asyncio.Transport:
        transport = super()._make_ssl_transport(*arguments, **options)  # type: ignore[misc]  # asyncio's own
        protocol = transport._ssl_protocol
        completed = protocol._on_handshake_complete

        def alert_first(failure: BaseException | None) -> None:
            if failure is not None and protocol._transport is not None:
                protocol._process_outgoing()
            completed(failure)

        protocol._on_handshake_complete = alert_first
        return cast("asyncio.Transport", transport)


class Listener:
    """Serves on 127.0.0.1 from `start` to `stop`; each may follow the other again."""

    def __init__(self, services: Sequence[Servable], context: ssl.SSLContext, port: int) -> None:
        """Port 0 takes a free one at the first start, and keeps it."""
        self.port = port
        self._services = services
        self._context = context
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, name="teleport-grpc", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the Teleport sandbox did not start")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Closes the port and every connection."""
        if self._loop is None or self._stop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop = self._stop = self._thread = None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_AlertingLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = _Server(self._services)
        stop = asyncio.Event()
        try:
            await server.start(sock=self._bind(), ssl=self._context)
            self._loop, self._stop = asyncio.get_running_loop(), stop
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        await stop.wait()
        server.close()
        server.drop_connections()
        await server.wait_closed()

    def _bind(self) -> socket.socket:
        # The protocol is named so that accepted sockets get TCP_NODELAY from asyncio: 4 ms a call instead of 44.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, self.port))
            listening.listen()
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        return listening
