"""The lag of the event loop."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.runtime.loop_lag import LoopLag


async def test_what_a_timer_is_late_is_measured() -> None:
    registry = CollectorRegistry()
    now, delays = 100.0, iter([1.0, 1.75])

    async def sleep(_: float) -> None:
        nonlocal now
        try:
            now += next(delays)
        except StopIteration:
            raise asyncio.CancelledError from None

    with pytest.raises(asyncio.CancelledError):
        await LoopLag(registry, lambda: now, sleep).run()
    assert registry.get_sample_value("rds_enrollment_event_loop_lag_seconds_count") == 2
    assert registry.get_sample_value("rds_enrollment_event_loop_lag_seconds_sum") == 0.75
    assert registry.get_sample_value("rds_enrollment_event_loop_tasks") == 1
