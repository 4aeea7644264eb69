"""The process around the reconcilers: start, events, health, and its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
import yaml
from rds_enrollment.api.common import API_VERSION, GROUP

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.controlplane.servers import free_ports
from hack.sandbox.metrics import Metrics
from hack.sandbox.stack import lease_rights
from tests.cluster.alerts import Scrape, assert_firing, going_on
from tests.cluster.operator_account import ROOT, install_kinds, operator_kubeconfig
from tests.cluster.scene import EVERY_SERVICE_ACCOUNT
from tests.cluster.waiting import wait_until

KIND = "AwsOidcIntegration"
LIMIT = 10.0
"""Seconds from SIGTERM to the end: part of the contract."""


@dataclass
class Process:
    """The stand-in operator and how to look at it."""

    popen: "subprocess.Popen[bytes]"
    log: Path
    url: str

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 when nothing listens."""
        try:
            with urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own loopback address
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except URLError:
            return 0, ""

    def scrape(self) -> Scrape:
        """What it exports now."""
        return Scrape(Metrics.parse(self.get("/metrics")[1]))

    def passes(self, result: str) -> float:
        """Passes of the kind with this result so far."""
        series = f'controller_runtime_reconcile_total{{controller="{KIND.lower()}",result="{result}"}}'
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(series):
                return float(line.rpartition(" ")[2])
        return 0.0

    def running_passes(self) -> bool:
        """Whether a pass is going on."""
        _, text = self.get("/metrics")
        line = next(
            line for line in text.splitlines() if line.startswith("workqueue_unfinished_work_seconds{")
        )
        return float(line.rpartition(" ")[2]) > 0

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; exit code and seconds until the end."""
        began = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        code = self.popen.wait(60)
        return code, time.monotonic() - began

    def lines(self) -> list[dict[str, str]]:
        """The log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def kubeconfig(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return operator_kubeconfig(plane, tmp_path_factory.mktemp("process"))


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    name = f"process-{uuid4().hex[:8]}"
    plane.run_kubectl("create", "namespace", name)
    plane.apply(yaml.safe_dump_all(lease_rights(name, EVERY_SERVICE_ACCOUNT)))
    return name


@contextmanager
def running(kubeconfig: Path, folder: Path, namespace: str, **settings: str) -> Iterator[Process]:
    """The process, serving one namespace; killed at the end if it still runs."""
    (port,) = free_ports(1)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}",
        "KUBECONFIG": str(kubeconfig),
        "RDS_ENROLLMENT_TELEPORT_ADDRESS": "127.0.0.1:3025",
        "RDS_ENROLLMENT_TELEPORT_IDENTITY": "unused",
        "RDS_ENROLLMENT_HTTP_ADDRESS": f"127.0.0.1:{port}",
        "RDS_ENROLLMENT_WATCH_NAMESPACES": namespace,
        "RDS_ENROLLMENT_LEASE_NAMESPACE": namespace,
    }
    environment |= {f"RDS_ENROLLMENT_{name.upper()}": value for name, value in settings.items()}
    log = folder / f"{port}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.stand_in"], env=environment, stderr=output, cwd=ROOT
        )
        try:
            yield Process(popen, log, f"http://127.0.0.1:{port}")
        finally:
            popen.kill()
            popen.wait()


@pytest.fixture
def process(kubeconfig: Path, tmp_path: Path, namespace: str) -> Iterator[Process]:
    with running(kubeconfig, tmp_path, namespace) as process:
        wait_until(lambda: process.get("/readyz")[0] == 200, "the process is ready")
        yield process


def create(plane: ControlPlane, namespace: str, name: str) -> None:
    manifest = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accountId": "123456789012", "role": {"name": "teleport"}},
    }
    plane.run_kubectl("create", "--filename=-", stdin=json.dumps(manifest))


def shown(plane: ControlPlane, namespace: str, name: str) -> dict[str, dict[str, object]]:
    text = plane.run_kubectl("get", KIND.lower(), name, f"--namespace={namespace}", "--output=json")
    found: dict[str, dict[str, object]] = json.loads(text)
    return found


def test_events_become_passes_and_leave_no_trace(
    plane: ControlPlane, process: Process, namespace: str
) -> None:
    create(plane, namespace, "plain")
    before = shown(plane, namespace, "plain")
    wait_until(lambda: process.passes("success") >= 1, "the creation is reconciled")
    assert shown(plane, namespace, "plain") == before
    seen = process.passes("success")
    plane.run_kubectl("delete", KIND.lower(), "plain", f"--namespace={namespace}")
    wait_until(lambda: process.passes("success") > seen, "the deletion is reconciled")
    assert process.get("/healthz") == (200, "ok\n")


def test_a_bug_is_logged_with_its_object_and_retried(
    plane: ControlPlane, process: Process, namespace: str, tmp_path: Path
) -> None:
    create(plane, namespace, "fails")
    wait_until(lambda: process.passes("error") >= 1, "the pass fails")
    before = process.scrape()
    failed = process.passes("error")
    wait_until(lambda: process.passes("error") > failed, "the pass is retried")
    alerts = {"RdsEnrollmentBug", "RdsEnrollmentReconcileErrors"}
    assert_firing(going_on(before, process.scrape()), alerts, tmp_path)
    bug = next(line for line in process.lines() if "traceback" in line)
    assert (bug["kind"], bug["namespace"], bug["name"]) == (KIND, namespace, "fails")
    assert process.get("/healthz")[0] == 200


def test_sigterm_ends_an_idle_process_at_once(process: Process) -> None:
    code, seconds = process.terminate()
    assert code == 0
    assert seconds < LIMIT / 2


@pytest.mark.parametrize("name", ["hangs", "blocks"])
def test_sigterm_ends_a_process_whose_passes_do_not_end(
    plane: ControlPlane, process: Process, namespace: str, name: str
) -> None:
    create(plane, namespace, name)
    wait_until(process.running_passes, "the pass has begun")
    code, seconds = process.terminate()
    assert code == 0
    assert seconds < LIMIT


def test_a_port_that_is_taken_is_one_line(kubeconfig: Path, tmp_path: Path, process: Process) -> None:
    address = process.url.removeprefix("http://")
    with running(kubeconfig, tmp_path, "default", http_address=address) as second:
        assert second.popen.wait(60) == 1
        assert second.log.read_text() == (
            f"cannot listen on --http-address {address}: Address already in use\n"
        )


def test_a_missing_right_to_list_ends_with_one_line(
    plane: ControlPlane, tmp_path: Path, namespace: str
) -> None:
    plane.run_kubectl("create", "serviceaccount", "nobody", f"--namespace={namespace}")
    path = plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "nobody.kubeconfig")
    with running(path, tmp_path, namespace, owner_id="test") as process:
        assert process.popen.wait(60) == 1
        served, line = process.log.read_text().splitlines()
    assert json.loads(served)["message"] == "Serving"
    assert (
        f"allow the operator's service account to list awsoidcintegrations: awsoidcintegrations.{GROUP}"
        in line
    )


def test_a_kubeconfig_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with running(tmp_path / "absent", tmp_path, "default") as process:
        assert process.popen.wait(60) == 2
        text = process.log.read_text()
    assert text == f"KUBECONFIG names no file: {tmp_path / 'absent'}\n"
