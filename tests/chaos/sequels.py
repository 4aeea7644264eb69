"""Runs in which one workload follows another in the same scene, each with a crash of its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from rds_enrollment.api.kinds import KINDS

from tests.chaos.arena import Arena, Scene
from tests.chaos.gates import Crash, Recorder, killing
from tests.chaos.runs import Run, begin, is_idle, settled_state, wait, wait_for_blow
from tests.chaos.workloads import Workload

NONE: Mapping[str, Any] = MappingProxyType({})


def lived(
    arena: Arena,
    first: Workload,
    changes: Sequence[Workload],
    crashes: Mapping[str, Crash] = NONE,
    references: Mapping[str, Run] = NONE,
) -> Iterator[tuple[str, Run]]:
    """Do the first workload and then the changes, and give what each change came to.

    Of a change whose name is in `crashes` the operator is killed there and started again. Of one whose name is in
    `references` the state has to become that one. Raises AssertionError when a planned write never came, when a
    workload does not get done, or with the difference to the reference.
    """
    with arena.scene(first) as scene:
        begin(arena, scene, Recorder(scene.mask.text))
        settle(arena, scene)
        for change in changes:
            crash, reference = crashes.get(change.name), references.get(change.name)
            yield change.name, _changed(arena, scene.sequel(change), crash, reference)


def _changed(arena: Arena, scene: Scene, crash: Crash | None, reference: Run | None) -> Run:
    recorder = Recorder(scene.mask.text, crash, killing(arena.operator.kill))
    arena.guard(recorder)
    scene.act()
    if crash is not None:
        _wait_for_blow(arena, scene, recorder, crash)
        arena.start_operator(scene)
    settle(arena, scene)
    state = settled_state(arena, scene, reference.state) if reference else arena.state(scene)
    return Run(recorder.names, recorder.reports, state)


def _wait_for_blow(arena: Arena, scene: Scene, recorder: Recorder, crash: Crash) -> None:
    """What a change does not touch is written in the look at everything alone."""
    name = scene.workload.name

    def is_struck_or_done() -> bool:
        if recorder.crashed.is_set():
            return True
        with suppress(OSError):  # it is struck meanwhile
            return scene.is_done() and is_idle(arena.operator, scene.namespace)
        return False

    wait(arena, scene, is_struck_or_done, f"{name} is done")
    if not recorder.crashed.is_set():
        _request_look(scene)
    wait_for_blow(arena, scene, recorder, crash)


def _request_look(scene: Scene) -> str:
    """At everything. Returns what is echoed by who was looked at."""
    token = f"{scene.workload.name}-{uuid4()}"  # the mask takes the number away
    for obj in scene.namespace.objects():
        scene.namespace.request_reconcile(KINDS[obj["kind"]], obj["metadata"]["name"], token)
    return token


def settle(arena: Arena, scene: Scene) -> None:
    """Until the workload is done, and one more look at everything is over, as the next resync is."""
    name = scene.workload.name
    wait(arena, scene, scene.is_done, f"{name} is done")
    wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace), "the operator is idle")
    token = _request_look(scene)

    def looked() -> bool:
        return all(obj["status"].get("lastHandledReconcileAt") == token for obj in scene.namespace.objects())

    wait(arena, scene, looked, f"everything was looked at after {name}")
    wait(
        arena, scene, lambda: is_idle(arena.operator, scene.namespace) and scene.is_done(), "it is idle again"
    )
