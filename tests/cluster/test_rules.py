"""The rights that are shipped for the operator: what it needs, and nothing beyond."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from rds_enrollment.api.common import GROUP
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT

from hack.sandbox.controlplane import ControlPlane

RULES = Path(__file__).resolve().parents[2] / "charts" / "rds-enrollment-operator" / "files" / "rules.yaml"
DEPLOYMENTS = DATABASE_SERVICE_DEPLOYMENT.plural
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")

RIGHTS = {
    **{f"{GROUP}/{kind.plural}": {"get", "list", "watch", "patch"} for kind in KINDS.values()},
    **{f"{GROUP}/{kind.plural}/status": {"update"} for kind in KINDS.values()},
    **{f"{GROUP}/{kind.plural}/finalizers": set() for kind in KINDS.values()},
    f"{GROUP}/{DEPLOYMENTS}": {"get", "list", "watch", "patch", "create", "delete"},
    f"{GROUP}/{DEPLOYMENTS}/scale": set(),
    f"{GROUP}/{RDS_ENROLLMENT.plural}/finalizers": {"update"},
    "events.k8s.io/events": {"create", "patch"},
    "/namespaces": {"get"},
    "/secrets": set(),
    "/configmaps": set(),
    "apps/deployments": set(),
    "rbac.authorization.k8s.io/clusterroles": set(),
    "apiextensions.k8s.io/customresourcedefinitions": set(),
}


@pytest.fixture(scope="module")
def operator(control_plane: ControlPlane) -> Iterator[str]:
    """A user who holds exactly the shipped rules."""
    name = f"operator-{uuid4().hex[:8]}"
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": yaml.safe_load(RULES.read_text()),
    }
    control_plane.apply(yaml.safe_dump(role))
    control_plane.run_kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--user={name}")
    yield name
    control_plane.run_kubectl("delete", f"clusterrolebinding/{name}", f"clusterrole/{name}")


def review(user: str, resource: str, verb: str, name: str = "") -> dict[str, object]:
    """A question to the API server; `resource` is group/plural or group/plural/subresource."""
    group, plural, subresource = (*resource.split("/"), "")[:3]
    asked = {"group": group, "resource": plural, "subresource": subresource, "verb": verb, "name": name}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": asked},
    }


def answers(plane: ControlPlane, questions: list[dict[str, object]]) -> list[bool]:
    documents = yaml.safe_dump_all(questions)
    shown = plane.run_kubectl(
        "create", "--filename=-", "--output=jsonpath={.status.allowed} ", stdin=documents
    )
    return [json.loads(answer) for answer in shown.split()]


@pytest.mark.parametrize("resource", RIGHTS)
def test_rights(control_plane: ControlPlane, operator: str, resource: str) -> None:
    given = answers(control_plane, [review(operator, resource, verb) for verb in VERBS])
    assert {verb for verb, allowed in zip(VERBS, given, strict=True) if allowed} == RIGHTS[resource]


def test_rules_hold_no_wildcard() -> None:
    for rule in yaml.safe_load(RULES.read_text()):
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
