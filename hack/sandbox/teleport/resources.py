"""The cluster's resources in memory, with the write semantics of Teleport's backend (lib/backend, lib/services/local).

A create refuses an existing key, an update a missing one, a put neither; each write gives a new revision that no
later write compares; what has expired is gone.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import uuid4

from google.protobuf.message import Message
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.resource_pb2 import Metadata
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2
from rds_enrollment.teleport.wire.user_tasks_pb2 import UserTask

from hack.sandbox.teleport.errors import already_exists, masked, not_found

Observer = Callable[[str, Message, bool], None]
"""Is told of each write while the lock is held: kind, the object, and whether it was deleted."""

Clock = Callable[[], datetime]
"""Now, with a time zone."""

M = TypeVar("M", bound=Message)


@dataclass
class Collection(Generic[M]):
    """All resources of one kind, in the order of their keys. Gives out and keeps copies only."""

    kind: str
    metadata: Callable[[M], Metadata]
    key: Callable[[M], str]
    clock: Clock
    lock: threading.RLock
    shown: Callable[[str], str] = str
    """A key as errors may show it."""
    observe: Observer | None = None
    generation: int = 0
    """Grows with every change; what expires changes nothing."""
    _items: dict[str, M] = field(default_factory=dict)

    def create(self, resource: M) -> M:
        """Raises ALREADY_EXISTS."""
        with self.lock:
            if self._find(self.key(resource)) is not None:
                raise already_exists(self.kind, self.shown(self.key(resource)))
            return self.put(resource)

    def update(self, resource: M) -> M:
        """Raises NOT_FOUND."""
        with self.lock:
            self.get(self.key(resource))
            return self.put(resource)

    def put(self, resource: M) -> M:
        """Write without condition; returns what is stored, with its new revision."""
        stored = _copy(resource)
        self.metadata(stored).Revision = str(uuid4())
        with self.lock:
            self._items[self.key(stored)] = stored
            self._changed(stored, deleted=False)
        return _copy(stored)

    def get(self, key: str) -> M:
        """Raises NOT_FOUND."""
        found = self._find(key)
        if found is None:
            raise not_found(self.kind, self.shown(key))
        return _copy(found)

    def find(self, key: str) -> M | None:
        found = self._find(key)
        return None if found is None else _copy(found)

    def delete(self, key: str) -> None:
        """Raises NOT_FOUND."""
        with self.lock:
            self.get(key)
            self.discard(key)

    def discard(self, key: str) -> None:
        with self.lock:
            gone = self._items.pop(key, None)
            if gone is not None:
                self._changed(gone, deleted=True)

    def list(self) -> list[M]:
        with self.lock:
            return [_copy(each) for _, each in sorted(self._items.items()) if not self._expired(each)]

    def clear(self) -> None:
        with self.lock:
            for key in list(self._items):
                self.discard(key)

    def _changed(self, resource: M, *, deleted: bool) -> None:
        self.generation += 1
        if self.observe is not None:
            self.observe(self.kind, resource, deleted)

    def _find(self, key: str) -> M | None:
        with self.lock:
            found = self._items.get(key)
            return None if found is None or self._expired(found) else found

    def _expired(self, resource: M) -> bool:
        metadata = self.metadata(resource)
        return (
            metadata.HasField("Expires") and metadata.Expires.ToDatetime(self.clock().tzinfo) <= self.clock()
        )


def _copy(resource: M) -> M:
    copy = type(resource)()
    copy.CopyFrom(resource)
    return copy


class Resources:
    """Everything the cluster stores. `lock` guards all of it."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self.databases = Collection[DatabaseV3](
            "db", lambda each: each.Metadata, lambda each: each.Metadata.Name, clock, self.lock
        )
        self.user_tasks = dict[str, UserTask]()
        """By name: for the tests to fill."""
        self.tokens = Collection[ProvisionTokenV2](
            "token", lambda each: each.Metadata, lambda each: each.Metadata.Name, clock, self.lock, masked
        )
        self.integrations = Collection[IntegrationV1](
            "integration",
            lambda each: each.Header.Metadata,
            lambda each: each.Header.Metadata.Name,
            clock,
            self.lock,
        )
        self.database_services = Collection[DatabaseServiceV1](
            "db_service",
            lambda each: each.Header.Metadata,
            lambda each: each.Header.Metadata.Name,
            clock,
            self.lock,
        )
        self.database_servers = Collection[DatabaseServerV3](
            "db_server", lambda each: each.Metadata, database_server_key, clock, self.lock
        )

    def observed_by(self, observe: Observer) -> None:
        """Tell `observe` of every write from now on. What expires is no write."""
        self.databases.observe = observe
        self.tokens.observe = observe
        self.integrations.observe = observe
        self.database_services.observe = observe
        self.database_servers.observe = observe

    def clear(self) -> None:
        with self.lock:
            self.user_tasks.clear()
            self.databases.clear()
            self.tokens.clear()
            self.integrations.clear()
            self.database_services.clear()
            self.database_servers.clear()


def database_server_key(server: DatabaseServerV3) -> str:
    """Each agent has its own `db_server` of a database."""
    return f"{server.Spec.HostID}/{server.Metadata.Name}"
