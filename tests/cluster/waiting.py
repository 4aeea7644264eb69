"""Waits for what happens in another process: a condition polled until a deadline."""

import time
from collections.abc import Callable

_POLL_SECONDS = 0.05


def wait_until(
    condition: Callable[[], bool], what: str, timeout: float = 30.0, interval: float = _POLL_SECONDS
) -> None:
    """Return as soon as the condition holds, which is looked at every `interval` seconds.

    Raises:
        AssertionError: it does not within `timeout` seconds (which only detect a hang).
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(interval)
