"""One read for many, as old as each of them accepts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rds_enrollment.runtime.shared_reads import SharedReads


class Source:
    """Answers 1, 2, 3 … when `open` is set; fails as long as `failure` is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reads = 0
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await self.open.wait()
        if self.failure:
            raise self.failure
        return number


def shared(source: Source) -> Callable[[float], Awaitable[int]]:
    reads: SharedReads[str, int] = SharedReads(lambda: source.now)
    return lambda max_age: reads.get("a", source.read, max_age=max_age)


async def test_answer_serves_until_it_is_too_old() -> None:
    source = Source()
    get = shared(source)
    assert await get(60) == 1
    source.now = 60.0
    assert await get(60) == 1
    source.now = 60.1
    assert await get(60) == 2
    assert await get(0) == 2


async def test_many_who_ask_at_once_cost_one_read() -> None:
    source = Source()
    get = shared(source)
    assert await asyncio.gather(*(get(60) for _ in range(50))) == [1] * 50
    assert source.reads == 1


async def test_who_needs_what_is_newer_than_the_read_under_way_waits_for_one_more() -> None:
    source = Source()
    source.open.clear()
    get = shared(source)
    early = asyncio.ensure_future(get(60))
    await asyncio.sleep(0)
    source.now = 1.0
    late = [asyncio.ensure_future(get(0)) for _ in range(10)]
    await asyncio.sleep(0)
    source.now = 2.0
    source.open.set()
    assert await early == 1
    assert await asyncio.gather(*late) == [2] * 10
    assert source.reads == 2


async def test_failure_is_shared_by_those_who_wait_and_not_remembered() -> None:
    source = Source()
    source.failure = RuntimeError("refused")
    get = shared(source)
    results = await asyncio.gather(*(get(60) for _ in range(10)), return_exceptions=True)
    assert results == [source.failure] * 10
    assert source.reads == 1
    source.failure = None
    assert await get(60) == 2


async def test_failure_does_not_take_away_what_is_known() -> None:
    source = Source()
    get = shared(source)
    assert await get(60) == 1
    source.now, source.failure = 10.0, RuntimeError("refused")
    with pytest.raises(RuntimeError, match="refused"):
        await get(0)
    assert await get(60) == 1


async def test_cancelled_caller_does_not_end_the_read() -> None:
    source = Source()
    source.open.clear()
    get = shared(source)
    first, second = asyncio.ensure_future(get(60)), asyncio.ensure_future(get(60))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.open.set()
    assert await second == 1
    assert source.reads == 1


async def test_keys_do_not_wait_for_each_other() -> None:
    source, other = Source(), Source()
    source.open.clear()
    reads: SharedReads[str, int] = SharedReads(lambda: 0.0)
    waiting = asyncio.ensure_future(reads.get("a", source.read, max_age=60))
    await asyncio.sleep(0)
    assert await reads.get("b", other.read, max_age=60) == 1
    source.open.set()
    assert await waiting == 1


async def test_an_answer_that_is_not_to_be_kept_serves_those_who_wait_and_nobody_after() -> None:
    source = Source()
    reads: SharedReads[str, int] = SharedReads(lambda: source.now, keep=False)
    assert await asyncio.gather(*(reads.get("a", source.read, max_age=60) for _ in range(10))) == [1] * 10
    assert await reads.get("a", source.read, max_age=60) == 2
