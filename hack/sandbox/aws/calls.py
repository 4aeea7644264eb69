"""The layer between HTTP and moto: counts calls, keeps the order of writes, calls the gate, adds latency."""

import io
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from moto.iam.models import get_account_id_from

from hack.sandbox.aws.wire import (
    AwsRequest,
    Reply,
    error_reply,
    fault_reply,
    parse_request,
    unknown_operation,
)
from hack.sandbox.gate import Cut, Fault, Gate, Reads, Spoiled, Write

if TYPE_CHECKING:
    from _typeshed import OptExcInfo as ExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

SEEDING_ACCESS_KEY = "AKIASANDBOXSEEDING00"
"""Calls signed with this key build a world: they are not counted, gated or delayed."""


Refusal = Callable[[AwsRequest, str], Reply | None]
"""Of a call in an account: what AWS answers instead of serving it; None to serve it."""


Witness = Callable[[AwsRequest, str], None]
"""Told of each call in an account, before it takes effect."""


def tell_nobody(_: AwsRequest, account: str) -> None:
    """Does nothing."""


def allow_all(_: AwsRequest, account: str) -> None:
    """Refuses nothing."""


class ConnectionCutError(ConnectionError):
    """Tells the HTTP handler to close the connection without an answer."""


@dataclass(frozen=True)
class WriteCall:
    """One write in the order of arrival. `operation` is `service:Operation`."""

    operation: str
    region: str
    account: str
    target: str


class CallLog:
    """Counts per `service:Operation` and the ordered writes; safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._operations: set[str] = set()
        self._writes: list[WriteCall] = []

    @property
    def counts(self) -> Counter[str]:
        with self._lock:
            return Counter(self._counts)

    @property
    def operations(self) -> frozenset[str]:
        """Every `service:Operation` since the start; clearing the log does not forget them."""
        with self._lock:
            return frozenset(self._operations)

    @property
    def writes(self) -> list[WriteCall]:
        with self._lock:
            return list(self._writes)

    def add(self, request: AwsRequest, account: str) -> None:
        with self._lock:
            self._counts[request.name] += 1
            self._operations.add(request.name)
            if request.is_write:
                self._writes.append(WriteCall(request.name, request.region, account, request.target))

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
            self._writes.clear()


class CallLayer:
    """WSGI application around moto.

    Requests are served one at a time under `world_lock`: moto's models are not made for threads, and a
    serial order is what makes the log of writes mean something. Latency and gates wait outside the lock.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        world_lock: threading.RLock,
        latency: Callable[[str], float],
    ) -> None:
        """`latency` gives the seconds that a `service:Operation` takes."""
        self.log = CallLog()
        self.gate: Gate | None = None
        self.reads: Reads | None = None
        self.refuse: Refusal = allow_all
        self.witness: Witness = tell_nobody
        self._application = application
        self._world_lock = world_lock
        self._latency = latency

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = _whole_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        # moto takes the region from the name of AWS's host where it is called by one; IAM's may name none.
        environ["HTTP_HOST"] = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        request = parse_request(environ, body)
        if request is None:
            reply = error_reply("", "MissingAction", "The request names no operation.", 400)
            return _send(reply, start_response)
        if request.access_key == SEEDING_ACCESS_KEY:
            return self._serve(request, environ, start_response)
        account = account_of(environ, request)
        self.log.add(request, account)
        if delay := self._latency(request.name):
            time.sleep(delay)
        with self._world_lock:
            self.witness(request, account)
            refused = self.refuse(request, account)
        if refused is not None:
            return _send(refused, start_response)
        if not request.is_write and self.reads is not None:
            return self._serve_shown(self.reads, request, environ, start_response, body)
        if not request.is_write or self.gate is None:
            return self._serve(request, environ, start_response)
        return self._serve_gated(self.gate, request, environ, start_response)

    def _serve_shown(
        self,
        reads: Reads,
        request: AwsRequest,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        body: bytes,
    ) -> Iterable[bytes]:
        """The answer that the operator is shown, with its status and headers."""
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def keep(
            status: str, headers: list[tuple[str, str]], exc_info: "ExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            head.append((status, headers))
            return _refuse_write

        content = b"".join(self._serve(request, environ, keep))
        where = f"{request.region} {account_of(environ, request)}"
        question = f"{request.name} {where} {body.decode('utf-8', 'replace')}"
        said = _OF_ONE_ANSWER.sub("", content.decode("utf-8", "replace"))
        try:
            status, headers, content = reads.answer("aws", question, (*head[-1], content), said)
        except Cut as cut:
            raise ConnectionCutError(f"the answer to {request.name} was cut") from cut
        except Spoiled as spoiled:
            if spoiled.fault is not Fault.CUT_SHORT:
                return _send(fault_reply(request, spoiled.fault), start_response)
            status, headers = head[-1]
            content = content[: len(content) // 2]
        start_response(status, headers)
        return [content]

    def _serve_gated(
        self, gate: Gate, request: AwsRequest, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        write = Write("aws", request.name, request.target)
        answer: Iterable[bytes] = ()
        try:
            gate.before(write)
            answer = self._serve(request, environ, start_response)
            gate.after(write)
        except Cut as cut:
            raise ConnectionCutError(f"the gate cut {request.name}") from cut
        except Spoiled as spoiled:
            if spoiled.fault is Fault.CUT_SHORT:
                whole = b"".join(answer)
                return [whole[: len(whole) // 2]]
            return _send(fault_reply(request, spoiled.fault), start_response)
        return answer

    def _serve(
        self, request: AwsRequest, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            with self._world_lock:
                return list(self._application(environ, start_response))
        except NotImplementedError:
            return _send(unknown_operation(request), start_response)
        except Exception:
            log.exception("%s failed inside the sandbox", request.name)
            reply = error_reply(request.service, "InternalFailure", "The sandbox failed; see its log.", 500)
            return _send(reply, start_response)


_OF_ONE_ANSWER = re.compile(r"<(RequestId|requestId|RequestID)>[^<]*<")


def _refuse_write(_: bytes) -> object:
    raise NotImplementedError("WSGI's write() is not served: applications return their body")


def account_of(environ: "WSGIEnvironment", request: AwsRequest) -> str:
    """The account that a call acts in: named by moto's own header, else by its access key."""
    return environ.get("HTTP_X_MOTO_ACCOUNT_ID") or get_account_id_from(request.access_key)


def _whole_body(environ: "WSGIEnvironment") -> bytes:
    """Raises ConnectionCutError when the client, such as a process that was killed, has not sent all of it: to AWS
    that is no request."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise ConnectionCutError("the request broke off")
    return body


def _send(reply: Reply, start_response: "StartResponse") -> Iterable[bytes]:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
    return [reply.body]
