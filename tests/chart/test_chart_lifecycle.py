"""Install, upgrade and uninstall with objects alive: no step may cost one of them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.helm import Helm, HelmError, locate
from tests.chart.release import Release
from tests.chart.rendering import CHART, ROOT, find, objects, render

pytestmark = pytest.mark.slow

OBJECTS = "kept-objects"
CRDS = ("awsoidcintegrations", "rdsenrollments", "databaseservicedeployments")


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    """One for this module alone: other tests' objects would hold up the deletion of the CRDs."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture
def empty(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Release]:
    """A release that is not installed yet; everything of it is gone afterwards, the CRDs too."""
    helm = Helm(locate(), tmp_path / "helm", control_plane.admin_kubeconfig)
    control_plane.run_kubectl("create", "namespace", OBJECTS)
    release = Release(helm)
    yield release
    for name in helm.run("list", "--all-namespaces", "--short").split():
        Release(helm, name=name).uninstall()
    control_plane.run_kubectl("delete", "namespace", OBJECTS)
    names = [f"{crd}.rds-enrollment.dev" for crd in CRDS]
    control_plane.run_kubectl("delete", "crd", "--ignore-not-found", *names)


def create_objects(plane: ControlPlane) -> dict[str, str]:
    """The examples' objects, with a finalizer as the operator sets it; returns their UIDs."""
    for path in sorted((ROOT / "examples").glob("[12]0-*.yaml")):
        document = yaml.safe_load(path.read_text())
        document["metadata"] |= {"namespace": OBJECTS}
        plane.run_kubectl("create", "--filename=-", stdin=json.dumps(document))
    return uids(plane)


def uids(plane: ControlPlane) -> dict[str, str]:
    """UIDs of the objects that are there and not being deleted."""
    shown = plane.run_kubectl("get", ",".join(CRDS), f"--namespace={OBJECTS}", "--output=json")
    found = [item["metadata"] for item in json.loads(shown)["items"]]
    return {item["name"]: item["uid"] for item in found if "deletionTimestamp" not in item}


def older_chart(folder: Path) -> Path:
    """The chart with CRDs of an earlier release, in which integrations have no `tags`."""
    older = folder / "older"
    shutil.copytree(CHART, older)
    path = older / "files" / "crds" / "awsoidcintegrations.rds-enrollment.dev.yaml"
    crd = yaml.safe_load(path.read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"]["tags"]
    path.write_text(yaml.safe_dump(crd))
    return older


def test_objects_survive_upgrade_and_uninstall(
    control_plane: ControlPlane, empty: Release, tmp_path: Path
) -> None:
    tags = json.dumps({"spec": {"tags": {"team": "platform"}}})

    def tag() -> str:
        """Tags of the integration, after an attempt to set them."""
        where = f"--namespace={OBJECTS}"
        control_plane.run_kubectl("patch", "awsoidc/prod-aws", where, "--type=merge", f"--patch={tags}")
        return control_plane.run_kubectl(
            "get", "awsoidc/prod-aws", where, "--output=jsonpath={.spec.tags.team}"
        )

    empty.install("minimal", chart=older_chart(tmp_path))
    before = create_objects(control_plane)
    assert len(before) == 2
    assert tag() == "", "the older CRD drops what it does not know"

    empty.upgrade("settings")
    assert uids(control_plane) == before
    assert tag() == "platform", "the CRDs were upgraded along"

    empty.upgrade("settings", "--set=crds.install=false")
    assert uids(control_plane) == before

    empty.upgrade("settings")
    kept = empty.uninstall()
    assert all(f"{crd}.rds-enrollment.dev" in kept for crd in CRDS)
    assert uids(control_plane) == before

    empty.install("minimal")
    assert uids(control_plane) == before


def test_everything_but_the_crds_is_uninstalled(control_plane: ControlPlane, empty: Release) -> None:
    empty.install("tbot", "--set=networkPolicy.enabled=true")
    empty.uninstall()
    left = control_plane.run_kubectl(
        "get",
        "clusterroles,clusterrolebindings,roles,rolebindings,crds,serviceaccounts,configmaps,services,deployments,"
        "networkpolicies,poddisruptionbudgets",
        "--all-namespaces",
        "--selector=app.kubernetes.io/instance=enroller",
        "--output=name",
    )
    assert {name.rpartition("/")[2] for name in left.split()} == {f"{crd}.rds-enrollment.dev" for crd in CRDS}


def test_crds_go_when_they_shall_not_be_kept(control_plane: ControlPlane, empty: Release) -> None:
    empty.install("removable-crds")
    empty.uninstall()
    names = [f"crd/{crd}.rds-enrollment.dev" for crd in CRDS]
    control_plane.run_kubectl("wait", "--for=delete", "--timeout=60s", *names)


def test_a_second_release_leaves_the_crds_to_the_first(empty: Release) -> None:
    empty.install("minimal")
    second = Release(empty.helm, name="second")
    with pytest.raises(HelmError, match="cannot be imported into the current release"):
        second.install("minimal")
    second.helm.run("uninstall", second.name, f"--namespace={second.namespace}", "--ignore-not-found")
    second.install("minimal", "--set=crds.install=false")
    second.upgrade("minimal", "--take-ownership")


def test_people_get_rights_on_the_kinds(control_plane: ControlPlane) -> None:
    """The labels are those that the cluster's own roles select."""
    found = objects(render("minimal"))
    for name, part in (("view", "view"), ("edit", "edit"), ("admin", "edit")):
        shown = control_plane.run_kubectl("get", "clusterrole", name, "--output=json")
        (selector,) = json.loads(shown)["aggregationRule"]["clusterRoleSelectors"]
        labels = find(found, "ClusterRole", f":{part}")["metadata"]["labels"]
        assert selector["matchLabels"].items() <= labels.items(), name
