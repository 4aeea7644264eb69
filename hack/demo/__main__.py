"""`make demo`: from nothing to databases in Teleport behind running agents.

Stays up until Ctrl-C; with DEMO_ONCE=1 in the environment it ends by itself.
"""

import os
import signal
import sys
import threading
import time

from rich.console import Console

from hack.demo.inventory import show
from hack.demo.progress import KINDS, NotReadyError, follow
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.controlplane import ControlPlane, ControlPlaneError
from hack.sandbox.operator_process import OperatorError
from hack.sandbox.stack import ROOT, Stack, stack
from hack.sandbox.teleport.server import TeleportSandbox

OBJECTS = 3
"""Two that are applied, and the deployment that the enrolment generates."""
TIMEOUT_SECONDS = 180.0
REGION = "us-west-1"


def main() -> int:
    """The exit code: 0 when the objects became Ready."""
    console = Console(highlight=False, soft_wrap=True)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with (
            ControlPlane() as plane,
            AwsSandbox() as aws,
            TeleportSandbox(tasks=aws) as teleport,
            stack(plane, aws, teleport) as everything,
        ):
            _demonstrate(everything, console)
            if os.environ.get("DEMO_ONCE") != "1":
                _stay(everything, console, stop)
    except (ControlPlaneError, OperatorError, NotReadyError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    return 0


def _demonstrate(everything: Stack, console: Console) -> None:
    began = time.monotonic()
    console.print(
        "Kubernetes, AWS and Teleport are up on loopback. An AWS account with a VPC and three databases:"
    )
    world = everything.world.demo_world(REGION)
    console.print(
        f"  {world.vpc.id} with {', '.join(item.identifier for item in (*world.instances, *world.clusters))}"
    )
    everything.operator.start()
    everything.operator.wait_ready()
    console.print("The operator runs. kubectl apply -f examples/")
    everything.plane.apply(ROOT / "examples")
    follow(everything.plane, console, OBJECTS, TIMEOUT_SECONDS)
    console.print(f"\nReady, {time.monotonic() - began:.0f} s after the sandbox was up.\n")
    console.print(everything.plane.run_kubectl("get", KINDS, "--all-namespaces"))
    show(console, everything.world, everything.teleport, REGION)


def _stay(everything: Stack, console: Console, stop: threading.Event) -> None:
    kubectl = f"KUBECONFIG={everything.plane.admin_kubeconfig} {everything.plane.kubectl}"
    console.print("\nLook further, for example:")
    console.print(f"  {kubectl} describe dbsvc --namespace teleport")
    console.print(f"  {kubectl} delete rdsenroll,awsoidc --all --namespace teleport")
    console.print(f"  curl http://127.0.0.1:{everything.operator.http_port}/metrics")
    console.print(f"  tail -f {everything.operator.log}")
    console.print(f"  AWS_ENDPOINT_URL={everything.aws.url} aws ecs list-clusters --region {REGION}")
    console.print("\nCtrl-C ends it.")
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
