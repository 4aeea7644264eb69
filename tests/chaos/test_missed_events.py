"""A watch that loses an event, or all of them, costs time and nothing else: the list that it is compared with tells.

So does an API server that is away while users change things: the process ends by its deadline, and its successor waits.
"""

import threading
from collections.abc import Sequence

import pytest

from tests.chaos.absences import Absence, outlived
from tests.chaos.arena import Arena, settings
from tests.chaos.changes import CHANGES
from tests.chaos.gates import Recorder
from tests.chaos.runs import Run, converged
from tests.chaos.sequels import lived
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE, Workload
from tests.chaos.writes import surplus

pytestmark = pytest.mark.slow

COMPARED = {"RDS_ENROLLMENT_WATCH_CHECK_SECONDS": "0.5"}
EVERY = 0
ALL = [EVERY, *range(1, 10)]
"""The number of the event that is lost. So many there are at least: each of three objects comes, gets its finalizer and
a status."""
PLANS = chosen(ALL, lambda number: number == EVERY)

AS_SHORT_AS_CAN_BE = Absence(seconds=0.0, lease_seconds=3)
"""Until the leader has ended, and its successor has come up."""
TWO_MINUTES = Absence(seconds=120.0, lease_seconds=15)
ABSENCES: Sequence[tuple[Absence, Sequence[Workload]]] = chosen(
    [(AS_SHORT_AS_CAN_BE, ()), (TWO_MINUTES, CHANGES)], lambda plan: plan[0] is AS_SHORT_AS_CAN_BE
)


class Losing:
    """Loses one event of what watches send, or every one."""

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


@pytest.mark.parametrize(("absence", "changes"), ABSENCES, ids=[str(absence) for absence, _ in ABSENCES])
def test_what_is_changed_while_the_api_server_is_away_is_done_when_it_is_back(
    arena: Arena, reference: Run, absence: Absence, changes: Sequence[Workload]
) -> None:
    references = {CREATE.name: reference, **(dict(lived(arena, CREATE, changes)) if changes else {})}
    for name, run in outlived(arena, CREATE, changes, references, absence):
        assert surplus(run.writes, references[name].writes) == [], name
