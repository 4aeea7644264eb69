"""HTTP/1.1 on loopback for what takes questions of AWS and gives answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hack.bench.deployments.answers import Answer

LOOPBACK = "127.0.0.1"

Respond = Callable[[BaseHTTPRequestHandler, bytes], Answer]
"""The answer to a request and its body. Called from many threads."""


@contextmanager
def served(respond: Respond) -> Iterator[str]:
    """The URL at which `respond` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 64 * 1024

        def do_POST(self) -> None:  # http.server's name
            answer = respond(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:  # http.server's name
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="aws-answers", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
