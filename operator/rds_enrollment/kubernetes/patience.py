"""Waits for an API server that is away, where nothing can be done without its answer."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rds_enrollment.plan.outcome import Transient

logger = logging.getLogger(__name__)

T = TypeVar("T")
_PAUSE_SECONDS = 1.0


async def until_answered(
    ask: Callable[[], Awaitable[T]], stopping: asyncio.Event, *, pause: float = _PAUSE_SECONDS
) -> T:
    """What `ask` gives, as soon as the API server answers at all. `pause`: seconds until it is asked again.

    Raises the Outcome of a refusal; a Transient one only when `stopping` is set.
    """
    told = ""
    while True:
        try:
            return await ask()
        except Transient as outcome:
            if stopping.is_set():
                raise
            if outcome.message != told:
                logger.warning("Waiting for the API server: %s", outcome.message)
            told = outcome.message
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stopping.wait()
