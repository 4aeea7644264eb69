"""A run in which the leader is stopped at one write, another process takes over, and the first one wakes up again."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hack.sandbox.metrics import Metrics
from hack.sandbox.operator_process import OperatorProcess
from tests.chaos.arena import Arena, Scene, settings
from tests.chaos.gates import Crash, Moment, Recorder, holding
from tests.chaos.runs import TIMEOUT_SECONDS, Run, is_idle, report, settled_state, wait
from tests.chaos.state import without_idle_revisions
from tests.chaos.workloads import Workload
from tests.chaos.writes import WriteName

_LEASE_SECONDS = "6"
"""The first one stops writing after 4 s, the second one takes over after 6."""


class Awakening(StrEnum):
    """When the first leader goes on, and the write that it was stopped at."""

    AMID = "amid"
    """The second one has just taken over and is at work."""
    LATE = "late"
    """The second one has done everything."""


@dataclass(frozen=True)
class Overtake:
    """A plan: stop the leader at this moment of this write, and wake it up then."""

    pause: Crash
    awakening: Awakening

    @property
    def is_unrefused(self) -> bool:
        """Whether AWS takes the write when it comes late: ECS has no name or token that it could refuse it by.

        It leaves a revision that nothing uses, as rollouts do; those beyond the five latest are deregistered.
        """
        return (
            self.pause.moment is Moment.BEFORE and self.pause.write.operation == "ecs:RegisterTaskDefinition"
        )

    def __str__(self) -> str:
        return f"{self.awakening}: {self.pause}"


@dataclass(frozen=True)
class Overtaken:
    """What such a run came to."""

    run: Run
    exit_code: int
    """Of the first leader, after it woke up."""
    after_waking: Sequence[WriteName]
    """Writes between its waking and its end: of its own only the held one may be among them."""
    after_all: Sequence[WriteName]
    """Writes of one more look when all is done: there are none, unless somebody undid what another had done."""


def overtaken(arena: Arena, workload: Workload, plan: Overtake, reference: Run) -> Overtaken:
    """Raises AssertionError when the planned write never came, when the workload does not get done, or with the
    difference when the state does not become that of the reference."""
    go_on = threading.Event()
    first, second = arena.operator, arena.second
    with arena.scene(workload) as scene:
        recorder = Recorder(scene.mask.text, plan.pause, holding(first.pause, go_on))
        try:
            _begin(arena, scene, recorder)
            wait(arena, scene, lambda: leads(second), "the second one leads")
            if plan.awakening is Awakening.LATE:
                _wait_done(arena, scene)
            known = len(recorder.names)
            go_on.set()
            first.resume()
            exit_code = first.wait_exit()
            after_waking = recorder.names[known:]
            _wait_done(arena, scene)
            done = len(recorder.names)
            _look_again(arena, scene)
            view = without_idle_revisions if plan.is_unrefused else lambda state: state
            state = settled_state(arena, scene, reference.state, view)
            after_all = recorder.names[done:]
            return Overtaken(Run(recorder.names, recorder.reports, state), exit_code, after_waking, after_all)
        finally:
            go_on.set()


def leads(operator: OperatorProcess) -> bool:
    """Whether it holds the Lease."""
    if operator.probe("/healthz") == 0:
        return False
    return Metrics.parse(operator.read("/metrics")).total("leader_election_master_status") == 1.0


def _begin(arena: Arena, scene: Scene, recorder: Recorder) -> None:
    arena.guard(recorder)
    first, second = arena.operator, arena.second
    first.start(**settings(scene), RDS_ENROLLMENT_LEASE_SECONDS=_LEASE_SECONDS)
    wait(arena, scene, lambda: leads(first), "the first one leads")
    second.start(**settings(scene), RDS_ENROLLMENT_LEASE_SECONDS=_LEASE_SECONDS)
    second.wait_ready()
    scene.act()
    if not recorder.crashed.wait(TIMEOUT_SECONDS):
        raise AssertionError(f"the planned write never came\n{report(arena, scene)}")


def _wait_done(arena: Arena, scene: Scene) -> None:
    wait(arena, scene, scene.is_done, "the second one gets the workload done")
    wait(arena, scene, lambda: is_idle(arena.second, scene.namespace), "the second one is idle")


def _look_again(arena: Arena, scene: Scene) -> None:
    """What comes with the next resync: a pass over every object. A start does the same, and leaves no trace."""
    arena.second.stop()
    arena.second.start(**settings(scene), RDS_ENROLLMENT_LEASE_SECONDS=_LEASE_SECONDS)
    wait(arena, scene, lambda: is_idle(arena.second, scene.namespace), "everything was looked at again")
