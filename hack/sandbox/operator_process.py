"""The operator as a process of its own: started, watched over HTTP, stopped or killed."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from hack.sandbox.controlplane.processes import GuardedProcess
from hack.sandbox.controlplane.servers import free_ports

_LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.05
_SCRAPE_SECONDS = 10
"""Prometheus's default `scrape_timeout`."""
# Of the caller's environment only what a process needs: no AWS or Kubernetes setting may leak in.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class OperatorError(Exception):
    """The operator did not do what was asked of it; the message ends with its last lines."""


class OperatorProcess:
    """`rds-enrollment run` with these settings, as environment variables. Its log grows over restarts."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.http_port = free_ports(1)[0]
        self._environment = {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            **environment,
            "RDS_ENROLLMENT_HTTP_ADDRESS": f"{_LOOPBACK}:{self.http_port}",
            # As a container that is started again in its pod: it waits for nobody.
            "RDS_ENROLLMENT_LEASE_IDENTITY": f"operator-{self.http_port}",
        }
        self._process: GuardedProcess | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Its variables, but for those of a single run."""
        return dict(self._environment)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.exit_code() is None

    @property
    def pid(self) -> int:
        """Raises ProcessLookupError when it has ended."""
        return self._started().pid

    def start(self, **overrides: str) -> None:
        """Start it, with some variables changed for this run; does not wait until it is ready."""
        if self.running:
            raise OperatorError("the operator runs already")
        command = [str(Path(sys.executable).with_name("rds-enrollment")), "run"]
        self._process = GuardedProcess("operator", command, self.log, {**self._environment, **overrides})

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until /readyz says yes. Raises OperatorError when it ends, or does not within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.probe("/readyz") != 200:
            if not self.running:
                raise OperatorError(f"the operator has ended:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise OperatorError(f"the operator is not ready within {timeout:.0f} s:\n{self._tail()}")
            time.sleep(_POLL_SECONDS)

    def probe(self, path: str) -> int:
        """HTTP status of a path; 0 while nothing listens."""
        try:
            with urllib.request.urlopen(self._url(path), timeout=5) as answer:  # noqa: S310 (loopback http)
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def read(self, path: str) -> str:
        """Body of a path, such as /metrics. Raises OSError."""
        with urllib.request.urlopen(self._url(path), timeout=_SCRAPE_SECONDS) as answer:  # noqa: S310 (loopback http)
            return str(answer.read().decode())

    def problems(self) -> str:
        """What /readyz complains about; empty when it is ready, or while nothing listens."""
        try:
            self.read("/readyz")
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            pass
        return ""

    def stop(self, timeout: float = 15.0) -> int:
        """SIGTERM, and the exit code. Raises OperatorError when it has not ended within `timeout` seconds."""
        process = self._started()
        process.terminate()
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            process.stop()
            raise OperatorError(f"no end within {timeout:.0f} s of SIGTERM:\n{self._tail()}") from error

    def pause(self) -> None:
        """Stop it where it is, as a machine that is suspended does."""
        self._started().pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._started().resume()

    def wait_exit(self, timeout: float = 30.0) -> int:
        """The exit code of a process that ends by itself."""
        return self._started().wait(timeout)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone; nothing when it does not run."""
        if self._process is not None:
            self._process.stop()

    def _started(self) -> GuardedProcess:
        if self._process is None:
            raise OperatorError("the operator was never started")
        return self._process

    def _tail(self) -> str:
        return self._started().log_tail()

    def _url(self, path: str) -> str:
        return f"http://{_LOOPBACK}:{self.http_port}{path}"
