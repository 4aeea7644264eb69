"""A bounded pool for blocking calls (boto3)."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """At most `size` blocking calls at a time; the rest wait their turn without blocking the event loop."""

    def __init__(self, size: int, *, name: str = "aws") -> None:
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)
        self._begun: set[Future[Any]] = set()

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `fn` in a thread, with the caller's context variables (the log's object among them).

        A cancelled caller does not stop a call that has begun: the thread ends it.
        """
        context = contextvars.copy_context()
        future = self._executor.submit(lambda: context.run(fn, *args, **kwargs))
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return await asyncio.wrap_future(future)

    @property
    def busy(self) -> bool:
        """Whether a call has not ended yet."""
        return bool(self._begun)

    def close(self) -> None:
        """Refuse new calls and drop those that have not begun. Does not wait for those that have."""
        self._executor.shutdown(wait=False, cancel_futures=True)
