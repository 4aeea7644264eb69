"""Exponential back-off with full jitter, per key."""

import random
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Backoff(Generic[K]):
    """Counts failures in a row and draws the next delay.

    The delay after the n-th failure is uniform in [0, min(cap, base * 2**(n-1))] seconds: "full jitter" of the
    AWS Architecture Blog's "Exponential Backoff And Jitter", which spreads the retries of many keys that
    failed together.
    """

    def __init__(self, rng: random.Random, *, base: float = 1.0, cap: float = 300.0) -> None:
        """`base` and `cap` are in seconds."""
        self._rng = rng
        self._base = base
        self._cap = cap
        self._failures: dict[K, int] = {}

    def failures(self, key: K) -> int:
        """Failures since the last `forget`."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """The key succeeded, or is gone."""
        self._failures.pop(key, None)

    def next(self, key: K) -> float:
        """Count one more failure and return the seconds to wait."""
        failures = self.record(key)
        # The exponent is bounded so that a key that fails for months does not overflow a float.
        ceiling = min(self._cap, self._base * 2.0 ** min(failures - 1, 62))
        return self._rng.uniform(0.0, ceiling)

    def record(self, key: K) -> int:
        """Count one more failure without drawing a delay. Returns the count."""
        self._failures[key] = self._failures.get(key, 0) + 1
        return self._failures[key]
