"""The worlds in which the job is done, and who may ask what of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hack.bench.apply_to_ready import seed
from hack.bench.world import EXAMPLES, BenchWorld, empty_world
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.kubernetes_gate.server import KubernetesGate


@contextmanager
def seeded_world(plane: ControlPlane) -> Iterator[BenchWorld]:
    """One VPC with 100 databases, and the namespace of the examples."""
    plane.apply(EXAMPLES / "00-namespace.yaml")
    with empty_world(plane) as world:
        seed(world)
        yield world


@contextmanager
def counted_api(
    plane: ControlPlane, namespace: str, service_account: str
) -> Iterator[tuple[KubernetesGate, Path]]:
    """A proxy before the API server that counts writes, and a kubeconfig for it of a ServiceAccount."""
    with KubernetesGate(plane.server, plane.ca) as gate, TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        yield gate, plane.service_account_kubeconfig(namespace, service_account, path, gate.url)
