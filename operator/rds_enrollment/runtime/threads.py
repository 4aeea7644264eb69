"""A bounded pool for blocking calls (boto3)."""

import asyncio
import contextlib
import contextvars
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from rds_enrollment.runtime.shares import Shares

H = TypeVar("H", bound=Hashable)
P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """At most `size` blocking calls at a time, and of one holder its share of them; the rest wait their turn without
    blocking the event loop."""

    def __init__(self, size: int, *, name: str = "aws", clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds and never goes back."""
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)
        self._clock = clock
        self._shares: Shares[Hashable] = Shares(size)
        self._ends: dict[Hashable, asyncio.Event] = {}
        """By holder that has no room: set when one of its calls ends."""
        self._begun: set[Future[Any]] = set()

    async def run(
        self, fn: Callable[Concatenate[H, P], T], holder: H, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `fn` in a thread, with the caller's context variables (the log's object among them).

        The first argument is the holder: an account, say. A cancelled caller does not stop a call that has begun: the
        thread ends it, and the holder's share is given back then.
        """
        while not self._shares.has_room(holder):
            await self._ends.setdefault(holder, asyncio.Event()).wait()
        context = contextvars.copy_context()
        seconds = 0.0

        def call() -> T:
            nonlocal seconds
            began = self._clock()
            try:
                return context.run(fn, holder, *args, **kwargs)
            finally:
                seconds = self._clock() - began

        future = self._executor.submit(call)
        self._shares.take(holder)
        self._begun.add(future)
        loop = asyncio.get_running_loop()

        def ended(future: Future[T]) -> None:
            self._begun.discard(future)
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(self._give_back, holder, seconds)

        future.add_done_callback(ended)
        return await asyncio.wrap_future(future)

    @property
    def busy(self) -> bool:
        """Whether a call has not ended yet."""
        return bool(self._begun)

    def close(self) -> None:
        """Refuse new calls and drop those that have not begun. Does not wait for those that have."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _give_back(self, holder: Hashable, seconds: float) -> None:
        self._shares.give_back(holder, seconds)
        if ended := self._ends.pop(holder, None):
            ended.set()
