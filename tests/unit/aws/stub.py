"""A loopback server that answers AWS requests as a test tells it to."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from uuid import uuid4

from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply, parse_request

Answer = Callable[[AwsRequest], Reply]


class CutError(Exception):
    """Raised by an answer: the connection is closed without one."""


@dataclass(frozen=True)
class Refusal:
    """An answer that refuses every call, in the shape of the call's protocol."""

    code: str
    text: str = "Because the test says so."
    status: int = 400

    def __call__(self, request: AwsRequest) -> Reply:
        return error_reply(request.service, self.code, self.text, self.status)


def xml(body: str) -> Reply:
    """A successful answer of the query and ec2 protocols."""
    return Reply(200, "text/xml", body.encode())


def caller_identity(account: str = "123456789012", partition: str = "aws") -> Reply:
    """The answer to sts:GetCallerIdentity."""
    return xml(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>arn:{partition}:sts::{account}:assumed-role/operator/pod</Arn><Account>{account}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )


class StubAws:
    """Serves at `url`; `answer` may be replaced at any time; `requests` are those that arrived."""

    def __init__(self) -> None:
        self.answer: Answer
        self.requests: list[AwsRequest]
        self.reset()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def reset(self) -> None:
        """Forgets the requests, and answers any as if it were sts:GetCallerIdentity."""
        self.answer = lambda _: caller_identity()
        self.requests = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {
                    "HTTP_AUTHORIZATION": self.headers.get("Authorization", ""),
                    "HTTP_X_AMZ_TARGET": self.headers.get("X-Amz-Target", ""),
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                }
                request = parse_request(headers, body)
                assert request is not None
                stub.requests.append(request)
                try:
                    reply = stub.answer(request)
                except CutError:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("x-amzn-RequestId", str(uuid4()))
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                """Nothing: a test's output is its own."""

        return Handler
