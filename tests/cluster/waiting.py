"""Waits for what happens in another process: a condition polled until a deadline."""

import time
from collections.abc import Callable

_POLL_SECONDS = 0.05
_REST = 3.0
"""Times as long as a look took: who waits takes no more than a quarter of a core from whom it waits for."""


def wait_until(
    condition: Callable[[], bool], what: str, timeout: float = 30.0, interval: float = _POLL_SECONDS
) -> None:
    """Return as soon as the condition holds, looked at every `interval` seconds, or less often if looks are long.

    Raises:
        AssertionError: it does not within `timeout` seconds (which only detect a hang).
    """
    began = time.monotonic()
    deadline = began + timeout
    while not condition():
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(max(interval, _REST * (now - began)))
        began = time.monotonic()
