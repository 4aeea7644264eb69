"""Waits until an API server says that it is ready."""

import http.client
import ssl
import time
from collections.abc import Sequence

from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.pki import Pki
from hack.sandbox.controlplane.processes import GuardedProcess
from hack.sandbox.controlplane.servers import LOOPBACK

_POLL_SECONDS = 0.05
_PROBE_SECONDS = 2.0


class PortTaken(ControlPlaneError):  # noqa: N818 - says what happened, as OSError's subclasses do
    """Another process took a port between its choice and its use: start again with others."""


def wait_ready(port: int, pki: Pki, processes: Sequence[GuardedProcess], timeout: float) -> None:
    """Poll /readyz until it answers 200, for at most `timeout` seconds.

    Raises:
        PortTaken: a process could not bind its port.
        ControlPlaneError: a process ended or the time is over; with the end of the output.
    """
    # Anonymous requests are refused, to health checks too.
    context = ssl.create_default_context(cafile=str(pki.ca))
    context.load_cert_chain(pki.admin_cert, pki.admin_key)
    deadline = time.monotonic() + timeout
    while not _is_ready(port, context):
        for process in processes:
            _raise_if_ended(process)
        if time.monotonic() > deadline:
            tails = "\n".join(f"{process.name}: {process.log_tail()}" for process in processes)
            raise ControlPlaneError(f"the API server was not ready after {timeout:.0f} s\n{tails}")
        time.sleep(_POLL_SECONDS)


def _is_ready(port: int, context: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection(LOOPBACK, port, timeout=_PROBE_SECONDS, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _raise_if_ended(process: GuardedProcess) -> None:
    code = process.exit_code()
    if code is None:
        return
    tail = process.log_tail()
    kind = PortTaken if "address already in use" in tail else ControlPlaneError
    raise kind(f"{process.name} ended with code {code} before it was ready:\n{tail}")
