"""The work queue: one pass per key at a time, bounded workers, back-off per key; a bug never ends the loop."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.metrics import QueueMetrics
from rds_enrollment.runtime.reconciler import Result
from rds_enrollment.runtime.schedule import Schedule
from rds_enrollment.runtime.shares import Shares

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

_TURNS = 20
"""Of so many turns, lanes that failed have one while others wait: a failing pass costs as much as any, and is one too
many for those whose passes would succeed."""


def _of_its_own(key: K) -> Hashable:
    return key


class WorkQueue(Generic[K]):
    """All methods belong to the event loop that `run` runs in; other threads use `call_soon_threadsafe`.

    `clock` is monotonic, in seconds. `controller` names the metrics' label `controller` for a key, `lane` with whom it
    shares the workers: no lane gets more than its share of them, and one whose last pass failed gives way to others.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        backoff: Backoff[K],
        metrics: QueueMetrics,
        controller: Callable[[K], str] = str,
        lane: Callable[[K], Hashable] = _of_its_own,
    ) -> None:
        self._clock = clock
        self._backoff = backoff
        self._metrics = metrics
        self._controller = controller
        self._lane = lane
        self._schedule: Schedule[K] = Schedule()
        self._passes: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._stopping = False
        self._workers = 0
        self._shares: Shares[Hashable] = Shares(0)
        self._failing: set[Hashable] = set()
        """Lanes whose last pass failed."""
        self._turn = 0
        metrics.watch(
            depth=self._depth,
            unfinished=self._unfinished,
            longest=self._longest,
            slow=lambda: len(self._shares.slow),
            failing=lambda: len(self._failing),
        )

    def add(self, key: K) -> None:
        """Have the key processed as soon as a worker is free. Costs nothing when it waits already."""
        if self._stopping:
            return
        if self._schedule.add(key, self._clock()):
            self._metrics.added(self._controller(key))
            self._changed.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Have the key processed in `seconds`. Of several such wishes the earliest wins."""
        if seconds <= 0:
            self.add(key)
        elif not self._stopping:
            self._schedule.add_at(key, self._clock() + seconds)
            self._changed.set()

    def failures(self, key: K) -> int:
        """Failed passes in a row."""
        return self._backoff.failures(key)

    def forget(self, key: K) -> None:
        """Start the key's back-off anew. A pass that did not fail does so by itself."""
        self._backoff.forget(key)

    async def run(self, workers: int, process: Callable[[K], Awaitable[Result]]) -> None:
        """Hand out keys, at most `workers` at a time, until `shutdown`. Each pass is an asyncio task of its own."""
        self._workers, self._shares = workers, Shares(workers)
        slots = asyncio.Semaphore(workers)
        try:
            while True:
                await slots.acquire()
                key = await self._next()
                if key is None:
                    return
                lane = self._lane(key)
                self._shares.take(lane)
                task = asyncio.create_task(self._pass(key, lane, process), name=f"pass of {key}")
                self._passes.add(task)
                task.add_done_callback(self._passes.discard)
                task.add_done_callback(lambda _: slots.release())
        finally:
            self._workers = 0

    async def shutdown(self, grace: float) -> bool:
        """Hand out nothing more and let running passes end for `grace` seconds; then cancel them.

        True when all ended by themselves. Level-triggered passes may be cut anywhere: the next start repeats them.
        """
        self._stopping = True
        self._changed.set()
        if not self._passes:
            return True
        _, cut = await asyncio.wait(self._passes, timeout=grace)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        return not cut

    def stuck(self, *, pass_limit: float, wait_limit: float) -> str | None:
        """What a health check has to say, or None.

        `pass_limit`: seconds after which a running pass counts as hung. `wait_limit`: seconds that a key may
        wait although a worker is free.
        """
        now = self._clock()
        for key, since in self._schedule.processing.items():
            if now - since > pass_limit:
                return f"the pass of {key} has been running for {now - since:.0f} s"
        oldest = self._schedule.oldest_ready(self._may_begin)
        workers_free = len(self._passes) < self._workers or self._workers == 0
        if oldest is not None and workers_free and now - oldest[1] > wait_limit:
            return f"{oldest[0]} has been waiting for {now - oldest[1]:.0f} s and no worker takes it"
        return None

    async def _next(self) -> K | None:
        while not self._stopping:
            self._changed.clear()
            now = self._clock()
            for promoted in self._schedule.promote(now):
                self._metrics.added(self._controller(promoted))
            taken = self._take(now)
            if taken is not None:
                key, waited = taken
                self._metrics.taken(self._controller(key), waited)
                return key
            due = self._schedule.next_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else due - now):
                    await self._changed.wait()
        return None

    def _take(self, now: float) -> tuple[K, float] | None:
        """The key whose turn it is: who waited longest of those that do not give way, or, now and then, of all."""
        self._turn = (self._turn + 1) % _TURNS
        taken = self._schedule.take(now, self._goes_first) if self._turn else None
        return taken or self._schedule.take(now, self._may_begin)

    def _goes_first(self, key: K) -> bool:
        return self._lane(key) not in self._failing and self._may_begin(key)

    def _may_begin(self, key: K) -> bool:
        return self._shares.has_room(self._lane(key))

    async def _pass(self, key: K, lane: Hashable, process: Callable[[K], Awaitable[Result]]) -> None:
        controller = self._controller(key)
        try:
            result = await process(key)
        except Exception:
            # The one place where a bug is met: it must cost its own key a retry and nothing more.
            logger.exception("The pass of %s ended in a bug; it is retried with back-off", key)
            self._metrics.panicked(controller)
            result = Result(failed=True)
        finally:
            seconds = self._clock() - self._schedule.done(key)
            self._shares.give_back(lane, seconds)
            self._changed.set()
        if result.failed:
            self._failing.add(lane)
        else:
            self._failing.discard(lane)
        self._metrics.reconciled(controller, _outcome(result), seconds)
        self._requeue(key, result)

    def _requeue(self, key: K, result: Result) -> None:
        if not result.failed:
            self._backoff.forget(key)
            if result.requeue_after is not None:
                self.add_after(key, result.requeue_after)
            return
        self._metrics.retried(self._controller(key))
        if result.requeue_after is None:
            self.add_after(key, self._backoff.next(key))
        else:
            self._backoff.record(key)
            self.add_after(key, result.requeue_after)

    def _depth(self) -> dict[str, float]:
        return {**Counter(map(self._controller, self._schedule.waiting))}

    def _unfinished(self) -> dict[str, float]:
        return {controller: sum(ages) for controller, ages in self._ages().items()}

    def _longest(self) -> dict[str, float]:
        return {controller: max(ages) for controller, ages in self._ages().items()}

    def _ages(self) -> dict[str, list[float]]:
        """Seconds that each running pass has taken so far, by controller."""
        now = self._clock()
        ages: dict[str, list[float]] = {}
        for key, since in self._schedule.processing.items():
            ages.setdefault(self._controller(key), []).append(now - since)
        return ages


def _outcome(result: Result) -> str:
    if result.failed:
        return "error"
    if result.requeue_after is None:
        return "success"
    return "requeue_after" if result.requeue_after > 0 else "requeue"
