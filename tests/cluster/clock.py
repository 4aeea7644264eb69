"""A clock that a test moves ahead, for what takes AWS minutes."""

from datetime import UTC, datetime, timedelta


class SkippingClock:
    """The time, with leaps."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def skip(self, time: timedelta) -> None:
        """Leap ahead."""
        self._ahead += time
