"""Runs in which the API server goes away for the operator alone, and users change things meanwhile."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.arena import Arena, Scene, settings
from tests.chaos.gates import Recorder
from tests.chaos.runs import Run, converged, settled_state, wait
from tests.chaos.sequels import settle
from tests.chaos.workloads import Workload


@dataclass(frozen=True)
class Absence:
    """A plan: for how long the API server is away at least, and the Lease's duration, of which a leader that cannot
    renew it ends after two thirds."""

    seconds: float
    lease_seconds: int

    def __str__(self) -> str:
        return f"away for {self.seconds:.0f} s with a Lease of {self.lease_seconds} s"


def outlived(
    arena: Arena,
    first: Workload,
    changes: Sequence[Workload],
    references: Mapping[str, Run],
    absence: Absence,
) -> Iterator[tuple[str, Run]]:
    """Do the first workload and then each change while the API server is away; wait for the state of its reference.

    Raises AssertionError when the leader outlives its Lease, when its successor does not live until the API server is
    back, when a workload does not get done, or with the difference to the reference.
    """
    with arena.scene(first) as scene:
        _start(arena, scene, absence)
        arena.operator.wait_ready()
        recorder = _act_meanwhile(arena, scene, absence)
        yield first.name, converged(arena, scene, recorder, references[first.name])
        for change in changes:
            sequel = scene.sequel(change)
            recorder = _act_meanwhile(arena, sequel, absence)
            settle(arena, sequel)
            state = settled_state(arena, sequel, references[change.name].state)
            yield change.name, Run(recorder.names, recorder.reports, state)


def _act_meanwhile(arena: Arena, scene: Scene, absence: Absence) -> Recorder:
    recorder, operator = Recorder(scene.mask.text), arena.operator
    arena.guard(recorder)
    gone = time.monotonic()
    arena.kubernetes.go_away()
    assert operator.wait_exit() == 1, "it has to end"
    scene.act()
    _start(arena, scene, absence)
    wait(arena, scene, lambda: operator.probe("/healthz") == 200, "the successor is in good health")
    threading.Event().wait(gone + absence.seconds - time.monotonic())
    assert operator.probe("/healthz") == 200, "it has to wait for the API server"
    assert operator.probe("/readyz") == 503
    assert recorder.names == []
    arena.kubernetes.away = False
    return recorder


def _start(arena: Arena, scene: Scene, absence: Absence) -> None:
    arena.operator.start(**settings(scene), RDS_ENROLLMENT_LEASE_SECONDS=str(absence.lease_seconds))
