"""Which key is next: the state of a work queue, without tasks, clocks or randomness of its own.

The semantics are those of Kubernetes client-go's workqueue (util/workqueue): a key waits at most once; a key
that is being processed is not handed out again but marked dirty, and waits again once it is done.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


def _any(_: object) -> bool:
    return True


class Schedule(Generic[K]):
    """All times are seconds of one monotonic clock, passed in by the caller."""

    def __init__(self) -> None:
        self._ready: OrderedDict[K, float] = OrderedDict()  # since when, oldest first
        self._processing: dict[K, float] = {}  # since when
        self._dirty: dict[K, float] = {}  # added while processing: since when
        self._due: dict[K, float] = {}
        self._timers: list[tuple[float, int, K]] = []  # heap over _due; entries that differ from it are void
        self._sequence = 0

    def add(self, key: K, now: float) -> bool:
        """Make the key wait for its turn. False when it waits already."""
        waiting = self._dirty if key in self._processing else self._ready
        if key in waiting:
            return False
        waiting[key] = now
        return True

    def add_at(self, key: K, due: float) -> None:
        """Make the key wait from `due` on. Of several due times the earliest wins."""
        if due >= self._due.get(key, float("inf")):
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._timers, (due, self._sequence, key))

    def promote(self, now: float) -> list[K]:
        """Move what is due to the waiting keys. Returns the keys that did not wait already."""
        promoted = []
        while self._timers and self._timers[0][0] <= now:
            due, _, key = heapq.heappop(self._timers)
            if self._due.get(key) != due:
                continue
            del self._due[key]
            if self.add(key, now):
                promoted.append(key)
        return promoted

    def take(self, now: float, may_begin: Callable[[K], bool] = _any) -> tuple[K, float] | None:
        """The key that waited longest of those that may begin, and the seconds it waited; it is being processed until
        `done`.

        Its due time, if any, is dropped: the pass that begins now says itself when the next one is due.
        """
        found = self.oldest_ready(may_begin)
        if found is None:
            return None
        key, since = found
        del self._ready[key]
        self._due.pop(key, None)
        self._processing[key] = now
        return key, now - since

    def done(self, key: K) -> float:
        """The key is no longer processed; when it is dirty it waits again, behind the others.

        Returns when the processing began.
        """
        began = self._processing.pop(key)
        dirty_since = self._dirty.pop(key, None)
        if dirty_since is not None:
            self._ready[key] = dirty_since
        return began

    def next_due(self) -> float | None:
        """When `promote` will next have something to do. None: never, as things are."""
        while self._timers and self._due.get(self._timers[0][2]) != self._timers[0][0]:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    @property
    def waiting(self) -> list[K]:
        """The keys that wait, dirty ones included."""
        return [*self._ready, *self._dirty]

    @property
    def processing(self) -> dict[K, float]:
        """The keys being processed, and since when."""
        return dict(self._processing)

    def oldest_ready(self, may_begin: Callable[[K], bool] = _any) -> tuple[K, float] | None:
        """The key whose turn it is, and since when it waits."""
        return next(((key, since) for key, since in self._ready.items() if may_begin(key)), None)
