"""Starts and stops one control plane."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from hack.sandbox.controlplane import kubeconfig, servers
from hack.sandbox.controlplane.binaries import Binaries, locate
from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.kubectl import Kubectl
from hack.sandbox.controlplane.pki import Pki, create_pki
from hack.sandbox.controlplane.processes import GuardedProcess
from hack.sandbox.controlplane.readiness import PortTaken, wait_ready

_PORT_ATTEMPTS = 3
_CREDENTIAL_LIFETIME = "24h"


class ControlPlane:
    """A Kubernetes API server on loopback, with RBAC on and the administrator's kubeconfig at hand.

    A context manager: ready inside the `with` block, gone after it. Owner references are collected and
    deleted namespaces emptied, as in a cluster; there are no nodes and no pods run.

    Args:
        folder: keeps keys, data and logs, and stays afterwards; by default a temporary one.
        binaries: what to run; by default what `binaries.locate` finds or builds.
        start_timeout: seconds until a start that hangs is given up.
    """

    def __init__(
        self,
        folder: Path | None = None,
        binaries: Binaries | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        self._given_folder = folder
        self._given_binaries = binaries
        self._start_timeout = start_timeout
        self._processes: list[GuardedProcess] = []
        self._kubectl: Kubectl | None = None
        self.folder = Path()
        self.server = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until the API server is ready.

        Raises:
            ControlPlaneError: no binaries, or a process ended or hung; the message ends with its output.
        """
        binaries = self._given_binaries or locate()
        self.folder = self._given_folder or Path(tempfile.mkdtemp(prefix="controlplane-"))
        try:
            self._start_in(self.folder, binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill the processes and remove the temporary folder; safe to repeat."""
        self._stop_processes()
        self._kubectl = None
        if self._given_folder is None and self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def admin_kubeconfig(self) -> Path:
        """Kubeconfig of a member of `system:masters`."""
        return self._running().kubeconfig

    @property
    def kubectl(self) -> Path:
        """The kubectl executable of the API server's own release."""
        return self._running().executable

    @property
    def logs(self) -> Path:
        """Folder with one file of output per process."""
        return self.folder / "logs"

    @property
    def ca(self) -> Path:
        """PEM certificate of the authority that signed the API server's certificate."""
        return self.folder / "pki" / "ca.crt"

    def run_kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator and return what it prints.

        Raises:
            ControlPlaneError: kubectl failed; with its message.
        """
        return self._running().run(*arguments, stdin=stdin)

    def apply(self, manifest: Path | str) -> None:
        """Apply a file, a folder, or YAML text, server-side, as the administrator.

        Raises:
            ControlPlaneError: the API server refused it; with its message.
        """
        source = str(manifest) if isinstance(manifest, Path) else "-"
        text = manifest if isinstance(manifest, str) else None
        self.run_kubectl("apply", "--server-side", f"--filename={source}", stdin=text)

    def service_account_kubeconfig(
        self, namespace: str, name: str, path: Path, server: str | None = None
    ) -> Path:
        """Write a kubeconfig with a fresh token (TokenRequest API) of an existing ServiceAccount.

        `server` is the URL to write instead of the API server's own, for a proxy in front of it; an https
        proxy has to present a certificate of this control plane's authority.

        Raises:
            ControlPlaneError: there is no such ServiceAccount.
        """
        token = self.run_kubectl(
            "create", "token", name, f"--namespace={namespace}", f"--duration={_CREDENTIAL_LIFETIME}"
        ).strip()
        url = server or self.server
        ca = self.ca if url.startswith("https://") else None
        return kubeconfig.write_kubeconfig(path, url, ca, {"token": token}, namespace)

    def _running(self) -> Kubectl:
        if self._kubectl is None:
            raise ControlPlaneError("the control plane is not running: use it within its `with` block")
        return self._kubectl

    def _start_in(self, folder: Path, binaries: Binaries) -> None:
        for part in ("pki", "logs"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        pki = create_pki(folder / "pki")
        port = self._start_api(folder, binaries, pki)
        self.server = f"https://{servers.LOOPBACK}:{port}"
        admin = kubeconfig.write_kubeconfig(
            folder / "admin.kubeconfig", self.server, pki.ca, kubeconfig.client_certificate_user(pki)
        )
        self._start("kube-controllers", servers.controllers_command(binaries, admin))
        self._kubectl = Kubectl(binaries.kubectl, admin, folder / "kubectl-cache")

    def _start_api(self, folder: Path, binaries: Binaries, pki: Pki) -> int:
        """Start etcd and kube-apiserver and return the port; again with other ports when one was taken."""
        for _ in range(_PORT_ATTEMPTS - 1):
            try:
                return self._try_start_api(folder, binaries, pki)
            except PortTaken:
                self._stop_processes()
        return self._try_start_api(folder, binaries, pki)

    def _try_start_api(self, folder: Path, binaries: Binaries, pki: Pki) -> int:
        port, etcd_port, peer_port = servers.free_ports(3)
        data = Path(tempfile.mkdtemp(prefix="etcd-", dir=folder))
        self._start("etcd", servers.etcd_command(binaries, data, etcd_port, peer_port))
        apiserver = servers.apiserver_command(binaries, pki, folder / "pki", port, etcd_port)
        self._start("kube-apiserver", apiserver)
        wait_ready(port, pki, self._processes, self._start_timeout)
        return port

    def _start(self, name: str, command: list[str]) -> None:
        log = self.logs / f"{name}.log"
        # What an earlier attempt said must not explain the failure of this one.
        log.unlink(missing_ok=True)
        self._processes.append(GuardedProcess(name, command, log))

    def _stop_processes(self) -> None:
        # The API server first: without etcd it would only log errors.
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
