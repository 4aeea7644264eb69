"""Waits for what happens in other processes."""

import time
from collections.abc import Callable

_REST = 4.0
"""Times as long as a look took: who waits takes no more than a fifth of a core from whom it waits for."""


def until(is_so: Callable[[], bool], what: str, seconds: float = 300.0, tick: float = 0.05) -> None:
    """Return as soon as it is so; looked at every `tick` seconds, or less often if looks are long.

    Raises TimeoutError after so many seconds.
    """
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    while not is_so():
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(max(tick, _REST * (now - began)))
        began = time.monotonic()
