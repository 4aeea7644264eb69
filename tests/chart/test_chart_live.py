"""What pipelines and people see of a live operator, which runs under the rights of the installed chart."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, KINDS

from hack.sandbox.controlplane import ControlPlane, ControlPlaneError
from hack.sandbox.helm import Helm, HelmError
from hack.sandbox.stack import ROOT
from hack.sandbox.teleport.server import TeleportSandbox
from tests.chart.release import Release
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene, example, new_scene

ARGO = "argocd-controller"
PLURALS = ",".join(kind.plural for kind in KINDS.values())


def databases_chart(folder: Path) -> Path:
    """A chart of the two examples, as a team would keep one beside its application."""
    templates = folder / "databases" / "templates"
    templates.mkdir(parents=True)
    chart = {"apiVersion": "v2", "name": "databases", "version": "0.1.0"}
    (templates.parent / "Chart.yaml").write_text(yaml.safe_dump(chart))
    for path in sorted((ROOT / "examples").glob("[12]0-*.yaml")):
        # Without their namespace the objects go where the release goes.
        shutil.copy(path, templates)
        copied = templates / path.name
        copied.write_text(copied.read_text().replace("  namespace: teleport\n", ""))
    return templates.parent


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return databases_chart(tmp_path_factory.mktemp("chart"))


@pytest.fixture(scope="module")
def live(
    control_plane: ControlPlane,
    operator_kubeconfig: Path,
    release: Release,
    helm: Helm,
    chart: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """The databases, enrolled by `helm install --wait`."""
    folder = tmp_path_factory.mktemp("live")
    with new_scene(control_plane, operator_kubeconfig, folder, settings=release.lease) as scene:
        scene.world.demo_world(REGION)
        scene.start()
        # Helm applies them: the chart holds the examples.
        scene.namespace.written += yaml.safe_load_all(documents(scene))
        helm.run("install", "databases", str(chart), where(scene), "--wait", "--timeout=120s")
        yield scene


def where(scene: Scene) -> str:
    return f"--namespace={scene.namespace.name}"


def documents(scene: Scene) -> str:
    """The examples, in the scene's namespace, as a Git repository would hold them."""
    found = [example(number) for number in (10, 20)]
    for document in found:
        document["metadata"]["namespace"] = scene.namespace.name
    return yaml.safe_dump_all(found)


def without_managers(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        key: value
        for key, value in obj["metadata"].items()
        if key not in ("managedFields", "resourceVersion")
    }
    return {**obj, "metadata": metadata}


def test_helm_returns_when_everything_is_ready(live: Scene) -> None:
    """Nothing was waited for but `helm install --wait`."""
    ready = {
        obj["metadata"]["name"]: condition(obj, "Ready").get("status") for obj in live.namespace.objects()
    }
    assert (ready[INTEGRATION], ready[ENROLLMENT]) == ("True", "True")
    assert list(ready.values()) == ["True"] * 3


def test_helm_upgrade_waits_for_the_new_generation(live: Scene, helm: Helm, chart: Path) -> None:
    changed = chart / "templates" / "20-enrollment.yaml"
    text = changed.read_text()
    try:
        changed.write_text(text.replace("  databases:", "  resyncPeriod: 20m\n  databases:"))
        helm.run("upgrade", "databases", str(chart), where(live), "--wait", "--timeout=120s")
        assert live.enrollment["metadata"]["generation"] == 2
        assert condition(live.enrollment, "Ready")["observedGeneration"] == 2
    finally:
        changed.write_text(text)
        helm.run("upgrade", "databases", str(chart), where(live), "--wait", "--timeout=120s")


def test_kubectl_wait(live: Scene) -> None:
    shown = live.plane.run_kubectl(
        "wait", "--for=condition=Ready", "--timeout=60s", PLURALS, "--all", where(live)
    )
    assert shown.count("condition met") == 3


@pytest.mark.parametrize("name", KINDS)
def test_kubectl_describe(live: Scene, name: str) -> None:
    """Conditions and events tell the story."""
    shown = live.plane.run_kubectl("describe", KINDS[name].plural, where(live))
    assert "Everything is in place and was read back." in shown
    events = shown.partition("\nEvents:")[2]
    assert "Ready" in events


def test_kubectl_explain(live: Scene) -> None:
    shown = live.plane.run_kubectl("explain", "dbsvc.status.connectedReplicas")
    assert "connectedReplicas <integer>" in shown


def test_category(live: Scene) -> None:
    shown = live.plane.run_kubectl("get", "teleport", "--output=name", where(live))
    assert len(shown.split()) == 3


def test_another_managers_apply_changes_nothing(live: Scene) -> None:
    live.wait_idle()
    before = {obj["metadata"]["name"]: without_managers(obj) for obj in live.namespace.objects()}
    writes = len(live.aws.calls.writes), len(live.teleport.writes)

    apply = ["apply", "--server-side", f"--field-manager={ARGO}", "--filename=-"]
    live.plane.run_kubectl(*apply, stdin=documents(live))  # raises on a conflict
    versions = {
        obj["metadata"]["name"]: obj["metadata"]["resourceVersion"] for obj in live.namespace.objects()
    }
    live.plane.run_kubectl(*apply, stdin=documents(live))

    live.wait_idle()
    after = {obj["metadata"]["name"]: obj for obj in live.namespace.objects()}
    assert {name: without_managers(obj) for name, obj in after.items()} == before
    assert {name: obj["metadata"]["resourceVersion"] for name, obj in after.items()} == versions
    assert (len(live.aws.calls.writes), len(live.teleport.writes)) == writes


def test_there_is_no_diff(live: Scene) -> None:
    """kubectl exits with 1 when there is one."""
    diff = ["diff", "--server-side", f"--field-manager={ARGO}", "--filename=-"]
    assert live.plane.run_kubectl(*diff, stdin=documents(live)) == ""
    with pytest.raises(ControlPlaneError):
        live.plane.run_kubectl(*diff, stdin=documents(live).replace("tier: private", "tier: public"))


def test_kubectl_scale(live: Scene) -> None:
    name = live.deployment["metadata"]["name"]
    live.plane.run_kubectl("scale", f"dbsvc/{name}", "--replicas=3", where(live))
    live.wait(lambda: live.deployment["status"].get("connectedReplicas") == 3, "three agents are connected")
    live.wait_all_ready()
    shown = live.plane.run_kubectl(
        "get", f"dbsvc/{name}", "--subresource=scale", "--output=json", where(live)
    )
    scale = json.loads(shown)
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (3, 3)
    # The enrolment, whose template names no number, leaves it.
    live.reconcile(live.enrollment)
    assert live.deployment["spec"]["replicas"] == 3


def test_helm_fails_on_stalled(live: Scene, helm: Helm, chart: Path) -> None:
    """Long before its time is over."""
    live.operator.stop()
    with TeleportSandbox(cluster_name="other.teleport.sh") as other:
        live.start(
            RDS_ENROLLMENT_TELEPORT_ADDRESS=other.address,
            RDS_ENROLLMENT_TELEPORT_IDENTITY=str(other.identity_file),
        )
        for kind, name in ((KINDS["AwsOidcIntegration"], INTEGRATION), (KINDS["RdsEnrollment"], ENROLLMENT)):
            live.wait_condition(kind, name, "Stalled", "True", "TeleportClusterChanged")
        with pytest.raises(HelmError, match="Failed") as raised:
            helm.run("upgrade", "databases", str(chart), where(live), "--wait", "--timeout=170s")
        assert "context deadline exceeded" not in str(raised.value)
        live.operator.stop()
    live.start()
    live.wait_all_ready()
    assert live.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
