"""`python -m hack.sandbox.controlplane`: a control plane alone, until Ctrl-C."""

import signal
import sys
import threading

from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.plane import ControlPlane
from hack.sandbox.controlplane.progress import report


def main() -> int:
    """Print the administrator's kubeconfig on stdout and stay; 1 when the control plane does not start."""
    ended = threading.Event()
    try:
        with ControlPlane() as plane:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: ended.set())
            print(plane.admin_kubeconfig, flush=True)
            report(f"ready at {plane.server}; logs in {plane.logs}; Ctrl-C ends it")
            report(f"look around: {plane.kubectl} --kubeconfig={plane.admin_kubeconfig} get namespaces")
            ended.wait()
    except ControlPlaneError as error:
        report(str(error))
        return 1
    except KeyboardInterrupt:
        report("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
