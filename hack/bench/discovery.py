"""One look at ten thousand databases, beside boto3 with its own parser that merely pages through the same pages."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import boto3
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.runtime.garbage import spare_the_event_loop

from hack.bench.look import REGION, Account, enrolled, list_from, look
from hack.bench.processes import serving
from hack.bench.samples import Comparison

COUNT = 10_000
ROUNDS = 3
_LAG_SECONDS = 0.005
"""Pause between two looks at the event loop's clock."""


def measure() -> list[Comparison]:
    """Time of a pass without changes; its effect on the event loop. The garbage collector is as rare as in the
    operator, for the floor, too."""
    with _listed(COUNT):
        account = Account(AwsClients(), None)
        databases = enrolled(account)
        spare_the_event_loop()
        ours, floor = [], []
        lags, idle = Lags(), Lags()
        for _ in range(ROUNDS):
            floor.append(_timed(_page_through))
            ours.append(_timed(lambda: look(account, databases)))
        for _ in range(ROUNDS):
            asyncio.run(lags.sample(lambda: asyncio.to_thread(look, account, databases)))
            asyncio.run(idle.sample(lambda: asyncio.sleep(1.0)))
    return [
        Comparison("look at 10,000 databases, request to plan and status", ours, floor, target=0.75),
        Comparison("event loop's lag meanwhile; floor: idle", lags.late, idle.late, aim="p99 below 50 ms"),
        Comparison("the process's own CPU in such a lag, at most", lags.cpu, idle.cpu, aim="p99 below 50 ms"),
    ]


def _page_through() -> None:
    client = boto3.Session().client("rds", region_name=REGION)
    pages = client.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 100})
    if sum(len(page["DBInstances"]) for page in pages) != COUNT:
        raise RuntimeError("the pages do not hold the estate")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Lags:
    """How late an event loop was, and what of it cannot be another process's doing."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.cpu: list[float] = []
        """CPU that this process used from the beginning of each pause to its late end, in seconds."""

    async def sample(self, work: Callable[[], Awaitable[None]]) -> None:
        """Look at the clock again and again while `work` runs."""
        running = asyncio.ensure_future(work())
        while not running.done():
            used, due = time.process_time(), time.perf_counter() + _LAG_SECONDS
            await asyncio.sleep(_LAG_SECONDS)
            late = max(time.perf_counter() - due, 0.0)
            self.late.append(late)
            self.cpu.append(min(late, time.process_time() - used))
        await running


def page_server(count: int) -> AbstractContextManager[str]:
    """The URL of an RDS that lists so many instances, from a process of its own."""
    return serving("hack.bench.rds_server", str(count))


@contextmanager
def _listed(count: int) -> Iterator[None]:
    """boto3's RDS is a page server."""
    with page_server(count) as url:
        list_from(url)
        yield
