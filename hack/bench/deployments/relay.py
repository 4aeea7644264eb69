"""A relay before the simulated AWS that keeps what it says."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler

from hack.bench.deployments.answers import Answer, Question, Recording
from hack.bench.deployments.serving import served

_OF_THE_CONNECTION = ("host", "connection", "content-length", "accept-encoding")
_TIMEOUT_SECONDS = 60.0


@contextmanager
def relay(upstream: str, recording: Recording) -> Iterator[str]:
    """The relay's URL."""

    def respond(request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_CONNECTION
        }
        passed = urllib.request.Request(  # noqa: S310 (loopback http)
            upstream + request.path, data=body, headers=headers, method=request.command
        )
        try:
            with urllib.request.urlopen(passed, timeout=_TIMEOUT_SECONDS) as found:  # noqa: S310 (loopback http)
                answer = _answer(found.status, found.headers, found.read())
        except urllib.error.HTTPError as error:
            answer = _answer(error.code, error.headers, error.read())
        recording.keep(Question.of(request.headers, body), answer)
        return answer

    with served(respond) as url:
        yield url


def _answer(status: int, headers: Message, body: bytes) -> Answer:
    return Answer(status, headers.get("Content-Type", "text/xml"), body.decode())
