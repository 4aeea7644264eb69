"""`python -m hack.sandbox.controlplane`: a control plane alone, until Ctrl-C.

With `--build-only` it only makes sure that the binaries are there, which takes minutes the first time.
"""

import argparse
import signal
import sys
import threading

from hack.sandbox.controlplane.binaries import locate
from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.plane import ControlPlane
from hack.sandbox.controlplane.progress import report


def main() -> int:
    """Return the exit code: 1 when the control plane cannot be built or started."""
    parser = argparse.ArgumentParser(prog="python -m hack.sandbox.controlplane")
    parser.add_argument("--build-only", action="store_true", help="find or build the binaries, then exit")
    arguments = parser.parse_args()
    try:
        if arguments.build_only:
            locate()
        else:
            _serve_until_signal()
    except ControlPlaneError as error:
        report(str(error))
        return 1
    except KeyboardInterrupt:
        report("interrupted")
        return 130
    return 0


def _serve_until_signal() -> None:
    """Print the administrator's kubeconfig on stdout once the API server is ready, and stay."""
    ended = threading.Event()
    with ControlPlane() as plane:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        print(plane.admin_kubeconfig, flush=True)
        report(f"ready at {plane.server}; logs in {plane.logs}; Ctrl-C ends it")
        report(f"look around: {plane.kubectl} --kubeconfig={plane.admin_kubeconfig} get namespaces")
        ended.wait()


if __name__ == "__main__":
    sys.exit(main())
