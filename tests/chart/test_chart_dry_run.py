"""Every rendered object, as the API server takes it: fields, references, and Pod Security's level."""

import json
from collections.abc import Iterator

import pytest
import yaml

from hack.sandbox.controlplane import ControlPlane, ControlPlaneError
from tests.chart.monitor_crds import monitor_crds
from tests.chart.rendering import NAMESPACE, VALUES, Object, find, objects, render

RESTRICTED = "restricted-pods"
NAMESPACES = ("shop", "finance")


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """With the namespaces that the values name, one of them for restricted pods alone, and with monitors."""
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    documents: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in (NAMESPACE, *NAMESPACES)
    ]
    documents.append(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": RESTRICTED, "labels": level}}
    )
    control_plane.apply(yaml.safe_dump_all([*documents, *monitor_crds()]))
    names = [f"crd/{crd['metadata']['name']}" for crd in monitor_crds()]
    control_plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    yield control_plane
    control_plane.run_kubectl("delete", *names)


def dry_run(plane: ControlPlane, found: list[Object]) -> list[str]:
    """Names of the objects that the API server would store. Raises ControlPlaneError."""
    options = ["--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "--output=name"]
    # JSON: PyYAML leaves "0815" without quotes, which Kubernetes then takes for a number.
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": found})
    return plane.run_kubectl("apply", *options, "--filename=-", stdin=everything).split()


def pod(found: list[Object]) -> Object:
    template = find(found, "Deployment")["spec"]["template"]
    metadata = {**template["metadata"], "name": "operator", "namespace": RESTRICTED}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.mark.parametrize("name", VALUES)
def test_api_server_takes_everything(plane: ControlPlane, name: str) -> None:
    found = objects(render(name))
    for item in found:
        if item["kind"] == "ConfigMap":
            item["metadata"].setdefault("namespace", NAMESPACE)
    assert len(dry_run(plane, found)) == len(found)


@pytest.mark.parametrize("name", VALUES)
def test_pods_are_restricted(plane: ControlPlane, name: str) -> None:
    assert dry_run(plane, [pod(objects(render(name)))]) == ["pod/operator"]


def test_a_pod_that_is_not_restricted_is_refused_here(plane: ControlPlane) -> None:
    loose = objects(render("minimal", ["--set=securityContext.allowPrivilegeEscalation=true"]))
    with pytest.raises(ControlPlaneError, match="violates PodSecurity"):
        dry_run(plane, [pod(loose)])
