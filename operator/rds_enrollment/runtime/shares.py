"""How many of a bounded number of places each of those who share them may hold at a time (the bulkhead pattern).

What a call to an account that hangs costs is a place for a minute. So no holder gets more than a quarter of the places,
and one that was slow the last time gets a single one until it is quick again: a few that begin to hang at once leave
room for the others, and so do many after their first minute.
"""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)

_SHARE = 4
"""One holder may have one place in so many."""
SLOW_SECONDS = 5.0
"""Nearly all calls and passes are shorter; those that wait for a time-out or repeat throttled requests are longer."""


class Shares(Generic[H]):
    """Counts places; who has no room waits elsewhere. Holders are few: those that were slow are remembered."""

    def __init__(self, places: int) -> None:
        self._share = max(1, places // _SHARE)
        self._held: Counter[H] = Counter()
        self._slow: set[H] = set()

    def has_room(self, holder: H) -> bool:
        """Whether the holder may take one more."""
        return self._held[holder] < (1 if holder in self._slow else self._share)

    def take(self, holder: H) -> None:
        """The holder has one more."""
        self._held[holder] += 1

    def give_back(self, holder: H, seconds: float) -> None:
        """The holder has one less, after so many seconds."""
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]
        if seconds > SLOW_SECONDS:
            self._slow.add(holder)
        else:
            self._slow.discard(holder)

    @property
    def slow(self) -> frozenset[H]:
        """Those that may hold a single place."""
        return frozenset(self._slow)
