"""Times the bare loop: from a question's patch to the sight of its answer."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hack.bench.arrivals import Arrivals, Object
from hack.bench.bare_loop import Chains
from hack.bench.processes import environment
from hack.bench.world import REGION, BenchWorld
from hack.sandbox.stack import ROOT

_NAMESPACE = "default"


class BareLoop:
    """A running bare loop and its one ConfigMap."""

    def __init__(self, world: BenchWorld, arrivals: Arrivals, name: str) -> None:
        self._world = world
        self._arrivals = arrivals
        self._name = name
        self._number = 0

    def ask(self) -> float:
        """Seconds from the patch's start to the arrival of the answer."""
        self._number += 1
        text = str(self._number)
        began = time.monotonic()
        self._world.core.patch_namespaced_config_map(self._name, _NAMESPACE, {"data": {"asked": text}})

        def is_answered(found: Object) -> bool:
            data = found.get("data") or {}
            return found["metadata"]["name"] == self._name and data.get("answered") == text

        return self._arrivals.wait(is_answered) - began


@contextmanager
def bare_loop(world: BenchWorld, name: str = "question", chains: Chains = ()) -> Iterator[BareLoop]:
    """Start a loop against the world's API server, warm. `chains`: the calls to AWS that it makes before it answers."""
    kubeconfig = str(world.stack.plane.admin_kubeconfig)
    world.core.create_namespaced_config_map(_NAMESPACE, {"metadata": {"name": name}, "data": {}})
    command = [sys.executable, "-m", "hack.bench.bare_loop", kubeconfig, _NAMESPACE, name, json.dumps(chains)]
    variables = {**os.environ, **environment(world), "AWS_DEFAULT_REGION": REGION}
    process = subprocess.Popen(command, cwd=ROOT, env=variables)
    try:
        with Arrivals(world.core.list_namespaced_config_map, _NAMESPACE) as arrivals:
            loop = BareLoop(world, arrivals, name)
            loop.ask()
            yield loop
    finally:
        process.kill()
        process.wait()
