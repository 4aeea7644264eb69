"""Stands in for a kube-apiserver: remembers requests, echoes their bodies, and has one endless watch."""

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from hack.sandbox.controlplane.pki import Pki

LOOPBACK = "127.0.0.1"
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    token: str
    body: bytes


class Upstream:
    """Over TLS on loopback, a thread for each connection."""

    def __init__(self, pki: Pki) -> None:
        self.pki = pki
        self.requests: list[Request] = []
        self.more = threading.Semaphore(0)
        """Each release lets a watch send one more event."""
        self.watch_closed = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.server_cert, pki.server_key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port; safe to repeat."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self._server.server_address[1]}"


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "")
            upstream.requests.append(Request(self.command, self.path, token, body))
            if "watch=true" in self.path:
                self._watch()
                return
            self.send_response(409 if b"refuse" in body else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

        def _watch(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while not self._client_is_gone():
                if upstream.more.acquire(blocking=False):
                    self.wfile.write(b"6\r\nevent\n\r\n")
            upstream.watch_closed.set()

        def _client_is_gone(self) -> bool:
            self.connection.settimeout(_LOOK_SECONDS)
            try:
                return not self.connection.recv(1)
            except TimeoutError:
                return False
            except OSError:
                return True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
            """Nothing."""

    return Handler
