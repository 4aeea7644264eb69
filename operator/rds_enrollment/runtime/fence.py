"""The fence around everything outside: no write passes it unless this process holds the Lease.

It is asked right before a request is sent, by a clock that also counts the time in which the process or its machine
was stopped: a leader that wakes up too late finds it closed, whatever it was about to do.
"""

import time
from collections.abc import Callable


class NotLeadingError(Exception):
    """A write was about to be sent without the Lease. The pass that wanted it is over; a leader repeats it."""


Guard = Callable[[], None]
"""Asked before each write. Raises NotLeadingError."""


def unguarded() -> None:
    """The Guard that lets everything pass: there is no other process."""


def seconds_since_boot() -> float:
    """A clock that never goes back and counts suspension, where the system has one (Linux, clock_gettime(2))."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Fence:
    """Closed at first. Safe to ask from any thread; opened and closed by the one that holds the Lease."""

    def __init__(self, clock: Callable[[], float] = seconds_since_boot) -> None:
        """`clock` counts seconds and never goes back."""
        self._clock = clock
        self._deadline: float | None = None
        self._closed = False

    @property
    def deadline(self) -> float | None:
        """When it closes by itself, on the clock; None before it was ever open."""
        return self._deadline

    @property
    def is_open(self) -> bool:
        """Whether a write may pass now."""
        return not self._closed and not self.has_expired and self._deadline is not None

    @property
    def has_expired(self) -> bool:
        """Whether its time was over once. It never opens again: the process has to end."""
        return self._deadline is not None and self._clock() >= self._deadline

    def open_until(self, deadline: float) -> None:
        """Let writes pass until then. Nothing when its time is over already."""
        if not self.has_expired:
            self._deadline = deadline

    @property
    def was_closed(self) -> bool:
        """Whether it was closed in time, by this process itself."""
        return self._closed

    def close(self) -> None:
        """Let no write pass any more, for good. Nothing when its time is over already."""
        if not self.has_expired:
            self._closed = True

    def check(self) -> None:
        """The Guard. Raises NotLeadingError."""
        if not self.is_open:
            raise NotLeadingError("this process does not hold the Lease")
