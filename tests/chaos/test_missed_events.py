"""A watch that loses an event, or all of them, costs time and nothing else: the list that it is compared with tells."""

import threading

import pytest

from tests.chaos.arena import Arena, settings
from tests.chaos.gates import Recorder
from tests.chaos.runs import Run, converged
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus

COMPARED = {"RDS_ENROLLMENT_WATCH_CHECK_SECONDS": "0.5"}
EVERY = 0
ALL = [EVERY, *range(1, 13)]
"""The number of the event that is lost. So many there are at least: each object comes, gets its finalizer or an owner,
and its statuses."""
PLANS = chosen(ALL, lambda number: number == EVERY)


class Losing:
    """Loses one piece of what watches send, or every one."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._seen = 0
        self.lost = 0

    def __call__(self) -> bool:
        with self._lock:
            self._seen += 1
            loses = self._number in (EVERY, self._seen)
            self.lost += loses
            return loses


@pytest.mark.parametrize("number", PLANS)
def test_what_a_watch_does_not_tell_is_found_out(arena: Arena, reference: Run, number: int) -> None:
    losing = Losing(number)
    with arena.scene(CREATE) as scene:
        recorder = Recorder(scene.mask.text)
        arena.guard(recorder)
        arena.operator.start(**settings(scene), **COMPARED)
        arena.operator.wait_ready()
        arena.kubernetes.loses = losing
        try:
            scene.act()
            run = converged(arena, scene, recorder, reference)
        finally:
            arena.kubernetes.loses = lambda: False
    assert losing.lost >= 1
    assert surplus(run.writes, reference.writes) == []
