"""Runs kubectl against one control plane."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from hack.sandbox.controlplane.errors import ControlPlaneError

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Kubectl:
    """kubectl with one kubeconfig, and a discovery cache of its own.

    The default cache is keyed by host and port, which on loopback belong to another control plane tomorrow.
    """

    executable: Path
    kubeconfig: Path
    cache: Path

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what kubectl prints.

        Raises:
            ControlPlaneError: kubectl failed (with its message) or hung.
        """
        command = [str(self.executable), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cache}"]
        shown = " ".join(["kubectl", *arguments])
        try:
            answer = subprocess.run(
                [*command, *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise ControlPlaneError(f"{shown}: no answer within {_TIMEOUT_SECONDS} s") from error
        if answer.returncode != 0:
            raise ControlPlaneError(f"{shown}: {answer.stderr.strip()}")
        return answer.stdout
