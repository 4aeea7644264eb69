"""Lets each way of doing the job do it once, in worlds of its own, and looks at it for some resyncs then."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import KINDS

from hack.bench.apply_to_ready import OBJECTS, by_hand_in
from hack.bench.fleet import Fleet
from hack.bench.instead import kopf_process
from hack.bench.instead.counts import Counts, count
from hack.bench.instead.worlds import counted_api, seeded_world
from hack.bench.processes import run_module
from hack.bench.until import until
from hack.bench.world import NAMESPACE, REGION, BenchWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.kubernetes_gate.server import KubernetesGate
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT

RESYNC_SECONDS = 30
"""Between two looks at what is converged, so that a bench sees some; ten minutes is usual."""
RESYNCS = 2
_SETTLING = 3
"""Looks before they are counted: those of the change of the period itself, and of what it wakes."""
_AS_DEPLOYED = {"RDS_ENROLLMENT_POLL_SECONDS": "15"}
_DELETE = ("delete", "awsoidc,rdsenroll,dbsvc", "--all", f"--namespace={NAMESPACE}")


@dataclass(frozen=True)
class Run:
    """`seconds` to Ready, what that took, and the bytes that are resident then; of what ends by itself, at its end.
    None is what was not looked at."""

    seconds: float
    made: Counts
    resident: float | None = None
    resync: Counts | None = None
    """What one look at all three objects takes when nothing has changed."""


def by_hand(plane: ControlPlane) -> Run:
    """The floor."""
    with seeded_world(plane) as world:
        seconds, _ = by_hand_in(world)
        return Run(seconds, count(world, None))


def by_script(plane: ControlPlane) -> Run:
    """Its second start finds everything made."""
    with seeded_world(plane) as world:
        first = json.loads(run_module(world, "hack.bench.instead.script", REGION))
        made = count(world, None)
        run_module(world, "hack.bench.instead.script", REGION)
        return Run(first["seconds"], made, first["resident"], count(world, None) - made)


def by_kopf(plane: ControlPlane, *, resyncs: bool) -> Run:
    """`resyncs`: whether to wait for some."""
    kopf_process.install_rights(plane)
    account = (kopf_process.SERVICE_ACCOUNT_NAMESPACE, kopf_process.SERVICE_ACCOUNT)
    with seeded_world(plane) as world, counted_api(plane, *account) as (gate, kubeconfig):
        with kopf_process.kopf_process(world, kubeconfig, RESYNC_SECONDS) as kopf:
            seconds = _create(world)
            made, resident = count(world, gate), kopf.resident
            resync = _resync(world, gate, kopf.looks) if resyncs else None
        Fleet(plane).forget()
    return Run(seconds, made, resident, resync)


def by_operator(plane: ControlPlane, *, resyncs: bool) -> Run:
    """Ours. `resyncs`: whether to wait for some."""
    with (
        seeded_world(plane) as world,
        counted_api(plane, OPERATOR_NAMESPACE, SERVICE_ACCOUNT) as (gate, kubeconfig),
    ):
        operator = world.stack.operator
        world.start_operator(KUBECONFIG=str(kubeconfig), **_AS_DEPLOYED)
        seconds = _create(world)
        made, resident = count(world, gate), world.operator_metric("process_resident_memory_bytes")
        if resyncs:
            _ask_for_resyncs(world)
        resync = _resync(world, gate, lambda: _passes(world)) if resyncs else None
        plane.run_kubectl(*_DELETE)
        operator.stop()  # gives its Lease up: the next one would wait for that otherwise
    return Run(seconds, made, resident, resync)


def _create(world: BenchWorld) -> float:
    """Seconds until all is Ready."""
    began = time.monotonic()
    world.create(*OBJECTS)
    return world.wait_ready() - began


def _resync(world: BenchWorld, gate: KubernetesGate, looks: Callable[[], Sequence[int]]) -> Counts:
    """What a resync of everything takes. `looks` tells how often each kind was looked at so far.

    Counted from when each has settled to when each had RESYNCS more; again where one had
    more than the others.
    """
    last = looks()
    while True:
        first = _after(looks, last, _SETTLING)
        before = count(world, gate)
        last = _after(looks, first, RESYNCS)
        took = count(world, gate) - before
        if _more(last, first) == [RESYNCS] * len(first):
            return took / RESYNCS


def _after(looks: Callable[[], Sequence[int]], start: Sequence[int], times: int) -> Sequence[int]:
    """The looks as soon as there are so many more of each kind."""
    until(lambda: min(_more(looks(), start)) >= times, "each object was looked at")
    return looks()


def _more(now: Sequence[int], before: Sequence[int]) -> list[int]:
    return [later - earlier for later, earlier in zip(now, before, strict=True)]


def _ask_for_resyncs(world: BenchWorld) -> None:
    """As often as the kopf operator's timers."""
    for kind in KINDS.values():
        for found in world.all(kind.plural):
            world.objects.patch_namespaced_custom_object(
                *(GROUP, VERSION, NAMESPACE, kind.plural, found["metadata"]["name"]),
                {"spec": {"resyncPeriod": f"{RESYNC_SECONDS}s"}},
            )


def _passes(world: BenchWorld) -> Sequence[int]:
    metrics = world.metrics()
    return [int(metrics.passes(kind)) for kind in KINDS.values()]
