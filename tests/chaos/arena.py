"""Where the runs take place: one Kubernetes, AWS and Teleport for all of them, made empty for each."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import yaml

from hack.sandbox.aws.ecs.timing import INSTANT
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import World
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.gate import Gate, Reads
from hack.sandbox.kubernetes_gate import KubernetesGate
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.stack import (
    OPERATOR_NAMESPACE,
    SERVICE_ACCOUNT,
    install,
    lease_rights,
    operator_environment,
)
from hack.sandbox.teleport.agents import AgentTiming
from hack.sandbox.teleport.server import TeleportSandbox
from tests.chaos.masks import Mask
from tests.chaos.stage import Stage
from tests.chaos.state import State, read_state
from tests.chaos.workloads import REGION, Workload, aliases
from tests.cluster.kubernetes_api import Namespace
from tests.cluster.permitted import Asked
from tests.cluster.scene import EVERY_SERVICE_ACCOUNT

_JOIN_DELAY = timedelta(seconds=0.1)
_POLL_SECONDS = "0.1"
VERSION = "18.6.4"
"""Of the Teleport cluster, at first."""


@dataclass(frozen=True)
class Scene:
    """What one run acts in."""

    workload: Workload
    stage: Stage

    @property
    def namespace(self) -> Namespace:
        return self.stage.namespace

    @property
    def mask(self) -> Mask:
        return self.stage.mask

    def act(self) -> None:
        """Do what the user does."""
        self.workload.act(self.stage)

    def is_done(self) -> bool:
        """Whether everything has come of it that shall come."""
        return self.workload.done(self.stage)

    def sequel(self, workload: Workload) -> "Scene":
        """The same scene, with what the user does next."""
        return Scene(workload, self.stage)


@dataclass(frozen=True)
class Arena:
    """The sandboxes, with every way into them gated, and the operator's process."""

    plane: ControlPlane
    kubernetes: KubernetesGate
    aws: AwsSandbox
    teleport: TeleportSandbox
    operator: OperatorProcess
    second: OperatorProcess
    """Stands by, in the runs that start it."""
    world: World
    """Builds and reads in AWS, past the gate."""

    @contextmanager
    def scene(self, workload: Workload) -> Iterator[Scene]:
        """An empty world with the workload's seed in it. The operators are dead before and after.

        Raises AssertionError: the policy for the manifests that were there does not allow what was asked of AWS.
        """
        self.aws.reset()
        self.teleport.reset()
        self.teleport.version = VERSION
        name = f"chaos-{uuid4().hex[:8]}"
        demo = workload.seed(self.world, self.teleport)
        mask = Mask({**aliases(demo), name: "<namespace>"})
        with Namespace(self.plane.admin_kubeconfig, name) as namespace:
            self.plane.apply(yaml.safe_dump_all(lease_rights(name, EVERY_SERVICE_ACCOUNT)))
            self.aws.witness = asked = Asked()
            try:
                yield Scene(workload, Stage(namespace, self.world, self.teleport, demo, mask))
            finally:
                self.operator.kill()
                self.second.kill()
                self.kubernetes.away = False
                self.guard(None)
                self.show(None)
            asked.judge(namespace.written)

    def guard(self, gate: Gate | None) -> None:
        """Have every write of the operator pass this gate."""
        self.kubernetes.gate = self.aws.gate = self.teleport.gate = gate

    def show(self, reads: Reads | None) -> None:
        """Have every read of the operator answered by these."""
        self.kubernetes.reads = self.aws.reads = self.teleport.reads = reads

    def start_operator(self, scene: Scene) -> None:
        """A fresh process, which serves the scene's namespace alone. Does not wait until it is ready."""
        self.operator.start(**settings(scene))

    def state(self, scene: Scene) -> State:
        """What is there now, masked."""
        state = read_state(self.world, REGION, self.teleport, scene.namespace)
        masked: State = scene.mask.value(state)
        return masked


def settings(scene: Scene) -> dict[str, str]:
    """Of an operator that serves a scene. Each scene has a Lease of its own."""
    name = scene.namespace.name
    return {"RDS_ENROLLMENT_WATCH_NAMESPACES": name, "RDS_ENROLLMENT_LEASE_NAMESPACE": name}


@contextmanager
def open_arena(folder: Path) -> Iterator[Arena]:
    """Everything up, the operator installed with the chart's rights and not started. `folder` takes its files."""
    with ExitStack() as stack:
        plane = stack.enter_context(ControlPlane())
        aws = stack.enter_context(AwsSandbox(timing=INSTANT))
        teleport = stack.enter_context(
            TeleportSandbox(tasks=aws, agent_timing=AgentTiming(join_delay=_JOIN_DELAY))
        )
        kubernetes = stack.enter_context(KubernetesGate(plane.server, plane.ca))
        install(plane)
        kubeconfig = plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, SERVICE_ACCOUNT, folder / "operator.kubeconfig", server=kubernetes.url
        )
        environment = operator_environment(aws.url, teleport, kubeconfig)
        environment["RDS_ENROLLMENT_POLL_SECONDS"] = _POLL_SECONDS
        environment["RDS_ENROLLMENT_MAX_DELETIONS_PER_HOUR"] = "1000"
        operator = OperatorProcess(environment, folder / "operator.log")
        second = OperatorProcess(environment, folder / "second.log")
        stack.callback(operator.kill)
        stack.callback(second.kill)
        yield Arena(plane, kubernetes, aws, teleport, operator, second, World(aws.url))
