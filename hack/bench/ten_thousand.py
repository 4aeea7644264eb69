"""An enrolment of ten thousand databases: its first writes beside a bare loop of the same, then passes without changes,
and what they do to the operator's memory and event loop."""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import yaml
from rds_enrollment.api.common import ANNOTATION_RECONCILE, GROUP, VERSION
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT, Kind

from hack.bench.discovery import page_server
from hack.bench.samples import Comparison, Figure, percentile
from hack.bench.until import until
from hack.bench.world import EXAMPLES, NAMESPACE, BenchWorld, condition_status, empty_world
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.proc import MEBIBYTE
from hack.sandbox.stack import ROOT

COUNT = 10_000
AT_ONCE = 16
"""Writes under way at a time: the operator's default, and the bare loop's."""
WARM_UP = 3
"""Passes before memory is looked at: caches and the allocator's arenas fill."""
PASSES = 50
_AS_IN_THE_IMAGE = {"MALLOC_ARENA_MAX": "2"}
_CREATE = "proto.AuthService/CreateDatabase"
_LAG = "rds_enrollment_event_loop_lag_seconds_bucket"
_LATE_SECONDS = 0.05
_until = partial(until, seconds=900.0, tick=0.01)


@dataclass(frozen=True)
class _Look:
    """The operator's own metrics."""

    memory: float
    """Resident, in bytes."""
    lags: Mapping[float, float]
    """Of the event loop: how often at most so many seconds late."""


def measure() -> list[Comparison | Figure]:
    """One enrolment, from nothing; then the same again and again."""
    with page_server(COUNT) as url, ControlPlane() as plane, empty_world(plane) as world:
        bare = _bare_loop(world)
        world.start_operator(AWS_ENDPOINT_URL_RDS=url, **_AS_IN_THE_IMAGE)
        for name in ("00-namespace.yaml", "10-integration.yaml"):
            plane.apply(EXAMPLES / name)
        _until_ready(world, AWS_OIDC_INTEGRATION)
        plane.apply(_enrollment())
        ours = _writes(world)
        _until_ready(world, RDS_ENROLLMENT)
        for _ in range(WARM_UP):
            _pass(world)
        before = _look(world)
        seconds = [_pass(world) for _ in range(PASSES)]
        after = _look(world)
    late = after.lags[float("inf")] - before.lags[float("inf")]
    in_time = after.lags[_LATE_SECONDS] - before.lags[_LATE_SECONDS]
    return [
        Comparison(
            f"{COUNT} `db` objects, first write to last, {AT_ONCE} at a time", [ours], [bare], 1 / 0.6
        ),
        Figure("resident memory after a pass", _mebibytes(after.memory), "at most 200 MiB"),
        Figure(
            f"growth of it over {PASSES} passes", _mebibytes(after.memory - before.memory), "less than 2 MiB"
        ),
        Figure(
            "looks at the event loop (one a second, while passes run) that were at most 50 ms late",
            f"{in_time:.0f} of {late:.0f}",
            "99 %",
        ),
        Figure(
            "a pass without changes, request to status, p50", f"{percentile(seconds, 0.5):.1f} s", "reported"
        ),
    ]


def _bare_loop(world: BenchWorld) -> float:
    teleport = world.stack.teleport
    arguments = (teleport.address, str(teleport.identity_file), str(COUNT), str(AT_ONCE))
    command = [sys.executable, "-m", "hack.bench.bare_writes", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _enrollment() -> str:
    """The example's, without deployments."""
    document = yaml.safe_load((EXAMPLES / "20-enrollment.yaml").read_text())
    del document["spec"]["deployment"]
    return yaml.safe_dump(document)


def _writes(world: BenchWorld) -> float:
    """Seconds from the first object's arrival in Teleport to the last one's."""
    created = world.stack.teleport.calls[_CREATE]
    _until(lambda: world.stack.teleport.calls[_CREATE] > created, "the first object is written")
    began = time.monotonic()
    _until(lambda: world.stack.teleport.calls[_CREATE] >= created + COUNT, "all objects are written")
    return time.monotonic() - began


def _until_ready(world: BenchWorld, kind: Kind) -> None:
    def is_ready() -> bool:
        found = world.all(kind.plural)
        return bool(found) and all(condition_status(item, "Ready") == "True" for item in found)

    _until(is_ready, f"{kind.kind} is Ready")


def _pass(world: BenchWorld) -> float:
    """Request one, and wait for its end; seconds."""
    token = uuid4().hex
    began = time.monotonic()
    name = world.all(RDS_ENROLLMENT.plural)[0]["metadata"]["name"]
    world.objects.patch_namespaced_custom_object(
        GROUP,
        VERSION,
        NAMESPACE,
        RDS_ENROLLMENT.plural,
        name,
        {"metadata": {"annotations": {ANNOTATION_RECONCILE: token}}},
    )

    def is_handled() -> bool:
        (found,) = world.all(RDS_ENROLLMENT.plural)
        return bool(found["status"].get("lastHandledReconcileAt") == token)

    _until(is_handled, "the pass is over")
    return time.monotonic() - began


def _look(world: BenchWorld) -> _Look:
    metrics = world.metrics()
    return _Look(
        memory=metrics.value("process_resident_memory_bytes"),
        lags={
            float(dict(labels)["le"]): value
            for (name, labels), value in metrics.samples.items()
            if name == _LAG
        },
    )


def _mebibytes(count: float) -> str:
    return f"{count / MEBIBYTE:.1f} MiB"
