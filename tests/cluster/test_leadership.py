"""Two operators and one Lease: who works, how fast the other follows, and what an API server that is away does."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.kubernetes_gate import KubernetesGate
from hack.sandbox.metrics import Metrics
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT, operator_environment
from tests.cluster.scene import INTEGRATION, Scene
from tests.cluster.waiting import wait_until

LEASE = "rds-enrollment-operator"
AFTER_SIGTERM_SECONDS = 2.0
AFTER_SIGKILL_SECONDS = 20.0
"""Part of the contract, with the default settings."""


@pytest.fixture
def second(scene: Scene, operator_kubeconfig: Path) -> Iterator[OperatorProcess]:
    """Another process of the scene's operator, not started."""
    process = another(scene, operator_kubeconfig, "second")
    yield process
    process.kill()


def another(scene: Scene, kubeconfig: Path, name: str, *unset: str) -> OperatorProcess:
    """Another process of the operator, not started. `unset`: settings that it is not given."""
    environment = operator_environment(scene.aws.url, scene.teleport, kubeconfig)
    for variable in ("WATCH_NAMESPACES", "LEASE_NAMESPACE"):
        environment[f"RDS_ENROLLMENT_{variable}"] = scene.namespace.name
    for variable in unset:
        del environment[f"RDS_ENROLLMENT_{variable}"]
    return OperatorProcess(environment, scene.folder / f"{name}.log")


def leads(operator: OperatorProcess) -> bool:
    if not operator.running or operator.probe("/healthz") == 0:
        return False
    return Metrics.parse(operator.read("/metrics")).total("leader_election_master_status") == 1.0


def wait_leads(operator: OperatorProcess) -> None:
    wait_until(lambda: leads(operator), f"the operator of {operator.log.name} leads", timeout=60.0)


def lease(scene: Scene) -> dict[str, str]:
    shown = scene.plane.run_kubectl(
        "get", f"lease/{LEASE}", f"--namespace={scene.namespace.name}", "--output=json"
    )
    spec: dict[str, str] = json.loads(shown)["spec"]
    return spec


def acquired(scene: Scene) -> float:
    """When the Lease changed hands, as Unix time: all processes are on one machine."""
    return datetime.fromisoformat(lease(scene)["acquireTime"]).timestamp()


def asks_for_a_pass(scene: Scene) -> None:
    """Somebody serves: a pass is asked for and done."""
    token = uuid4().hex
    scene.namespace.request_reconcile(AWS_OIDC_INTEGRATION, INTEGRATION, token)
    scene.wait(lambda: scene.integration["status"].get("lastHandledReconcileAt") == token, "it is handled")


def test_one_works_and_the_other_stands_by(scene: Scene, second: OperatorProcess) -> None:
    """Ready, healthy, and asking nothing of AWS or Teleport."""
    long = {"RDS_ENROLLMENT_LEASE_SECONDS": "120"}
    second.start(**long)
    wait_leads(second)
    second.pause()  # nothing that is asked from here on is asked by the leader
    scene.aws.calls.clear()
    asked = scene.teleport.calls
    scene.apply_examples()
    scene.start(**long)
    assert scene.operator.probe("/healthz") == 200
    assert not leads(scene.operator)
    assert not scene.aws.calls.counts
    assert scene.teleport.calls == asked
    assert lease(scene)["holderIdentity"] == f"operator-{second.http_port}"


@pytest.mark.slow
def test_takeover_after_sigterm(scene: Scene, second: OperatorProcess) -> None:
    """Thrice there and back: a busy machine makes a takeover slower, and never faster."""
    scene.enroll()
    working, waiting = scene.operator, second
    seconds = []
    for _ in range(3):
        waiting.start()
        waiting.wait_ready()
        asks_for_a_pass(scene)
        signalled = time.time()
        assert working.stop() == 0
        wait_leads(waiting)
        seconds.append(acquired(scene) - signalled)
        asks_for_a_pass(scene)
        working, waiting = waiting, working
    assert min(seconds) <= AFTER_SIGTERM_SECONDS, seconds
    assert int(lease(scene)["leaseTransitions"]) == 3


@pytest.mark.slow
def test_takeover_after_sigkill(scene: Scene, second: OperatorProcess) -> None:
    scene.enroll()
    second.start()
    second.wait_ready()
    writes = len(scene.aws.calls.writes), len(scene.teleport.writes)
    killed = time.time()
    scene.operator.kill()
    wait_leads(second)
    took = acquired(scene) - killed
    assert took <= AFTER_SIGKILL_SECONDS, took
    asks_for_a_pass(scene)
    assert (len(scene.aws.calls.writes), len(scene.teleport.writes)) == writes


@pytest.fixture
def gated(scene: Scene, control_plane: ControlPlane) -> Iterator[tuple[KubernetesGate, OperatorProcess]]:
    """An operator whose way to the API server can be closed, and which is marked with the cluster's UID by default."""
    gate = KubernetesGate(control_plane.server, control_plane.ca)
    with gate:
        kubeconfig = control_plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, SERVICE_ACCOUNT, scene.folder / "gated.kubeconfig", server=gate.url
        )
        process = another(scene, kubeconfig, "gated", "OWNER_ID")
        yield gate, process
        process.kill()


def test_an_api_server_that_is_away_for_a_moment_costs_nothing(
    scene: Scene, gated: tuple[KubernetesGate, OperatorProcess]
) -> None:
    gate, operator = gated
    operator.start()
    wait_leads(operator)
    before = lease(scene)
    gate.away = True
    wait_until(lambda: "lease: " in operator.problems(), "a renewal has failed")
    gate.away = False
    operator.wait_ready()
    assert lease(scene)["acquireTime"] == before["acquireTime"]
    assert leads(operator)


def test_a_start_without_an_api_server_waits_for_it_in_good_health(
    gated: tuple[KubernetesGate, OperatorProcess],
) -> None:
    """Nothing is known of the cluster yet, its UID included; the liveness probe must not end what waits."""
    gate, operator = gated
    gate.away = True
    operator.start()
    wait_until(lambda: operator.probe("/healthz") == 200, "it is in good health")
    assert operator.probe("/readyz") == 503
    gate.away = False
    operator.wait_ready()
    assert leads(operator)


@pytest.mark.slow
def test_an_api_server_that_stays_away_ends_the_leader_and_not_its_successor(
    scene: Scene, gated: tuple[KubernetesGate, OperatorProcess], second: OperatorProcess
) -> None:
    """The first one alone is cut off, which nobody can tell from death."""
    gate, operator = gated
    operator.start()
    wait_leads(operator)
    second.start()
    second.wait_ready()
    gate.away = True
    assert operator.wait_exit() == 1
    ended = time.time()
    last = operator.log.read_text().splitlines()[-1]
    assert last.startswith(
        f"rds-enrollment: the Lease {scene.namespace.name}/{LEASE} was not renewed in time: "
    )
    wait_leads(second)
    assert acquired(scene) > ended, "nobody follows before it is gone"
    gate.away = False
    operator.start()
    operator.wait_ready()
    assert not leads(operator)
