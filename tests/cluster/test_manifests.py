"""What the API server accepts, refuses and says: the contract as users meet it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kubernetes import client, config
from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.crds import manifests
from rds_enrollment.api.kinds import KINDS

from hack.sandbox.controlplane import ControlPlane
from tests.cluster.refused.cases import CASES
from tests.cluster.refused.changes import CHANGES, Change
from tests.cluster.refused.manifest import (
    BY_ID,
    DEPLOYMENT,
    ENROLLMENT,
    INTEGRATION,
    Case,
    Manifest,
    manifest,
)

COMMON_DEFAULTS = {
    "adoptionPolicy": "Never",
    "deletionPolicy": "Delete",
    "managementPolicy": "Manage",
    "resyncPeriod": "10m",
}
UNSEEN = {"observedGeneration": -1}
"""What the API server puts into the status of a new object, whatever was sent: kstatus shall wait for the operator."""

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Server:
    """The API server, asked as `kubectl --validate=strict` asks it, in one namespace.

    Objects are plain dictionaries: the client's own types know nothing of custom resources.
    """

    objects: Any
    namespace: str

    def create(self, wanted: Manifest) -> Manifest:
        """The object as it is stored. Raises ApiException when it is refused."""
        return self._create(wanted)

    def try_create(self, wanted: Manifest) -> Manifest:
        """As `create`, but nothing is stored."""
        return self._create(wanted, dry_run="All")

    def try_replace(self, wanted: Manifest) -> Manifest:
        """The existing object as it would be stored. Raises ApiException when it is refused."""
        stored: Manifest = self.objects.replace_namespaced_custom_object(
            *self._path(wanted), field_validation="Strict", dry_run="All"
        )
        return stored

    def replace_status(self, wanted: Manifest) -> Manifest:
        """The object with its new status. Raises ApiException when it is refused."""
        stored: Manifest = self.objects.replace_namespaced_custom_object_status(
            *self._path(wanted), field_validation="Strict"
        )
        return stored

    def get(self, kind: str, name: str) -> Manifest:
        found: Manifest = self.objects.get_namespaced_custom_object(
            GROUP, VERSION, self.namespace, KINDS[kind].plural, name
        )
        return found

    def _create(self, wanted: Manifest, **options: str) -> Manifest:
        plural = KINDS[wanted["kind"]].plural
        stored: Manifest = self.objects.create_namespaced_custom_object(
            GROUP, VERSION, self.namespace, plural, wanted, field_validation="Strict", **options
        )
        return stored

    def _path(self, wanted: Manifest) -> tuple[str, str, str, str, str, Manifest]:
        plural = KINDS[wanted["kind"]].plural
        return GROUP, VERSION, self.namespace, plural, wanted["metadata"]["name"], wanted


def refusal(request: Callable[[Manifest], Manifest], wanted: Manifest) -> str:
    """What the API server says when it refuses."""
    with pytest.raises(client.ApiException) as refused:
        request(wanted)
    assert refused.value.body is not None
    message: str = json.loads(refused.value.body)["message"]
    return message


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """A control plane that serves the three kinds."""
    control_plane.apply(ROOT / "crds")
    names = [f"crd/{kind.plural}.{GROUP}" for kind in KINDS.values()]
    control_plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    return control_plane


@pytest.fixture(scope="module")
def server(plane: ControlPlane) -> Iterator[Server]:
    """The API server with a namespace of this module's own."""
    namespace = unique("manifests")
    plane.run_kubectl("create", "namespace", namespace)
    configuration = client.Configuration()
    config.load_kube_config(str(plane.admin_kubeconfig), client_configuration=configuration)  # type: ignore[no-untyped-call]
    with client.ApiClient(configuration) as api:
        yield Server(client.CustomObjectsApi(api), namespace)
    plane.run_kubectl("delete", "namespace", namespace, "--wait=false")


def schemas(node: Any) -> Iterator[Manifest]:
    """Every dictionary of a manifest, its schemas among them."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from schemas(child)
    if isinstance(node, list):
        for child in node:
            yield from schemas(child)


def test_crds_have_no_violations(plane: ControlPlane) -> None:
    """The API server would report a schema that is not structural as a further condition."""
    for kind in KINDS.values():
        shown = plane.run_kubectl("get", f"crd/{kind.plural}.{GROUP}", "--output=json")
        conditions = json.loads(shown)["status"]["conditions"]
        assert {condition["type"]: condition["status"] for condition in conditions} == {
            "NamesAccepted": "True",
            "Established": "True",
        }


def test_examples_apply(plane: ControlPlane) -> None:
    said = plane.run_kubectl("apply", "--validate=strict", f"--filename={EXAMPLES}")
    assert "awsoidcintegration.rds-enrollment.dev/prod-aws created" in said
    assert "rdsenrollment.rds-enrollment.dev/prod created" in said
    assert plane.run_kubectl("diff", f"--filename={EXAMPLES}") == ""
    plane.run_kubectl("delete", f"--filename={EXAMPLES}")


@pytest.mark.parametrize("kind", KINDS)
def test_shortest_form_gets_the_defaults(server: Server, kind: str) -> None:
    wanted = manifest(kind)
    defaults: Mapping[str, Manifest] = {
        INTEGRATION: {
            "role": {"name": "teleport-prod-aws", "path": "/", "managementPolicy": "Manage"},
        },
        ENROLLMENT: {
            "endpoints": ["Primary"],
            "iamAuthentication": "Warn",
            "prunePolicy": "Delete",
            "deployment": {**BY_ID, "maxDeployments": 10, "emptyVpcGracePeriod": "1h"},
        },
        DEPLOYMENT: {"replicas": 2},
    }
    stored = server.try_create(wanted)
    assert stored["spec"] == wanted["spec"] | COMMON_DEFAULTS | defaults[kind]
    assert stored["status"] == UNSEEN


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_refused(server: Server, case: Case) -> None:
    assert case.message in refusal(server.try_create, manifest(case.kind, {case.path: case.refused}))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_nearest_is_accepted(server: Server, case: Case) -> None:
    server.try_create(manifest(case.kind, {case.path: case.accepted}))


def test_integration_name_frees_the_name_of_the_object(server: Server) -> None:
    server.try_create(manifest(INTEGRATION, {"metadata.name": "1st.prod", "spec.integrationName": "first"}))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_refused(server: Server, change: Change) -> None:
    before = {"metadata.name": unique("change"), change.path: change.before}
    stored = server.create(manifest(change.kind, before))
    server.try_replace(stored | {"spec": stored["spec"] | {"resyncPeriod": "1h"}})
    changed = manifest(change.kind, before | {change.path: change.after})
    assert change.message in refusal(server.try_replace, changed | {"metadata": stored["metadata"]})


def test_every_rule_is_shown_refusing() -> None:
    said = {case.message for case in CASES.values()} | {change.message for change in CHANGES.values()}
    rules = {
        rule["message"]
        for schema in schemas(manifests())
        for rule in schema.get("x-kubernetes-validations", ())
    }
    assert rules
    assert rules - said == set()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (INTEGRATION, "spec.deletion"),
        (INTEGRATION, "spec.role.arn"),
        (ENROLLMENT, "spec.databases.all.engines"),
        (ENROLLMENT, "spec.databases.selector.names"),
        (ENROLLMENT, "spec.naming.prefix"),
        (DEPLOYMENT, "spec.integrationRef.kind"),
        (DEPLOYMENT, "spec.diagnostics.flowLogs"),
        (DEPLOYMENT, "phase"),
    ],
)
def test_unknown_field_is_refused(server: Server, kind: str, path: str) -> None:
    assert f'unknown field "{path}"' in refusal(server.try_create, manifest(kind, {path: {}}))


@pytest.mark.parametrize("kind", KINDS)
def test_status_is_a_subresource(server: Server, kind: str) -> None:
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Succeeded",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": 1,
    }
    status = {"conditions": [condition], "observedGeneration": 1}
    stored = server.create(manifest(kind, {"metadata.name": unique("status"), "status": status}))
    assert stored["status"] == UNSEEN
    changed = server.replace_status(stored | {"status": status})
    assert changed["status"] == status
    assert changed["metadata"]["generation"] == stored["metadata"]["generation"]
    twice = status | {"conditions": [condition, condition]}
    assert "Duplicate value" in refusal(server.replace_status, changed | {"status": twice})


def test_kubectl_scale(plane: ControlPlane, server: Server) -> None:
    name = unique("scaled")
    server.create(manifest(DEPLOYMENT, {"metadata.name": name}))
    plane.run_kubectl("scale", f"dbsvc/{name}", "--replicas=5", f"--namespace={server.namespace}")
    assert server.get(DEPLOYMENT, name)["spec"]["replicas"] == 5


@pytest.mark.parametrize("kind", KINDS)
def test_kubectl_get(plane: ControlPlane, server: Server, kind: str) -> None:
    names = KINDS[kind]
    name = unique("listed")
    server.create(manifest(kind, {"metadata.name": name}))
    where = f"--namespace={server.namespace}"
    header = plane.run_kubectl("get", names.short_name, name, where).splitlines()[0]
    narrow = [column.name.upper() for column in names.model.COLUMNS if not column.wide]
    assert header.split() == ["NAME", *narrow]
    by_category = plane.run_kubectl("get", "teleport", "--output=name", where)
    assert f"{names.singular}.{GROUP}/{name}" in by_category.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_kubectl_explain(plane: ControlPlane, kind: str) -> None:
    for part in ("spec", "status"):
        shown = plane.run_kubectl("explain", f"{KINDS[kind].plural}.{part}")
        assert "FIELDS:" in shown
        assert "<no description>" not in shown
    shown = plane.run_kubectl("explain", f"{KINDS[kind].plural}.spec.resyncPeriod")
    assert "Default: 10m" in " ".join(shown.split())
