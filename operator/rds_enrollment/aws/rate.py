"""How many requests a second each account and region of AWS gets: one bucket of tokens for each, as AWS counts them
(EC2 API, "Request throttling for the Amazon EC2 API": per account and region)."""

import threading
import time
from collections.abc import Callable

BURST_SECONDS = 1.0
"""A bucket that was left alone holds the tokens of so many seconds, and one at least."""


class RateLimit:
    """Safe to use from many threads. Keys are few: buckets stay."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`per_second`: tokens of one bucket; 0: no limit. `clock` counts seconds, `sleep` waits for some."""
        self._apart = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], float] = {}
        """When the last token that was taken from a bucket came, or comes: those to come are owed."""

    def wait(self, account: str, region: str) -> None:
        """Take a token, and wait on this thread until it is there: first come, first served."""
        if self._apart and (seconds := self._take(account, region)) > 0:
            self._sleep(seconds)

    def _take(self, account: str, region: str) -> float:
        """Seconds until the token is there."""
        with self._lock:
            now = self._clock()
            full = now - max(BURST_SECONDS, self._apart)
            token = max(self._last.get((account, region), full), full) + self._apart
            self._last[account, region] = token
        return token - now
