"""Watches how many tasks of a service run, closely enough to see a rollout dip below what it promises."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from hack.sandbox.aws.tasks import RunningTask

POLL_SECONDS = 0.002


class RunningTasks(Protocol):
    """The side of `AwsSandbox` that is sampled."""

    def running_tasks(self) -> list[RunningTask]: ...


@dataclass(frozen=True)
class Range:
    """The least and the most that was seen."""

    minimum: int
    maximum: int

    def with_sample(self, value: int) -> "Range":
        return Range(min(self.minimum, value), max(self.maximum, value))


class Sampler:
    """Counts between `start` and `stop`, or within a `with`; the first sample is taken before `start` returns.

    `connected`, when given, tells how many agents are connected. What either source raises is raised by `stop`.
    """

    def __init__(self, aws: RunningTasks, service: str, connected: Callable[[], int] | None = None) -> None:
        self.samples = 0
        self._aws = aws
        self._service = service
        self._connected = connected
        self._running_seen: Range | None = None
        self._connected_seen: Range | None = None
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"sampler of {service}")
        self._sampling: Future[None] | None = None

    @property
    def running(self) -> Range:
        """RUNNING tasks of the service. Raises RuntimeError before the first sample."""
        return _taken(self._running_seen)

    @property
    def connected(self) -> Range:
        """Raises RuntimeError before the first sample, and when nothing tells."""
        return _taken(self._connected_seen)

    def start(self) -> None:
        """Forgets former samples."""
        self.samples, self._running_seen, self._connected_seen = 0, None, None
        self._stopping.clear()
        self._sample()
        self._sampling = self._pool.submit(self._run)

    def stop(self) -> None:
        """Takes a last sample."""
        self._stopping.set()
        if self._sampling is not None:
            self._sampling.result()
            self._sampling = None
            self._sample()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            self._sample()

    def _sample(self) -> None:
        running = sum(task.service_name == self._service for task in self._aws.running_tasks())
        self._running_seen = _widened(self._running_seen, running)
        if self._connected is not None:
            self._connected_seen = _widened(self._connected_seen, self._connected())
        self.samples += 1


def _widened(seen: Range | None, value: int) -> Range:
    return Range(value, value) if seen is None else seen.with_sample(value)


def _taken(seen: Range | None) -> Range:
    if seen is None:
        raise RuntimeError("nothing has been sampled")
    return seen
