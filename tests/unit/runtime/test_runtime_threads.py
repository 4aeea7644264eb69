"""The thread pool is bounded, passes errors on, and says whether it is busy."""

import asyncio
import threading

import pytest
from rds_enrollment.runtime.threads import ThreadPool


async def test_no_more_calls_run_at_a_time_than_the_pool_is_wide() -> None:
    pool = ThreadPool(2)
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=10)
    running = most = 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1

    await asyncio.gather(*(pool.run(call) for _ in range(6)))
    pool.close()
    assert most == 2


async def test_results_and_errors_come_back() -> None:
    pool = ThreadPool(1)
    assert await pool.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 1, 0)
    pool.close()


async def test_busy_as_long_as_a_call_runs_even_when_its_caller_is_gone() -> None:
    pool = ThreadPool(1)
    begun, proceed = threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        proceed.wait(10)

    caller = asyncio.create_task(pool.run(call))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert pool.busy
    proceed.set()
    pool.close()
    async with asyncio.timeout(10):
        while pool.busy:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.001)
