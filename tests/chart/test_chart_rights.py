"""No right is shipped that the operator can do without: each, taken away alone, makes an operation fail."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.api.reasons import Reason
from rds_enrollment.kubernetes.errors import ApiError
from rds_enrollment.plan.outcome import Blocked

from hack.sandbox.controlplane import ControlPlane
from tests.chart.release import Release
from tests.chart.rendering import CHART
from tests.chart.rights import LEASE, Actor, Operation, Right, actor, operations
from tests.cluster.refused.manifest import manifest
from tests.cluster.waiting import wait_until

RULES: list[dict[str, Any]] = [
    rule
    for name in ("rules", "lease-rules")
    for rule in yaml.safe_load((CHART / "files" / f"{name}.yaml").read_text())
]
RIGHTS = [
    Right(group, resource, verb)
    for rule in RULES
    for group in rule["apiGroups"]
    for resource in rule["resources"]
    for verb in rule["verbs"]
]
OPERATIONS = operations()


def without(right: Right) -> list[dict[str, Any]]:
    """The shipped rules but for one right."""
    rules = []
    for rule in copy.deepcopy(RULES):
        if right.resource not in rule["resources"] or right.verb not in rule["verbs"]:
            rules.append(rule)
            continue
        others = [resource for resource in rule["resources"] if resource != right.resource]
        verbs = [verb for verb in rule["verbs"] if verb != right.verb]
        rules += [rule | {"resources": others}] if others else []
        rules += [rule | {"resources": [right.resource], "verbs": verbs}] if verbs else []
    return rules


@dataclass(frozen=True)
class Cast:
    """A namespace, and one ServiceAccount in it per right, which holds all others."""

    plane: ControlPlane
    namespace: str
    folder: Path

    def kubeconfig(self, account: str) -> Path:
        return self.plane.service_account_kubeconfig(self.namespace, account, self.folder / account)

    def create_objects(self) -> dict[str, Any]:
        """One object of each kind, by kind, under fresh names."""
        name = f"some-{uuid4().hex[:8]}"
        documents = [
            manifest(kind, {"metadata.name": name, "metadata.namespace": self.namespace}) for kind in KINDS
        ]
        everything = {"apiVersion": "v1", "kind": "List", "items": documents}
        self.plane.run_kubectl("create", "--filename=-", stdin=json.dumps(everything))
        kinds = ",".join(kind.plural for kind in KINDS.values())
        shown = self.plane.run_kubectl(
            "get",
            kinds,
            f"--field-selector=metadata.name={name}",
            f"--namespace={self.namespace}",
            "--output=json",
        )
        return {item["kind"]: item for item in json.loads(shown)["items"]}

    def allowed(self, account: str, right: Right) -> bool:
        user = f"system:serviceaccount:{self.namespace}:{account}"
        resource, _, subresource = right.resource.partition("/")
        name = {"namespaces": "kube-system", "leases": LEASE}.get(right.resource, "")
        attributes = {
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "verb": right.verb,
            "name": name,
            "namespace": self.namespace,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes},
        }
        shown = self.plane.run_kubectl(
            "create", "--filename=-", "--output=jsonpath={.status.allowed}", stdin=json.dumps(review)
        )
        return bool(json.loads(shown))


def account(right: Right) -> str:
    return f"no-{RIGHTS.index(right)}"


@pytest.fixture(scope="module")
def cast(
    control_plane: ControlPlane, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """`release` brings the CRDs. All accounts are made at once."""
    assert release.name
    namespace = f"rights-{uuid4().hex[:8]}"
    documents: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    ]
    documents.append(_lease(namespace))
    accounts = {"all": RULES} | {account(right): without(right) for right in RIGHTS}
    for name, rules in accounts.items():
        documents += _account(namespace, name, rules)
    control_plane.apply(yaml.safe_dump_all(documents))
    cast = Cast(control_plane, namespace, tmp_path_factory.mktemp("rights"))
    last = RIGHTS[-1]
    wait_until(lambda: cast.allowed("all", last) and not cast.allowed(account(last), last), "rights hold")
    yield cast
    names = [f"{namespace}-{name}" for name in ("all", *map(account, RIGHTS))]
    control_plane.run_kubectl("delete", "clusterrolebinding", *names)
    control_plane.run_kubectl("delete", "clusterrole", *names)


def _lease(namespace: str) -> dict[str, Any]:
    """Which one account may have to update that could not create it."""
    metadata = {"name": LEASE, "namespace": namespace}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {}}


def _account(namespace: str, name: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rbac, role = "rbac.authorization.k8s.io", f"{namespace}-{name}"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
    ]


def test_every_right_has_an_operation() -> None:
    assert set(RIGHTS) == OPERATIONS.keys()
    assert len(set(RIGHTS)) == len(RIGHTS)


async def test_with_all_rights_everything_works(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig = cast.kubeconfig("all")
    for right, operation in OPERATIONS.items():
        objects = cast.create_objects()
        async with actor(kubeconfig, cast.namespace, objects, monkeypatch) as who:
            try:
                await operation(who)
            except Exception as error:  # noqa: BLE001 - named, whatever it is
                pytest.fail(f"{right}: {error!r}")


@pytest.mark.slow
@pytest.mark.parametrize("right", RIGHTS, ids=str)
async def test_without_one_right_its_operation_fails(
    cast: Cast, right: Right, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation: Operation = OPERATIONS[right]
    objects = cast.create_objects()
    async with actor(cast.kubeconfig(account(right)), cast.namespace, objects, monkeypatch) as who:
        assert await refused(operation, who)


async def refused(operation: Operation, who: Actor) -> bool:
    """Whether the API server forbids it. Raises what else goes wrong."""
    try:
        await operation(who)
    except ApiError as error:
        return error.status == 403
    except Blocked as outcome:
        return outcome.reason is Reason.ACCESS_DENIED
    return False
