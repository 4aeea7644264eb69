"""How late the event loop is: what holds it up delays every pass, the watch and the probes alike."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
PERIOD_SECONDS = 1.0


class LoopLag:
    """Sleeps again and again, and measures how much too late it wakes up. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        registry: CollectorRegistry,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lag = Histogram(
            "rds_enrollment_event_loop_lag_seconds",
            "How much later than asked for the event loop came back to a timer; measured once a second.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._tasks = Gauge(
            "rds_enrollment_event_loop_tasks",
            "Tasks of the event loop that have not ended; counted once a second.",
            registry=registry,
        )

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._clock() + PERIOD_SECONDS
            await self._sleep(PERIOD_SECONDS)
            self._lag.observe(max(0.0, self._clock() - due))
            self._tasks.set(len(asyncio.all_tasks()))
