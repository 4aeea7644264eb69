"""The two kinds of runs: undisturbed, and killed at one write and started again; and the steps of any other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rds_enrollment.api.kinds import KINDS

from hack.sandbox.gate import Gate
from hack.sandbox.metrics import Metrics
from hack.sandbox.operator_process import OperatorProcess
from tests.chaos.arena import Arena, Scene
from tests.chaos.gates import Crash, Recorder, killing
from tests.chaos.state import State, difference
from tests.chaos.workloads import Workload
from tests.chaos.writes import WriteName
from tests.cluster.kubernetes_api import Namespace, describe
from tests.cluster.waiting import wait_until

TIMEOUT_SECONDS = 120.0
"""Detects a hang; a run takes a few seconds."""
_POLL_SECONDS = 0.2
"""A look at everything costs time that the operator needs."""
_LOG_LINES = 30


@dataclass(frozen=True)
class Run:
    """What a run came to."""

    writes: Sequence[WriteName]
    """That took effect, in their order."""
    reports: int
    """Writes of status and Events, all of them."""
    state: State
    """Masked."""


def undisturbed(arena: Arena, workload: Workload) -> Run:
    """The reference. Raises AssertionError when the workload does not get done."""
    with arena.scene(workload) as scene:
        recorder = Recorder(scene.mask.text)
        begin(arena, scene, recorder)
        wait(arena, scene, scene.is_done, "the workload is done")
        wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace), "the operator is idle")
        return Run(recorder.names, recorder.reports, arena.state(scene))


def crashed(arena: Arena, workload: Workload, crash: Crash, reference: Run) -> Run:
    """Kill the operator as planned, start it again, and wait for the state of the reference.

    Raises AssertionError when the planned write never came, when the workload does not get done, or with the
    difference when the state does not become that of the reference.
    """
    with arena.scene(workload) as scene:
        recorder = Recorder(scene.mask.text, crash, killing(arena.operator.kill))
        begin(arena, scene, recorder)
        wait_for_blow(arena, scene, recorder, crash)
        arena.start_operator(scene)
        return converged(arena, scene, recorder, reference)


def converged(arena: Arena, scene: Scene, recorder: Recorder, reference: Run) -> Run:
    """Wait until all is done, and the state is that of the reference. Raises AssertionError with the difference."""
    wait(arena, scene, scene.is_done, "the workload is done after all")
    wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace), "the operator is idle after all")
    state = settled_state(arena, scene, reference.state)
    return Run(recorder.names, recorder.reports, state)


def wait_for_blow(arena: Arena, scene: Scene, recorder: Recorder, plan: Crash) -> None:
    """Wait for the planned moment. Raises AssertionError when it does not come."""
    if not recorder.crashed.wait(TIMEOUT_SECONDS):
        raise AssertionError(f"the planned write never came: {plan.write}\n{report(arena, scene)}")


def begin(arena: Arena, scene: Scene, gate: Gate) -> None:
    """Have the operator start, and the user act."""
    arena.guard(gate)
    arena.start_operator(scene)
    scene.act()


def is_idle(operator: OperatorProcess, namespace: Namespace) -> bool:
    """Whether it has passed over objects of each kind that there is, and no pass runs or waits for its turn."""
    if operator.probe("/readyz") != 200:
        return False
    metrics = Metrics.parse(operator.read("/metrics"))
    kinds = {KINDS[obj["kind"]] for obj in namespace.objects()}
    return metrics.is_idle and all(map(metrics.passes, kinds))


def settled_state(
    arena: Arena, scene: Scene, expected: State, view: Callable[[State], State] = lambda state: state
) -> State:
    """The state, as soon as it is the expected one. Raises AssertionError with the difference when it is not.

    `view` leaves out what may differ.
    """
    last: list[State] = []

    def settled() -> bool:
        last[:] = [view(arena.state(scene))]
        return last[0] == expected

    try:
        wait_until(settled, "the state is that of the reference", TIMEOUT_SECONDS / 4, _POLL_SECONDS)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{difference(expected, last[0])}") from None
    return last[0]


def wait(arena: Arena, scene: Scene, condition: Callable[[], bool], what: str) -> None:
    """Raises AssertionError with a report of everything."""
    try:
        wait_until(condition, what, TIMEOUT_SECONDS, _POLL_SECONDS)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{report(arena, scene)}") from None


def report(arena: Arena, scene: Scene) -> str:
    """Conditions of all objects, and the ends of the operators' logs."""
    lines = [describe(obj) for obj in scene.namespace.objects()]
    for name, operator in (("The operator", arena.operator), ("The second operator", arena.second)):
        if operator.log.exists():
            lines.append(f"{name} {'runs' if operator.running else 'is dead'}; end of its log:")
            lines += operator.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    return "\n".join(lines)
