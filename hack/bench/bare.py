"""Times the bare loop: from a question's patch to the sight of its answer."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hack.bench.arrivals import Arrivals, Object
from hack.bench.world import BenchWorld
from hack.sandbox.stack import ROOT

_NAMESPACE = "default"
_NAME = "question"


class BareLoop:
    """A running bare loop and its one ConfigMap."""

    def __init__(self, world: BenchWorld, arrivals: Arrivals) -> None:
        self._world = world
        self._arrivals = arrivals
        self._number = 0

    def ask(self) -> float:
        """Seconds from the patch's start to the arrival of the answer."""
        self._number += 1
        text = str(self._number)
        began = time.monotonic()
        self._world.core.patch_namespaced_config_map(_NAME, _NAMESPACE, {"data": {"asked": text}})

        def is_answered(found: Object) -> bool:
            data = found.get("data") or {}
            return found["metadata"]["name"] == _NAME and data.get("answered") == text

        return self._arrivals.wait(is_answered) - began


@contextmanager
def bare_loop(world: BenchWorld) -> Iterator[BareLoop]:
    """Start the loop against the world's API server, warm."""
    kubeconfig = str(world.stack.plane.admin_kubeconfig)
    world.core.create_namespaced_config_map(_NAMESPACE, {"metadata": {"name": _NAME}, "data": {}})
    command = [sys.executable, "-m", "hack.bench.bare_loop", kubeconfig, _NAMESPACE]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        with Arrivals(world.core.list_namespaced_config_map, _NAMESPACE) as arrivals:
            loop = BareLoop(world, arrivals)
            loop.ask()
            yield loop
    finally:
        process.kill()
        process.wait()
