"""proto.AuthService/WatchEvents: what is written, as it is written, to everybody who watches (Teleport lib/services,
fanout)."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream
from rds_enrollment.teleport.wire.event_pb2 import DELETE, INIT, PUT, Event, Watch
from rds_enrollment.teleport.wire.resource_pb2 import (
    Metadata,
    ResourceHeader,
    WatchKind,
    WatchStatusSpecV1,
    WatchStatusV1,
)

from hack.sandbox.teleport.calls import Caller
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.errors import access_denied, bad_parameter, not_implemented

_FIELDS = {
    "db": "Database",
    "db_server": "DatabaseServer",
    "db_service": "DatabaseService",
    "token": "ProvisionToken",
    "integration": "Integration",
}
"""Field of proto.Event for each kind that can be watched."""


@dataclass(eq=False)
class _Watcher:
    kinds: frozenset[str]
    loop: asyncio.AbstractEventLoop
    waiting: "asyncio.Queue[Event | None]" = field(default_factory=asyncio.Queue)
    """None ends the stream."""

    def put(self, event: Event | None) -> None:
        self.loop.call_soon_threadsafe(self.waiting.put_nowait, event)


class EventStreams:
    """The streams of a cluster. Methods may be called from any thread.

    `enabled` False: a server without the method. `drop_after` n: each stream ends after its n-th event, the INIT
    counted. While held, events wait.
    """

    name: ClassVar[str] = "proto.AuthService/WatchEvents"

    def __init__(self, cluster: Cluster) -> None:
        self.enabled = True
        self.drop_after: int | None = None
        self.before_init: Callable[[], None] | None = None
        """Called when a stream has been opened and its first event is not sent yet."""
        self._cluster = cluster
        self._lock = threading.Lock()
        self._watchers: list[_Watcher] = []
        self._held: list[tuple[_Watcher, Event]] | None = None
        cluster.resources.observed_by(self._publish)

    @property
    def open(self) -> int:
        """How many streams are open."""
        with self._lock:
            return len(self._watchers)

    def drop(self) -> None:
        """End every stream now."""
        with self._lock:
            for watcher in self._watchers:
                watcher.put(None)

    def hold(self) -> None:
        """Keep events back from now on."""
        with self._lock:
            self._held = self._held or []

    def release(self) -> None:
        """Send what was kept back, and let events through again."""
        with self._lock:
            held, self._held = self._held or [], None
            for watcher, event in held:
                watcher.put(event)

    async def serve(self, stream: Stream[Watch, Event], caller: Caller) -> None:
        """One stream, until it is dropped or its client goes away."""
        request = await stream.recv_message()
        if request is None:
            return
        if not self.enabled:
            raise not_implemented(f"the sandbox has no {self.name}")
        kinds = self._admitted(request, caller)
        watcher = _Watcher(kinds, asyncio.get_running_loop())
        with self._lock:
            self._watchers.append(watcher)
        try:
            if self.before_init is not None:
                self.before_init()
            await stream.send_message(_init(kinds))
            await self._send(stream, watcher)
        finally:
            with self._lock:
                self._watchers.remove(watcher)
        raise GRPCError(Status.UNAVAILABLE, "the stream of events is over")

    async def _send(self, stream: Stream[Watch, Event], watcher: _Watcher) -> None:
        sent = 1
        while self.drop_after is None or sent < self.drop_after:
            event = await watcher.waiting.get()
            if event is None:
                return
            await stream.send_message(event)
            sent += 1

    def _admitted(self, request: Watch, caller: Caller) -> frozenset[str]:
        """Watching a kind takes the verb read (Teleport lib/auth, hasWatchPermissionForKind)."""
        asked = [each.Kind for each in request.Kinds]
        if not asked:
            raise bad_parameter("no kind to watch")
        allowed = frozenset(kind for kind in asked if self._allows(caller, kind))
        if not allowed or (len(allowed) < len(asked) and not request.AllowPartialSuccess):
            raise access_denied(f"the role may not watch {sorted(set(asked) - allowed)}")
        return allowed

    def _allows(self, caller: Caller, kind: Any) -> bool:
        if kind not in _FIELDS:
            return False
        try:
            self._cluster.role_of(caller).check(kind, "read")
        except GRPCError:
            return False
        return True

    def _publish(self, kind: str, resource: Message, deleted: bool) -> None:
        event = _deletion(kind, resource) if deleted else _put(kind, resource)
        with self._lock:
            for watcher in self._watchers:
                if kind not in watcher.kinds:
                    continue
                if self._held is None:
                    watcher.put(event)
                else:
                    self._held.append((watcher, event))


def _init(kinds: Iterable[str]) -> Event:
    spec = WatchStatusSpecV1(Kinds=[WatchKind(Kind=kind) for kind in sorted(kinds)])
    return Event(Type=INIT, WatchStatus=WatchStatusV1(Kind="watch_status", Version="v1", Spec=spec))


def _put(kind: str, resource: Message) -> Event:
    event = Event(Type=PUT)
    getattr(event, _FIELDS[kind]).CopyFrom(resource)
    return event


def _deletion(kind: str, resource: Any) -> Event:
    """A deletion names the object alone; of a db_server the description is the host id."""
    is_headed = kind in ("db_service", "integration")
    metadata = resource.Header.Metadata if is_headed else resource.Metadata
    named = Metadata(Name=metadata.Name, Namespace=metadata.Namespace)
    if kind == "db_server":
        named.Description = resource.Spec.HostID
    return Event(Type=DELETE, ResourceHeader=ResourceHeader(Kind=kind, Metadata=named))
