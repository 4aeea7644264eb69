"""What the queue carries and who handles it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One Kubernetes object by name: never by content, so that each pass reads what is really there."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Result:
    """How a pass ended.

    `requeue_after`: seconds until the next look; None leaves it to the next event (or to the back-off, when
    the pass failed). `failed`: counts towards the key's back-off and the error metrics. A failed pass with
    `requeue_after` is retried after exactly that time. `gone`: the object does not exist.
    """

    requeue_after: float | None = None
    failed: bool = False
    gone: bool = False


class Reconciler(Protocol):
    """Brings the world in line with one object. Level-triggered: called with a key, reads everything itself."""

    async def reconcile(self, key: Key) -> Result:
        """One pass. Foreseen outcomes end in the object's status and a `Result`; whatever is raised is a bug."""
