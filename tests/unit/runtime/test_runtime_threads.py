"""The thread pool is bounded as a whole and for each holder, passes errors on, and says whether it is busy."""

import asyncio
import threading

import pytest
from rds_enrollment.runtime.shares import SLOW_SECONDS
from rds_enrollment.runtime.threads import ThreadPool


async def test_no_more_calls_run_at_a_time_than_the_pool_is_wide() -> None:
    pool = ThreadPool(2)
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=10)
    running = most = 0

    def call(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1

    await asyncio.gather(*(pool.run(call, holder) for holder in range(6)))
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

    def call(_: str) -> None:
        begun.set()
        proceed.wait(10)

    caller = asyncio.create_task(pool.run(call, "a"))
    await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert pool.busy
    proceed.set()
    pool.close()
    async with asyncio.timeout(10):
        while pool.busy:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.001)


async def test_a_holder_whose_calls_hang_leaves_threads_to_the_others() -> None:
    pool = ThreadPool(8)
    healed = threading.Event()
    hanging = [asyncio.create_task(pool.run(lambda _: healed.wait(10), "broken")) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(pool.run(str.upper, name) for name in "abcdef")) == list("ABCDEF")
    assert not any(task.done() for task in hanging)
    healed.set()
    async with asyncio.timeout(10):
        assert await asyncio.gather(*hanging) == [True] * 20
    pool.close()


async def test_a_holder_that_was_slow_gets_one_thread_until_it_is_quick_again() -> None:
    now = 0.0
    pool = ThreadPool(16, clock=lambda: now)
    lock, together = threading.Lock(), threading.Event()
    running = most = 0

    def slow(_: str) -> None:
        nonlocal now, running, most
        with lock:
            running += 1
            most = max(most, running)
            now += SLOW_SECONDS + 1
        if most > 1:
            together.set()
        together.wait(0.05)  # for another one, which must not come
        with lock:
            running -= 1

    await pool.run(slow, "broken")
    most = 0
    await asyncio.gather(*(pool.run(slow, "broken") for _ in range(8)))
    assert most == 1

    await pool.run(str.upper, "broken")
    four = threading.Barrier(4, timeout=10)
    await asyncio.gather(*(pool.run(lambda _: four.wait(), "broken") for _ in range(4)))
    pool.close()


async def test_a_caller_that_is_cancelled_while_it_waits_costs_no_place() -> None:
    pool = ThreadPool(4)
    begun, proceed = threading.Event(), threading.Event()

    def call(_: str) -> None:
        begun.set()
        proceed.wait(10)

    first = asyncio.create_task(pool.run(call, "a"))
    await asyncio.to_thread(begun.wait, 10)
    waiting = [asyncio.create_task(pool.run(str.upper, "a")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    proceed.set()
    async with asyncio.timeout(10):
        await first
        assert await asyncio.gather(*waiting[1:]) == ["A", "A"]
    assert waiting[0].cancelled()
    pool.close()
