"""Every call on its way in: counted, delayed, and when it writes logged and taken through the gate."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message
from grpclib.const import Cardinality, Handler
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from hack.sandbox.gate import Cut, Fault, Gate, Reads, Spoiled, Write
from hack.sandbox.teleport import errors
from hack.sandbox.teleport.authority import DISALLOW_REISSUE

log = logging.getLogger(__name__)

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


@dataclass(frozen=True)
class Caller:
    """The identity behind a call, read from its client certificate's subject (Teleport lib/tlsca)."""

    user: str
    roles: frozenset[str]
    may_reissue: bool = True
    """Whether it may ask for certificates."""


@dataclass(frozen=True)
class Rpc(Generic[Q, A]):
    """One unary method. `name` is `package.Service/Method`; a write names its `target`, a read has none.

    `serve` raises GRPCError to refuse. It runs in the server's event loop when it reads, in a thread of its own
    when it writes.
    """

    name: str
    request: type[Q]
    answer: type[A]
    serve: Callable[[Q, Caller], A]
    target: Callable[[Q], str] | None = None


class CallLog:
    """Counts per RPC and the writes in the order of arrival; safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: list[Write] = []

    @property
    def counts(self) -> Counter[str]:
        with self._lock:
            return Counter(self._counts)

    @property
    def writes(self) -> list[Write]:
        with self._lock:
            return list(self._writes)

    def add(self, name: str, write: Write | None) -> None:
        with self._lock:
            self._counts[name] += 1
            if write is not None:
                self._writes.append(write)

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
            self._writes.clear()


class CallLayer:
    """Turns RPCs into what grpclib serves."""

    def __init__(self, latency: Callable[[str], float]) -> None:
        """`latency` gives the seconds that an RPC takes before it acts."""
        self.log = CallLog()
        self.gate: Gate | None = None
        self.reads: Reads | None = None
        self._latency = latency
        # Gates may block, and a write that has begun is not undone when its client goes away: both want threads.
        self._writers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="teleport-write")

    def close(self) -> None:
        self._writers.shutdown(wait=False, cancel_futures=True)

    def servable(self, rpcs: Iterable[Rpc[Any, Any]]) -> "Servable":
        handlers = {
            f"/{rpc.name}": Handler(self._handler(rpc), Cardinality.UNARY_UNARY, rpc.request, rpc.answer)
            for rpc in rpcs
        }
        return Servable(handlers)

    def streaming(
        self,
        name: str,
        request: type[Q],
        answer: type[A],
        serve: Callable[[Stream[Q, A], Caller], Awaitable[None]],
    ) -> "Servable":
        """A method that answers with a stream."""

        async def handle(stream: Stream[Q, A]) -> None:
            self.log.add(name, None)
            await serve(stream, caller_of(stream))

        return Servable({f"/{name}": Handler(handle, Cardinality.UNARY_STREAM, request, answer)})

    def _handler(self, rpc: Rpc[Q, A]) -> Callable[[Stream[Q, A]], Any]:
        async def handle(stream: Stream[Q, A]) -> None:
            request = await stream.recv_message()
            if request is None:
                return  # the client went away before it sent its message
            try:
                answer = await self._serve(rpc, request, caller_of(stream))
            except Cut:
                log.info("the gate cut %s", rpc.name)
                drop_connection(stream)
            except Spoiled as spoiled:
                if spoiled.fault is not Fault.CUT_SHORT:
                    raise errors.fault(spoiled.fault) from spoiled
                await stream.cancel()
            else:
                await stream.send_message(answer)

        return handle

    async def _serve(self, rpc: Rpc[Q, A], request: Q, caller: Caller) -> A:
        write = Write("teleport", rpc.name, rpc.target(request)) if rpc.target else None
        self.log.add(rpc.name, write)
        if delay := self._latency(rpc.name):
            await asyncio.sleep(delay)
        if write is None:
            return self._read(rpc, request, caller)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, self._write, rpc, request, caller, write)

    def _read(self, rpc: Rpc[Q, A], request: Q, caller: Caller) -> A:
        if self.reads is None:
            return rpc.serve(request, caller)
        fresh: A | GRPCError
        try:
            fresh = rpc.serve(request, caller)
        except GRPCError as refusal:
            fresh = refusal
        shown = self.reads.answer("teleport", f"{rpc.name} {request}", fresh, str(fresh))
        if isinstance(shown, GRPCError):
            raise shown
        return shown

    def _write(self, rpc: Rpc[Q, A], request: Q, caller: Caller, write: Write) -> A:
        gate = self.gate
        if gate is None:
            return rpc.serve(request, caller)
        gate.before(write)
        try:
            return rpc.serve(request, caller)
        finally:
            gate.after(write)


@dataclass(frozen=True)
class Servable:
    """A set of handlers in the form that grpclib's server takes."""

    handlers: Mapping[str, Handler]

    def __mapping__(self) -> Mapping[str, Handler]:
        return self.handlers


def caller_of(stream: Stream[Any, Any]) -> Caller:
    subject = subject_of(stream.peer.cert() or {})
    users = [value for name, value in subject if name == "commonName"]
    roles = frozenset(value for name, value in subject if name == "organizationName")
    return Caller("".join(users), roles, (DISALLOW_REISSUE, "true") not in subject)


def subject_of(certificate: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Attributes of a peer's certificate, as `ssl` gives it; what it has no name for goes by its object identifier."""
    return [pair for entry in certificate.get("subject", ()) for pair in entry]


def drop_connection(stream: Stream[Any, Any]) -> None:
    """Close the whole HTTP/2 connection without an answer. grpclib has no public way to do it."""
    stream._stream._transport.abort()
