"""HTTP/1.1 on loopback with connections that stay open, as boto3 expects of AWS.

werkzeug's own handler closes each connection after one answer and reads ahead in the socket, which rules
keep-alive out; here the application has always read the whole body, so the next request line is next.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed import OptExcInfo as ExcInfo
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        # The client may be gone, or the listener may have closed the connection.
        with contextlib.suppress(OSError):
            super().finish()

    def run_wsgi(self) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: "ExcInfo | None" = None,
            /,
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return _refuse_write

        try:
            body = b"".join(self.server.app(self.make_environ(), start_response))
        except ConnectionError:
            self.close_connection = True
            return
        status, headers = started[-1]
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the call log is the record."""


def _refuse_write(_: bytes) -> object:
    raise NotImplementedError("WSGI's write() is not served: applications return their body")


class Listener:
    """Serves a WSGI application on 127.0.0.1, one thread a connection."""

    def __init__(self, application: "WSGIApplication", port: int) -> None:
        """Binds at once; port 0 takes a free one. Raises OSError when the port is taken."""
        self._connections: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"connections": self._connections})
        # Bound here: werkzeug would end the process where the port is taken.
        with socket.create_server((LOOPBACK, port), backlog=128) as bound:
            self._port = int(bound.getsockname()[1])
            self._server: BaseWSGIServer = make_server(
                LOOPBACK, self._port, application, threaded=True, request_handler=handler, fd=bound.fileno()
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="aws-sandbox-http",
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops accepting, and closes what is open so that no client is answered by a dead world."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
