"""The worlds in which the job is done, and who may ask what of them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import KINDS

from hack.bench.apply_to_ready import seed
from hack.bench.world import EXAMPLES, NAMESPACE, BenchWorld, empty_world
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.kubernetes_gate.server import KubernetesGate
from hack.sandbox.stack import ROOT


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


def environment(world: BenchWorld) -> dict[str, str]:
    """Of a process that finds this AWS by boto3's variables."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": world.stack.aws.url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "NO_PROXY": "127.0.0.1",
    }


def run_module(world: BenchWorld, module: str, region: str) -> str:
    """What a module prints that is given Teleport's address, an identity file and a region.

    Raises CalledProcessError.
    """
    teleport = world.stack.teleport
    command = [sys.executable, "-m", module, teleport.address, str(teleport.identity_file), region]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(world), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def remove_objects(world: BenchWorld) -> None:
    """All objects of our kinds, whatever finalizers say."""
    for kind in KINDS.values():
        for found in world.all(kind.plural):
            named = (GROUP, VERSION, NAMESPACE, kind.plural, found["metadata"]["name"])
            world.objects.delete_namespaced_custom_object(*named)
            world.objects.patch_namespaced_custom_object(*named, {"metadata": {"finalizers": None}})


def until(is_so: Callable[[], bool], what: str, timeout: float = 300.0, tick: float = 0.05) -> None:
    """Look again and again, each `tick` seconds. Raises TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:.0f} s: {what}")
        time.sleep(tick)
