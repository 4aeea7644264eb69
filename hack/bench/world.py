"""The worlds that a bench measures in: task start 0 ms, 20 ms for each AWS call, 5 ms for Teleport's."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.runtime.garbage import spare_the_event_loop

from hack.bench.arrivals import Arrivals
from hack.sandbox.aws.ecs.timing import INSTANT
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.metrics import Metrics
from hack.sandbox.stack import ROOT, Stack, stack
from hack.sandbox.teleport.agents import AgentTiming
from hack.sandbox.teleport.server import TeleportSandbox

NAMESPACE = "teleport"
REGION = "us-west-1"
AWS_CALL_SECONDS = 0.02
TELEPORT_CALL_SECONDS = 0.005
_TIMEOUT_SECONDS = 120.0
CPU_SECONDS = "process_cpu_seconds_total"
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class BenchWorld:
    """The sandbox as a bench sees it."""

    stack: Stack
    objects: Any
    """kubernetes.client.CustomObjectsApi of the administrator."""
    core: Any
    """kubernetes.client.CoreV1Api of the administrator."""

    def all(self, plural: str) -> list[dict[str, Any]]:
        """The objects of a kind."""
        listing = self.objects.list_namespaced_custom_object(GROUP, VERSION, NAMESPACE, plural)
        items: list[dict[str, Any]] = listing["items"]
        return items

    def create(self, *manifests: Path) -> None:
        """Create objects of our kinds, each from a file with one."""
        plural = {kind.kind: kind.plural for kind in KINDS.values()}
        for path in manifests:
            body = yaml.safe_load(path.read_text())
            self.objects.create_namespaced_custom_object(
                GROUP, VERSION, NAMESPACE, plural[body["kind"]], body
            )

    def start_operator(self, **settings: str) -> None:
        """Start it with these environment variables on top, and wait until it is ready."""
        self.stack.operator.start(**settings)
        self.stack.operator.wait_ready()

    def operator_metric(self, name: str) -> float:
        """The value of a series of the operator's that has no labels."""
        return self.metrics().value(name)

    def metrics(self) -> Metrics:
        """What the operator's /metrics says now."""
        return Metrics.parse(self.stack.operator.read("/metrics"))

    def arrivals(self, plural: str) -> Arrivals:
        """A watch over the objects of a kind."""
        return Arrivals(self.objects.list_namespaced_custom_object, GROUP, VERSION, NAMESPACE, plural)

    def wait_ready(self) -> float:
        """The monotonic time in seconds at which one object of each kind had arrived here as Ready.

        By watching: this process serves the sandboxes, too, which polls would slow down. Raises TimeoutError.
        """
        with ExitStack() as stack:
            watches = [stack.enter_context(self.arrivals(kind.plural)) for kind in KINDS.values()]
            return max(watch.wait(_is_ready, _TIMEOUT_SECONDS) for watch in watches)


@contextmanager
def empty_world(plane: ControlPlane) -> Iterator[BenchWorld]:
    """An AWS and a Teleport with nothing in them, beside a control plane; the operator is not started."""
    timing = AgentTiming(join_delay=timedelta(0))
    with (
        AwsSandbox(timing=INSTANT, latency=AWS_CALL_SECONDS) as aws,
        TeleportSandbox(tasks=aws, agent_timing=timing, latency=TELEPORT_CALL_SECONDS) as teleport,
        stack(plane, aws, teleport) as everything,
    ):
        spare_the_event_loop()  # a look of this process at all of moto's objects would stop every simulation
        api = config.new_client_from_config(str(plane.admin_kubeconfig))  # type: ignore[no-untyped-call]
        yield BenchWorld(everything, client.CustomObjectsApi(api), client.CoreV1Api(api))


@contextmanager
def converged_world(**settings: str) -> Iterator[BenchWorld]:
    """The demo with its three objects Ready. Agents beat no more by themselves then.

    `settings` are environment variables of the operator. Raises TimeoutError when they do not become Ready.
    """
    with ControlPlane() as plane, empty_world(plane) as world:
        world.stack.world.demo_world(REGION)
        world.start_operator(**settings)
        plane.apply(EXAMPLES)
        world.wait_ready()
        world.stack.teleport.agents.timing.heartbeat_interval = timedelta(hours=1)
        yield world


def _is_ready(found: Any) -> bool:
    return condition_status(found, "Ready") == "True"


def condition_status(found: Any, type_: str) -> str:
    """Status of a condition of an object; empty when it has no such condition."""
    conditions = found.get("status", {}).get("conditions", ())
    return next((str(entry["status"]) for entry in conditions if entry["type"] == type_), "")
