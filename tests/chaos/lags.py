"""Runs in which reads lag: after each change of an answer the operator is shown the earlier one for some reads more."""

import threading
from dataclasses import dataclass
from typing import Any, TypeVar

from hack.sandbox.gate import System
from tests.chaos.arena import Arena
from tests.chaos.gates import Recorder
from tests.chaos.runs import Run, begin, converged
from tests.chaos.workloads import Workload

A = TypeVar("A")


@dataclass(frozen=True)
class Lag:
    """A plan: these reads of a system are so many answers behind."""

    system: System
    operations: str
    """What an operation begins with; empty: all of the system's."""
    reads: int

    def __str__(self) -> str:
        return f"{self.system} {self.operations or 'everything'} {self.reads}"

    def covers(self, system: System, question: str) -> bool:
        """Whether answers to this question lag."""
        return system == self.system and question.startswith(self.operations)


@dataclass
class _Shown:
    answer: Any
    text: str
    since: int = 0
    """How often it was shown after the truth had become another."""


class Lagging:
    """`hack.sandbox.gate.Reads` of a plan. The first answer to a question is always true: there is no earlier one."""

    def __init__(self, lag: Lag) -> None:
        self._lag = lag
        self._lock = threading.Lock()
        self._shown: dict[tuple[System, str], _Shown] = {}
        self.stale = 0
        """Answers that were not true."""

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        if not self._lag.covers(system, question):
            return fresh
        with self._lock:
            shown = self._shown.get((system, question))
            if shown is None or shown.text == text or shown.since >= self._lag.reads:
                self._shown[system, question] = _Shown(fresh, text)
                return fresh
            shown.since += 1
            self.stale += 1
            earlier: A = shown.answer
            return earlier


def lagged(arena: Arena, workload: Workload, lag: Lag, reference: Run) -> tuple[Run, int]:
    """Do the workload with reads that lag, wait for the state of the reference, and tell how many answers were stale.

    Raises AssertionError when the workload does not get done, or with the difference to the reference.
    """
    reads = Lagging(lag)
    events = arena.teleport.events
    with arena.scene(workload) as scene:
        arena.show(reads)
        events.enabled = lag.system != "teleport"  # with events it hardly reads: they tell it what is new
        try:
            recorder = Recorder(scene.mask.text)
            begin(arena, scene, recorder)
            return converged(arena, scene, recorder, reference), reads.stale
        finally:
            events.enabled = True
