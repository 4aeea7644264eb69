"""From the request for the first object to three Ready ones with 100 databases, beside the same calls by hand.

By an operator that has just been started, and by the same one again, once everything was deleted: its clients and
connections are in use then, as the script's clients are made before its clock runs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hack.bench.processes import run_module
from hack.bench.samples import Comparison
from hack.bench.world import CPU_SECONDS, EXAMPLES, REGION, BenchWorld, empty_world
from hack.sandbox.controlplane import ControlPlane

DATABASES = 100
ROUNDS = 5
_TARGET = 1.25
_AS_DEPLOYED = {"RDS_ENROLLMENT_POLL_SECONDS": "15"}
"""The default: nothing of this is waited for by polling."""
OBJECTS = (EXAMPLES / "10-integration.yaml", EXAMPLES / "20-enrollment.yaml")
"""The third object is made from the second."""
_FORGETTING_SECONDS = 16.0
"""More than the poll period: what was read for the first job may be taken for new for so long."""
_DELETE = ("delete", "awsoidc,rdsenroll,dbsvc", "--all", "--namespace=teleport")


@dataclass(frozen=True)
class Round:
    """One run of the job, in seconds: until Ready, and CPU."""

    seconds: float
    own_cpu: float
    """Of the process that does the job."""
    simulation_cpu: float
    """Of this process, in which AWS and Teleport are simulated. The API server's is apart."""


def measure() -> list[Comparison]:
    """Ours and by hand in turn, each in a world of its own."""
    ours: list[Round] = []
    again: list[Round] = []
    by_hand: list[Round] = []
    with ControlPlane() as plane:
        _by_hand(plane)  # what moto does at the first call of each service is nobody's
        for _ in range(ROUNDS):
            by_hand.append(_by_hand(plane))
            first, second = _ours(plane)
            ours.append(first)
            again.append(second)

    def compared(
        what: str, rounds: list[Round], value: Callable[[Round], float], target: float | None = None
    ) -> Comparison:
        return Comparison(what, [*map(value, rounds)], [*map(value, by_hand)], target, "reported")

    job = f"apply → Ready, {DATABASES} databases in one VPC"
    return [
        compared(job, ours, lambda item: item.seconds, _TARGET),
        compared("CPU of the operator, and of the script", ours, lambda item: item.own_cpu),
        compared("CPU of the simulated AWS and Teleport", ours, lambda item: item.simulation_cpu),
        compared(f"{job}, by an operator that did it before", again, lambda item: item.seconds),
        compared("CPU of that operator, and of the script", again, lambda item: item.own_cpu),
        compared("CPU of the simulated AWS and Teleport then", again, lambda item: item.simulation_cpu),
    ]


def _ours(plane: ControlPlane) -> tuple[Round, Round]:
    """The first job of an operator, and its second one, in the same region."""
    with empty_world(plane) as world:
        seed(world)
        world.start_operator(**_AS_DEPLOYED)
        plane.apply(EXAMPLES / "00-namespace.yaml")
        first = _job(world)
        plane.run_kubectl(*_DELETE)
        time.sleep(_FORGETTING_SECONDS)
        second = _job(world)
        plane.run_kubectl(*_DELETE)
        world.stack.operator.stop()  # gives its Lease up: the next one would wait for that otherwise
    return first, second


def _job(world: BenchWorld) -> Round:
    own, simulation = world.operator_metric(CPU_SECONDS), time.process_time()
    began = time.monotonic()
    world.create(*OBJECTS)
    seconds = world.wait_ready() - began
    simulation = time.process_time() - simulation
    return Round(seconds, world.operator_metric(CPU_SECONDS) - own, simulation)


def _by_hand(plane: ControlPlane) -> Round:
    with empty_world(plane) as world:
        seed(world)
        simulation = time.process_time()
        seconds, own = by_hand_in(world)
        return Round(seconds, own, time.process_time() - simulation)


def by_hand_in(world: BenchWorld) -> tuple[float, float]:
    """Seconds of the job by hand in a world, and those of its process's CPU."""
    seconds, cpu = map(float, run_module(world, "hack.bench.by_hand", REGION).split())
    return seconds, cpu


def seed(world: BenchWorld) -> None:
    """One VPC with the databases."""
    builder = world.stack.world
    vpc = builder.seed_vpc(REGION, "bench")
    for number in range(DATABASES):
        builder.seed_instance(vpc, f"db-{number}")
