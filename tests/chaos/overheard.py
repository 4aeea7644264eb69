"""What the conditions said during a run, from the first to the last."""

import threading
from dataclasses import dataclass

from hack.sandbox.gate import Gate, Write
from tests.cluster.kubernetes_api import Namespace


@dataclass(frozen=True)
class Said:
    """One condition at one time."""

    reason: str
    message: str


class Overheard:
    """A gate before another one. It reads every condition after each write of a status, before that is answered."""

    def __init__(self, gate: Gate, namespace: Namespace) -> None:
        self._gate = gate
        self._namespace = namespace
        self._lock = threading.Lock()
        self._said: set[Said] = set()

    @property
    def said(self) -> frozenset[Said]:
        """So far, by any object."""
        with self._lock:
            return frozenset(self._said)

    def before(self, write: Write) -> None:
        self._gate.before(write)

    def after(self, write: Write) -> None:
        if write.operation.endswith("/status"):
            conditions = (
                condition
                for obj in self._namespace.objects()
                for condition in obj.get("status", {}).get("conditions", ())
            )
            said = {Said(condition["reason"], condition["message"]) for condition in conditions}
            with self._lock:
                self._said |= said
        self._gate.after(write)
