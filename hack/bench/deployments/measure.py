"""What passes without changes cost with one to a thousand deployments."""

import contextlib
from dataclasses import dataclass

import yaml
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.bench.deployments.many import Replayed, add_to_kubernetes, add_to_teleport, replayed, set_resync
from hack.bench.deployments.original import Original, original, ready_deployments
from hack.bench.until import until
from hack.bench.world import CPU_SECONDS, EXAMPLES, BenchWorld, empty_world
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.metrics import Metrics

RESYNC_SECONDS = {1: 10, 10: 10, 100: 60, 1000: 300}
"""By the number of deployments, so that a resync of all is over before the next one."""
_LOOKS = 3
"""At the fewest deployments, of which each would count for much."""
_SETTLING = 100
"""Passes that are not counted, at most: those that the last status brings about."""
_TRIES = 12
_AS_IN_THE_IMAGE = {"MALLOC_ARENA_MAX": "2", "RDS_ENROLLMENT_POLL_SECONDS": "15"}
_TIMEOUT_SECONDS = 1800.0
_TICK_SECONDS = 2.0


@dataclass(frozen=True)
class DeploymentCost:
    """Of one pass over each of `count` deployments; `memory` in bytes, all else in seconds."""

    count: int
    calls: float
    cpu: float
    memory: float
    seconds: float
    """Of one pass, on the average."""


@dataclass(frozen=True)
class _Look:
    """Since the operator's start."""

    passes: float
    pass_seconds: float
    cpu: float
    memory: float
    calls: int


def deployment_costs() -> list[DeploymentCost]:
    """One process of the operator for each number of deployments."""
    with ControlPlane() as plane:
        found = original(plane)
        with empty_world(plane) as world:
            integration = yaml.safe_load((EXAMPLES / "10-integration.yaml").read_text())
            integration["spec"]["managementPolicy"] = "Observe"  # it is not what is looked at
            plane.apply(yaml.safe_dump(integration))
            return [_cost(world, found, count) for count in RESYNC_SECONDS]


def _cost(world: BenchWorld, found: Original, count: int) -> DeploymentCost:
    known = len(world.all(DATABASE_SERVICE_DEPLOYMENT.plural))
    set_resync(world, RESYNC_SECONDS[count])
    add_to_teleport(world, found, range(known, count))
    add_to_kubernetes(world, found, range(known, count), RESYNC_SECONDS[count])
    with replayed(found, count) as aws:
        world.start_operator(AWS_ENDPOINT_URL=aws.url, **_AS_IN_THE_IMAGE)

        def is_ready() -> bool:
            return aws.calls() > 0 and ready_deployments(world) == count

        until(is_ready, "all are Ready", _TIMEOUT_SECONDS, _TICK_SECONDS)
        passes = max(count, _LOOKS)
        start = _after(world, aws, _look(world, aws).passes + min(count, _SETTLING))
        end = _after(world, aws, start.passes + passes)
        world.stack.operator.stop()
    share = count / (end.passes - start.passes)
    return DeploymentCost(
        count=count,
        calls=(end.calls - start.calls) * share,
        cpu=(end.cpu - start.cpu) * share,
        memory=end.memory,
        seconds=(end.pass_seconds - start.pass_seconds) / (end.passes - start.passes),
    )


def _after(world: BenchWorld, aws: Replayed, passes: float) -> _Look:
    """The look at which there were so many passes."""
    until(lambda: _look(world, aws).passes >= passes, "all had a pass", _TIMEOUT_SECONDS, _TICK_SECONDS)
    return _look(world, aws)


def _look(world: BenchWorld, aws: Replayed) -> _Look:
    metrics = _metrics(world)
    controller = DATABASE_SERVICE_DEPLOYMENT.kind.lower()
    return _Look(
        passes=metrics.passes(DATABASE_SERVICE_DEPLOYMENT),
        pass_seconds=metrics.total("controller_runtime_reconcile_time_seconds_sum", controller=controller),
        cpu=metrics.value(CPU_SECONDS),
        memory=metrics.value("process_resident_memory_bytes"),
        calls=aws.calls(),
    )


def _metrics(world: BenchWorld) -> Metrics:
    """On a busy machine an operator in the midst of a thousand passes answers late. Raises TimeoutError."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(TimeoutError):
            return world.metrics()
    return world.metrics()
