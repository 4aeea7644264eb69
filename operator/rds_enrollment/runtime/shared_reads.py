"""Reads that many passes need and one of them makes."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Known(Generic[V]):
    begun: float
    value: V


@dataclass(frozen=True, slots=True)
class _Flight(Generic[V]):
    begun: float
    task: "asyncio.Task[V]"


class SharedReads(Generic[K, V]):
    """The last answer for each key, and at most one read under way for each.

    Used within one event loop. Keys are few (an account and a region, or a VPC): answers stay until a newer one comes.
    """

    def __init__(self, clock: Callable[[], float], *, keep: bool = True) -> None:
        """`clock` counts seconds and never goes back. `keep`: whether answers stay; without, they are only shared by
        those who wait at the same time."""
        self._clock = clock
        self._keep = keep
        self._known: dict[K, _Known[V]] = {}
        self._flights: dict[K, _Flight[V]] = {}

    async def get(self, key: K, read: Callable[[], Awaitable[V]], *, max_age: float) -> V:
        """An answer whose read began at most `max_age` seconds before this call; `read` is called when there is none.

        With 0 it began after the call: what was changed before is in it. A read under way that is new enough is
        joined, and its failure is shared by all who wait for it. Failures are not remembered. A caller that is
        cancelled does not end the read. Raises what `read` raises.
        """
        oldest = self._clock() - max_age
        while True:
            known = self._known.get(key)
            if known is not None and known.begun >= oldest:
                return known.value
            flight = self._flights.get(key) or self._begin(key, read)
            if flight.begun >= oldest:
                return await asyncio.shield(flight.task)
            await asyncio.wait([flight.task])

    def _begin(self, key: K, read: Callable[[], Awaitable[V]]) -> _Flight[V]:
        begun = self._clock()
        task = asyncio.create_task(self._fly(key, begun, read), name=f"shared read {key}")
        task.add_done_callback(_retrieve)
        self._flights[key] = flight = _Flight(begun, task)
        return flight

    async def _fly(self, key: K, begun: float, read: Callable[[], Awaitable[V]]) -> V:
        try:
            value = await read()
            if self._keep:
                self._known[key] = _Known(begun, value)
            return value
        finally:
            del self._flights[key]


def _retrieve(task: "asyncio.Task[V]") -> None:
    """Those who wait get the failure; without them asyncio would report it as forgotten."""
    if not task.cancelled():
        task.exception()
