"""What is known of Teleport's objects, and what changes about them. No I/O, no clock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rds_enrollment.plan.observed.teleport import Agent, DatabaseServer
from rds_enrollment.teleport.events import Delete, Put
from rds_enrollment.teleport.kinds import Held, Kind, Value


@dataclass(frozen=True, slots=True)
class Change:
    """An object before and after; None where there was none, or is none any more."""

    kind: Kind
    key: str
    before: Held | None
    after: Held | None

    @property
    def matters(self) -> bool:
        """Whether it is more than a renewal."""
        return _lasting(self.before) != _lasting(self.after)


class Memory:
    """Objects by kind and key. Those that expire are forgotten by `expire` alone: no event tells of them."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[str, Held]] = {kind: {} for kind in Kind}
        self._soonest: datetime | None = None

    def get(self, kind: Kind, key: str) -> Held | None:
        """The object, None when there is none."""
        return self._objects[kind].get(key)

    def all(self, kind: Kind) -> Iterable[Held]:
        """All objects of a kind; not to be kept while the memory changes."""
        return self._objects[kind].values()

    def apply(self, event: Put | Delete) -> Change:
        """Take over one event."""
        kind, key = event.address
        return self._delete(kind, key) if isinstance(event, Delete) else self._put(event.held)

    def replace(self, kind: Kind, listed: Iterable[Held]) -> list[Change]:
        """Make the kind exactly what was listed."""
        fresh = {held.key: held for held in listed}
        gone = self._objects[kind].keys() - fresh.keys()
        return [*(self._delete(kind, key) for key in gone), *(self._put(held) for held in fresh.values())]

    def expire(self, now: datetime) -> list[Change]:
        """Forget what has expired."""
        if self._soonest is None or now < self._soonest:
            return []
        expired = [(held.kind, held.key) for held in self._everything() if _expires_by(held, now)]
        changes = [self._delete(kind, key) for kind, key in expired]
        self._soonest = min((held.expires for held in self._everything() if held.expires), default=None)
        return changes

    def seconds_to_expiry(self, now: datetime) -> float | None:
        """When `expire` may have something to do; None: never, as things are."""
        return None if self._soonest is None else max(0.0, (self._soonest - now).total_seconds())

    def _put(self, held: Held) -> Change:
        if held.expires is not None:
            self._soonest = min(self._soonest or held.expires, held.expires)
        before = self.get(held.kind, held.key)
        self._objects[held.kind][held.key] = held
        return Change(held.kind, held.key, before, held)

    def _delete(self, kind: Kind, key: str) -> Change:
        return Change(kind, key, self._objects[kind].pop(key, None), None)

    def _everything(self) -> Iterator[Held]:
        return (held for objects in self._objects.values() for held in objects.values())


def _expires_by(held: Held, now: datetime) -> bool:
    return held.expires is not None and held.expires <= now


def _lasting(held: Held | None) -> Value | None:
    """The value without what each heartbeat renews."""
    value = held.value if held else None
    return replace(value, expires=None) if isinstance(value, Agent | DatabaseServer) else value
