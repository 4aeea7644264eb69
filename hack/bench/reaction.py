"""How soon the operator reacts, beside a bare loop that watches and patches on the same API server."""

import time
from uuid import uuid4

from rds_enrollment.api.common import ANNOTATION_RECONCILE, GROUP, VERSION
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT

from hack.bench.arrivals import Arrivals, Object
from hack.bench.bare import bare_loop
from hack.bench.reaction_reads import reads_of_deployment, reads_of_integration
from hack.bench.samples import Comparison
from hack.bench.world import NAMESPACE, BenchWorld, condition_status, converged_world

ROUNDS = 100
_TARGET = 2.0
_NO_POLLS = {"RDS_ENROLLMENT_POLL_SECONDS": "3600"}
_INTEGRATION = "prod-aws"
_TICK_SECONDS = 0.0005


def measure() -> list[Comparison]:
    """Ours and the bare loops in turn, so that a busy machine disturbs all."""
    heartbeat: list[float] = []
    status: list[float] = []
    call: list[float] = []
    floor: list[float] = []
    as_status: list[float] = []
    as_heartbeat: list[float] = []
    with (
        converged_world(**_NO_POLLS) as world,
        bare_loop(world) as bare,
        bare_loop(world, "integration", reads_of_integration(world)) as reading_integration,
        bare_loop(world, "deployment", reads_of_deployment(world)) as reading_deployment,
        world.arrivals(DATABASE_SERVICE_DEPLOYMENT.plural) as deployments,
        world.arrivals(AWS_OIDC_INTEGRATION.plural) as integrations,
    ):
        for _ in range(ROUNDS):
            heartbeat.append(_heartbeat_to_condition(world, deployments))
            floor.append(bare.ask())
            as_heartbeat.append(reading_deployment.ask())
            as_status.append(reading_integration.ask())
            status.append(_request_to_status(world, integrations))
            call.append(_request_to_call(world, integrations))
    condition, handled = (
        "agent's heartbeat → `TunnelConnected=True`",
        "reconcile request → `lastHandledReconcileAt` in status",
    )
    return [
        Comparison(condition, heartbeat, floor, aim="p99 below 1 s"),
        Comparison("reconcile request → first AWS call", call, floor, _TARGET),
        Comparison(handled, status, floor, aim="reported"),
        Comparison(f"{condition}; floor with the same AWS calls", heartbeat, as_heartbeat, aim="reported"),
        Comparison(f"{handled}; floor with the same AWS calls", status, as_status, aim="reported"),
    ]


def _heartbeat_to_condition(world: BenchWorld, arrivals: Arrivals) -> float:
    """One agent is lost and comes back; seconds from its return to the sight of the condition."""
    services = world.stack.teleport.resources.database_services
    lost, *_ = services.list()
    services.discard(lost.Header.Metadata.Name)
    arrivals.wait(lambda found: condition_status(found, "TunnelConnected") == "False")
    began = time.monotonic()
    services.put(lost)
    return arrivals.wait(lambda found: condition_status(found, "TunnelConnected") == "True") - began


def _request_to_status(world: BenchWorld, arrivals: Arrivals) -> float:
    token = uuid4().hex
    began = time.monotonic()
    _request(world, token)
    return arrivals.wait(lambda found: _is_handled(found, token)) - began


def _request_to_call(world: BenchWorld, arrivals: Arrivals) -> float:
    token = uuid4().hex
    calls = world.stack.aws.calls
    before = calls.counts.total()
    began = time.monotonic()
    _request(world, token)
    while calls.counts.total() == before:
        time.sleep(_TICK_SECONDS)
    seconds = time.monotonic() - began
    arrivals.wait(lambda found: _is_handled(found, token))
    return seconds


def _request(world: BenchWorld, token: str) -> None:
    world.objects.patch_namespaced_custom_object(
        GROUP,
        VERSION,
        NAMESPACE,
        AWS_OIDC_INTEGRATION.plural,
        _INTEGRATION,
        {"metadata": {"annotations": {ANNOTATION_RECONCILE: token}}},
    )


def _is_handled(found: Object, token: str) -> bool:
    return bool(found.get("status", {}).get("lastHandledReconcileAt") == token)
