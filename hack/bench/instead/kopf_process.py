"""The kopf operator as a process of its own, with all rights in Kubernetes."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from rds_enrollment.api.kinds import KINDS

from hack.bench.processes import environment
from hack.bench.resident import resident_memory
from hack.bench.until import until
from hack.bench.world import REGION, BenchWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import ROOT

SERVICE_ACCOUNT = "kopf-operator"
SERVICE_ACCOUNT_NAMESPACE = "default"
HANDLERS = ("integrate", "enroll", "deploy")
_TAIL_LINES = 20
_RBAC = "rbac.authorization.k8s.io"
_WATCHES = re.compile(r"^apiserver_longrunning_requests\{(.*)\} (\S+)$", re.MULTILINE)


class KopfProcess:
    """One that runs."""

    def __init__(self, pid: int, log: Path) -> None:
        self._pid = pid
        self._log = log

    @property
    def resident(self) -> int:
        """Bytes."""
        return resident_memory(self._pid)

    def looks(self) -> Sequence[int]:
        """How often the timer of each handler has come to its end, as kopf logs it."""
        text = self._log.read_text()
        return [text.count(f"Timer '{name}' succeeded.") for name in HANDLERS]


@contextmanager
def kopf_process(world: BenchWorld, kubeconfig: Path, resync_seconds: int) -> Iterator[KopfProcess]:
    """Started, and watching."""
    teleport = world.stack.teleport
    settings = {
        "KUBECONFIG": str(kubeconfig),
        "AWS_REGION": REGION,
        "RESYNC_SECONDS": str(resync_seconds),
        "TELEPORT_ADDRESS": teleport.address,
        "TELEPORT_IDENTITY": str(teleport.identity_file),
    }
    command = [sys.executable, "-m", "kopf", "run", "--all-namespaces"]
    command += ["--module", "hack.bench.instead.kopf_operator"]
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**environment(world), **settings}, stdout=output, stderr=output
            )
        try:
            until(lambda: _watches(world.stack.plane), "kopf watches all kinds")
            yield KopfProcess(process.pid, log)
        except TimeoutError as error:
            tail = "\n".join(log.read_text().splitlines()[-_TAIL_LINES:])
            raise TimeoutError(f"{error}; kopf's log ends with:\n{tail}") from error
        finally:
            process.kill()
            process.wait()


def install_rights(plane: ControlPlane) -> None:
    """Its ServiceAccount, which may do everything: rights are not what is compared."""
    account = {"name": SERVICE_ACCOUNT, "namespace": SERVICE_ACCOUNT_NAMESPACE}
    manifests = (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": SERVICE_ACCOUNT},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", **account}],
        },
    )
    plane.apply(yaml.safe_dump_all(manifests))


def _watches(plane: ControlPlane) -> bool:
    """Whether somebody watches each kind, as the API server counts (apiserver_longrunning_requests)."""
    counted = _WATCHES.findall(plane.run_kubectl("get", "--raw", "/metrics"))
    watched = [labels for labels, value in counted if float(value) > 0]
    return all(any(f'resource="{kind.plural}"' in labels for labels in watched) for kind in KINDS.values())
