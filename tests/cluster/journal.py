"""The external writes of AWS and Teleport in one order, each with the objects that were there at its time."""

import threading
from dataclasses import dataclass

from hack.sandbox.gate import Write
from tests.cluster.kubernetes_api import Namespace


@dataclass(frozen=True)
class Entry:
    """One write. `objects` are the kinds of the objects that still held their finalizer when it arrived."""

    write: Write
    objects: frozenset[str]

    @property
    def name(self) -> str:
        """The operation without its package, and its target: `iam:DeleteRole x`, `DeleteDatabase orders`."""
        return f"{self.write.operation.rpartition('/')[2]} {self.write.target}".rstrip()


class Journal:
    """A gate that lets everything pass."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    @property
    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries)

    def before(self, write: Write) -> None:
        held = (obj["kind"] for obj in self._namespace.objects() if obj["metadata"].get("finalizers"))
        entry = Entry(write, frozenset(held))
        with self._lock:
            self._entries.append(entry)

    def after(self, write: Write) -> None:
        """Nothing: the arrival counts."""
