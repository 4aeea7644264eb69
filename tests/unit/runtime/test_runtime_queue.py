"""The queue as a whole: passes, retries, bugs, the end, and what the health check sees."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.metrics import QueueMetrics
from rds_enrollment.runtime.queue import WorkQueue
from rds_enrollment.runtime.reconciler import Result
from rds_enrollment.runtime.shares import SLOW_SECONDS

HANG = 10.0
Process = Callable[[str], Awaitable[Result]]


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A queue with a registry of its own."""

    def __init__(self, clock: Callable[[], float] | None = None, base: float = 0.001) -> None:
        self.registry = CollectorRegistry()
        self.queue: WorkQueue[str] = WorkQueue(
            clock=clock or asyncio.get_running_loop().time,
            backoff=Backoff(random.Random(1), base=base, cap=0.01),  # noqa: S311 - jitter
            metrics=QueueMetrics(self.registry, "test"),
            controller=lambda key: key.partition("/")[0],
            lane=lambda key: key.partition(":")[0],
        )

    def metric(self, series: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(series, labels)

    @asynccontextmanager
    async def running(self, process: Process, workers: int = 2) -> AsyncIterator[None]:
        task = asyncio.create_task(self.queue.run(workers, process))
        try:
            async with asyncio.timeout(HANG):
                yield
        finally:
            await self.queue.shutdown(0)
            async with asyncio.timeout(HANG):
                await task


async def test_a_key_added_during_its_pass_gets_exactly_one_more_after_it() -> None:
    bench = Bench()
    passes: list[str] = []
    entered, proceed, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def process(key: str) -> Result:
        passes.append(key)
        entered.set()
        if len(passes) == 2:
            again.set()
        await proceed.wait()
        return Result()

    async with bench.running(process):
        bench.queue.add("kind/a")
        await entered.wait()
        for _ in range(5):
            bench.queue.add("kind/a")
        assert passes == ["kind/a"]
        proceed.set()
        await again.wait()
    assert passes == ["kind/a", "kind/a"]
    assert bench.metric("workqueue_adds_total", name="test", controller="kind") == 2


async def test_no_more_passes_run_at_a_time_than_there_are_workers() -> None:
    bench = Bench()
    running = most = 0
    done: set[str] = set()
    all_done = asyncio.Event()

    async def process(key: str) -> Result:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done.add(key)
        if len(done) == 20:
            all_done.set()
        return Result()

    async with bench.running(process, workers=3):
        for number in range(20):
            bench.queue.add(f"kind/{number}")
        await all_done.wait()
    assert most == 3


async def test_a_blocked_key_does_not_delay_the_others() -> None:
    bench = Bench()
    never, other = asyncio.Event(), asyncio.Event()

    async def process(key: str) -> Result:
        if key == "kind/hangs":
            await never.wait()
        other.set()
        return Result()

    async with bench.running(process, workers=2):
        bench.queue.add("kind/hangs")
        bench.queue.add("kind/other")
        await other.wait()


async def test_a_lane_of_which_all_passes_hang_leaves_workers_to_the_others() -> None:
    bench = Bench()
    begun: list[str] = []
    healed, others, every = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def process(key: str) -> Result:
        begun.append(key)
        if key.startswith("broken") and not healed.is_set():
            await healed.wait()
        if {"fine:1", "fine:2"} <= set(begun):
            others.set()
        if len(begun) == 22:
            every.set()
        return Result()

    async with bench.running(process, workers=8):
        for number in range(20):
            bench.queue.add(f"broken:{number}")
        for number in (1, 2):
            bench.queue.add(f"fine:{number}")
        await others.wait()
        assert begun == ["broken:0", "broken:1", "fine:1", "fine:2"]
        healed.set()
        await every.wait()


async def test_a_lane_of_slow_passes_gets_one_worker_until_one_is_quick() -> None:
    clock = Clock()
    bench = Bench(clock)
    running = most = 0
    done = 0
    seconds = SLOW_SECONDS + 1

    async def process(_: str) -> Result:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        clock.now += seconds
        running -= 1
        done += 1
        return Result()

    async def after(count: int) -> None:
        while done < count or running:  # noqa: ASYNC110 - turns of this very loop
            await asyncio.sleep(0)

    async with bench.running(process, workers=8):
        bench.queue.add("broken:0")
        await after(1)
        assert most == 1
        for number in range(4):
            bench.queue.add(f"broken:{number}")
        await after(5)
        assert most == 1
        assert bench.metric("workqueue_slow_lanes", name="test") == 1
        seconds = 0.0
        bench.queue.add("broken:0")
        await after(6)
        for number in range(4):
            bench.queue.add(f"broken:{number}")
        await after(10)
        assert most == 2
        assert bench.metric("workqueue_slow_lanes", name="test") == 0


async def test_a_lane_that_failed_gives_way_to_others_but_for_one_turn_in_twenty() -> None:
    bench = Bench()
    passes: list[str] = []
    done = asyncio.Event()

    async def process(key: str) -> Result:
        passes.append(key)
        if len(passes) == 51:
            done.set()
        return Result(failed=key.startswith("broken"), requeue_after=HANG)

    async with bench.running(process, workers=1):
        bench.queue.add("broken:0")
        while not passes:  # noqa: ASYNC110 - turns of this very loop
            await asyncio.sleep(0)
        for number in range(1, 11):
            bench.queue.add(f"broken:{number}")
        for number in range(1, 41):
            bench.queue.add(f"fine:{number}")
        await done.wait()
    while_others_wait = passes[1 : passes.index("fine:40")]
    assert sum(key.startswith("broken") for key in while_others_wait) == 2
    for name, count in (("broken", 11), ("fine", 41)):
        theirs = [key for key in passes if key.startswith(name)]
        assert theirs == sorted(theirs, key=lambda key: int(key.partition(":")[2])), "each in its order"
        assert theirs[-1] == f"{name}:{count - 1}"


async def test_a_lane_that_succeeds_again_gives_way_no_more() -> None:
    bench = Bench()
    passes: list[str] = []
    failing, done = True, asyncio.Event()

    async def process(key: str) -> Result:
        passes.append(key)
        if key == "fine:2":
            done.set()
        return Result(failed=failing, requeue_after=HANG)

    async def after(count: int) -> None:
        while len(passes) < count:  # noqa: ASYNC110 - turns of this very loop
            await asyncio.sleep(0)

    async with bench.running(process, workers=1):
        bench.queue.add("healed:0")
        await after(1)
        assert bench.metric("workqueue_failing_lanes", name="test") == 1
        failing = False
        bench.queue.add("healed:1")
        await after(2)
        assert bench.metric("workqueue_failing_lanes", name="test") == 0
        for key in ("healed:2", "fine:1", "healed:3", "fine:2"):
            bench.queue.add(key)
        await done.wait()
    assert passes[2:] == ["healed:2", "fine:1", "healed:3", "fine:2"]


async def test_a_failed_pass_is_retried_until_it_succeeds_and_is_then_forgotten() -> None:
    bench = Bench()
    failures: list[int] = []
    done = asyncio.Event()

    async def process(key: str) -> Result:
        failures.append(bench.queue.failures(key))
        if len(failures) < 4:
            return Result(failed=True)
        done.set()
        return Result()

    async with bench.running(process):
        bench.queue.add("kind/a")
        await done.wait()
    assert failures == [0, 1, 2, 3]
    assert bench.queue.failures("kind/a") == 0
    assert bench.metric("workqueue_retries_total", name="test", controller="kind") == 3
    assert bench.metric("controller_runtime_reconcile_total", controller="kind", result="error") == 3
    assert bench.metric("controller_runtime_reconcile_total", controller="kind", result="success") == 1


async def test_a_bug_costs_its_key_a_retry_and_leaves_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    passes: list[str] = []
    healed = asyncio.Event()

    async def process(key: str) -> Result:
        passes.append(key)
        if key == "kind/buggy" and passes.count(key) == 1:
            raise KeyError("nobody foresaw this")
        if passes.count("kind/buggy") == 2 and "kind/fine" in passes:
            healed.set()
        return Result()

    with caplog.at_level(logging.ERROR):
        async with bench.running(process, workers=1):
            bench.queue.add("kind/buggy")
            bench.queue.add("kind/fine")
            await healed.wait()
    (record,) = caplog.records
    assert "kind/buggy" in record.getMessage()
    assert record.exc_info is not None
    assert bench.metric("controller_runtime_reconcile_panics_total", controller="kind") == 1
    assert bench.metric("controller_runtime_reconcile_errors_total", controller="kind") == 1


async def test_a_pass_names_its_next_look_and_a_failed_one_may_override_the_back_off() -> None:
    bench = Bench(base=1000)
    results = [Result(requeue_after=0.001), Result(requeue_after=0), Result(requeue_after=0.001, failed=True)]
    passes = 0
    done = asyncio.Event()

    async def process(_: str) -> Result:
        nonlocal passes
        passes += 1
        if passes > len(results):
            done.set()
            return Result()
        return results[passes - 1]

    async with bench.running(process):
        bench.queue.add("kind/a")
        await done.wait()
    for result in ("requeue_after", "requeue", "error", "success"):
        assert bench.metric("controller_runtime_reconcile_total", controller="kind", result=result) == 1


async def test_shutdown_lets_running_passes_end_and_hands_out_nothing_more() -> None:
    bench = Bench()
    entered, proceed = asyncio.Event(), asyncio.Event()
    passes: list[str] = []

    async def process(key: str) -> Result:
        passes.append(key)
        entered.set()
        await proceed.wait()
        return Result(requeue_after=0)

    run = asyncio.create_task(bench.queue.run(1, process))
    bench.queue.add("kind/a")
    bench.queue.add("kind/b")
    await entered.wait()
    ending = asyncio.create_task(bench.queue.shutdown(HANG))
    await asyncio.sleep(0)
    proceed.set()
    assert await ending
    async with asyncio.timeout(HANG):
        await run
    bench.queue.add("kind/c")
    assert passes == ["kind/a"]


async def test_shutdown_cuts_passes_that_outlast_the_grace() -> None:
    bench = Bench()
    entered = asyncio.Event()
    cut = False

    async def process(_: str) -> Result:
        nonlocal cut
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut = True
            raise
        return Result()

    run = asyncio.create_task(bench.queue.run(1, process))
    bench.queue.add("kind/a")
    await entered.wait()
    assert not await bench.queue.shutdown(0.01)
    async with asyncio.timeout(HANG):
        await run
    assert cut


async def test_a_pass_that_runs_too_long_is_seen() -> None:
    clock = Clock()
    bench = Bench(clock)
    entered = asyncio.Event()

    async def process(_: str) -> Result:
        entered.set()
        await asyncio.Event().wait()
        return Result()

    async with bench.running(process):
        bench.queue.add("kind/a")
        await entered.wait()
        clock.now += 599
        assert bench.queue.stuck(pass_limit=600, wait_limit=60) is None
        clock.now += 2
        assert (
            bench.queue.stuck(pass_limit=600, wait_limit=60)
            == "the pass of kind/a has been running for 601 s"
        )
        assert (
            bench.metric("workqueue_longest_running_processor_seconds", name="test", controller="kind") == 601
        )
        assert bench.metric("workqueue_unfinished_work_seconds", name="test", controller="kind") == 601


async def test_a_key_that_nobody_takes_is_seen() -> None:
    clock = Clock()
    bench = Bench(clock)
    bench.queue.add("kind/a")
    clock.now += 61
    stuck = bench.queue.stuck(pass_limit=600, wait_limit=60)
    assert stuck == "kind/a has been waiting for 61 s and no worker takes it"
    assert bench.metric("workqueue_depth", name="test", controller="kind") == 1


@pytest.mark.parametrize(
    ("workers", "running", "waiting"),
    [(1, "kind/a", "kind/b"), (4, "broken:0", "broken:1")],
    ids=["all workers are busy", "no room in the lane"],
)
async def test_waiting_for_a_pass_to_end_is_not_stuck(workers: int, running: str, waiting: str) -> None:
    clock = Clock()
    bench = Bench(clock)
    entered = asyncio.Event()

    async def process(_: str) -> Result:
        entered.set()
        await asyncio.Event().wait()
        return Result()

    async with bench.running(process, workers=workers):
        bench.queue.add(running)
        bench.queue.add(waiting)
        await entered.wait()
        clock.now += 61
        assert bench.queue.stuck(pass_limit=600, wait_limit=60) is None
        controller = waiting.partition("/")[0]
        assert bench.metric("workqueue_depth", name="test", controller=controller) == 1
