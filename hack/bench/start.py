"""The operator's start, beside an interpreter that imports kopf and boto3 and lists the objects once."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable

from hack.bench.samples import Comparison, Figure, percentile
from hack.bench.world import CPU_SECONDS, BenchWorld, empty_world
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.proc import MEBIBYTE
from hack.sandbox.stack import ROOT

ROUNDS = 5
_TICK_SECONDS = 0.02
_FLOOR = """
import kopf, boto3, sys
from kubernetes import client, config
config.load_kube_config(sys.argv[1])
client.CustomObjectsApi().list_cluster_custom_object("rds-enrollment.dev", "v1alpha1", "rdsenrollments")
"""


def measure() -> list[Comparison | Figure]:
    """From the start of the process until it holds the Lease and watches, in turn with the floor."""
    ours, floor, cpu, floor_cpu, memory = [], [], [], [], []
    with ControlPlane() as plane, empty_world(plane) as world:
        command = [sys.executable, "-c", _FLOOR, str(plane.admin_kubeconfig)]
        for _ in range(ROUNDS):
            before = _children_cpu()
            floor.append(_timed(lambda: subprocess.run(command, cwd=ROOT, check=True)))
            floor_cpu.append(_children_cpu() - before)
            ours.append(_timed(lambda: _start(world)))
            cpu.append(world.operator_metric(CPU_SECONDS))
            memory.append(world.operator_metric("process_resident_memory_bytes"))
            world.stack.operator.stop()
    return [
        Comparison("process start → watching, with the Lease", ours, floor, target=1.5),
        Comparison("CPU of it", cpu, floor_cpu, target=1.5),
        Figure(
            "resident memory then",
            f"{percentile(memory, 0.5) / MEBIBYTE:.0f} MiB",
            "reported",
        ),
    ]


def _start(world: BenchWorld) -> None:
    operator = world.stack.operator
    operator.start()
    while operator.probe("/readyz") != 200:
        time.sleep(_TICK_SECONDS)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
