"""The Kubernetes adapter against a real API server, with the operator's own rights and no more."""

import copy
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.api.common import API_VERSION, FIELD_MANAGER, FINALIZER
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.kubernetes import config
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.kubernetes.watch import WatchCheck, WatchMonitor
from rds_enrollment.plan.outcome import Blocked, Conflict
from rds_enrollment.plan.steps.kubernetes import ApplyDeployment, DeleteDeployment, SetDeploymentOwners
from rds_enrollment.runtime.reconciler import Key

from hack.sandbox.controlplane import ControlPlane
from tests.cluster.operator_account import install_kinds, operator_kubeconfig

KIND = "AwsOidcIntegration"
CHILD = "DatabaseServiceDeployment"
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Succeeded",
    "message": "Everything is there.",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "observedGeneration": 1,
}


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def kubeconfig(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return operator_kubeconfig(plane, tmp_path_factory.mktemp("adapter"))


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    name = f"adapter-{uuid4().hex[:8]}"
    plane.run_kubectl("create", "namespace", name)
    return name


@pytest.fixture
async def rest(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rest]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    client = Rest(config.load, user_agent="test")
    yield client
    await client.close()


@pytest.fixture
def objects(rest: Rest) -> Objects:
    return Objects(rest)


@pytest.fixture
async def obj(plane: ControlPlane, objects: Objects, namespace: str) -> dict[str, Any]:
    """An integration as a user wrote it."""
    return await create(plane, objects, namespace, "prod")


async def create(plane: ControlPlane, objects: Objects, namespace: str, name: str) -> dict[str, Any]:
    manifest = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accountId": "123456789012", "role": {"name": "teleport"}},
    }
    plane.run_kubectl("create", "--filename=-", stdin=json.dumps(manifest))
    created = await objects.get(KIND, namespace, name)
    assert created is not None
    return created


def deployment(namespace: str, name: str) -> ApplyDeployment:
    manifest = {
        "apiVersion": API_VERSION,
        "kind": CHILD,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "integrationRef": {"name": "prod"},
            "region": "us-west-1",
            "vpcId": "vpc-0123456789abcdef0",
            "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
            "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
        },
    }
    condition = ConditionType.DEPLOYMENTS_READY
    return ApplyDeployment(condition=condition, namespace=namespace, deployment=name, manifest=manifest)


async def test_what_does_not_exist_is_none(objects: Objects, namespace: str) -> None:
    assert await objects.get(KIND, namespace, "absent") is None


async def test_objects_are_listed_by_namespace_and_over_all(
    objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    assert await objects.list(KIND, namespace) == [obj]
    assert obj in await objects.list(KIND)
    assert obj["kind"] == KIND


async def test_a_status_is_written_once_and_leaves_the_rest_alone(
    objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    status = {"observedGeneration": 1, "conditions": [CONDITION]}
    written = await objects.write_status(obj, status)
    assert written["status"] == status
    assert written["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]
    again = await objects.write_status(written, copy.deepcopy(status))
    read = await objects.get(KIND, namespace, "prod")
    assert read is not None
    assert again["metadata"]["resourceVersion"] == read["metadata"]["resourceVersion"]
    assert read["spec"] == obj["spec"]
    assert "annotations" not in read["metadata"]


async def test_a_status_written_on_an_outdated_object_is_a_conflict(
    objects: Objects, obj: dict[str, Any]
) -> None:
    await objects.write_status(obj, {"observedGeneration": 1})
    with pytest.raises(Conflict):
        await objects.write_status(obj, {"observedGeneration": 2})


async def test_a_status_of_a_deleted_object_is_a_conflict(
    plane: ControlPlane, objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    plane.run_kubectl("delete", KIND.lower(), "prod", f"--namespace={namespace}")
    with pytest.raises(Conflict):
        await objects.write_status(obj, {"observedGeneration": 1})


async def test_a_status_that_the_schema_refuses_is_told(objects: Objects, obj: dict[str, Any]) -> None:
    with pytest.raises(Blocked) as raised:
        await objects.write_status(obj, {"conditions": [{**CONDITION, "status": "Perhaps"}]})
    assert raised.value.reason is Reason.KUBERNETES_REQUEST_REFUSED
    assert "update awsoidcintegrations/status" in raised.value.message


async def test_the_finalizer_comes_once_and_goes_and_keeps_those_of_others(
    plane: ControlPlane, objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    with_ours = await objects.add_finalizer(obj)
    assert with_ours["metadata"]["finalizers"] == [FINALIZER]
    assert await objects.add_finalizer(with_ours) is with_ours
    patch = json.dumps([{"op": "add", "path": "/metadata/finalizers/0", "value": "example.com/theirs"}])
    plane.run_kubectl(
        "patch", KIND.lower(), "prod", f"--namespace={namespace}", "--type=json", f"--patch={patch}"
    )
    with pytest.raises(Conflict):
        await objects.remove_finalizer(with_ours)
    current = await objects.get(KIND, namespace, "prod")
    assert current is not None
    without = await objects.remove_finalizer(current)
    assert without["metadata"]["finalizers"] == ["example.com/theirs"]
    assert await objects.remove_finalizer(without) is without


async def test_removing_the_last_finalizer_lets_the_object_go(
    plane: ControlPlane, objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    await objects.add_finalizer(obj)
    plane.run_kubectl("delete", KIND.lower(), "prod", f"--namespace={namespace}", "--wait=false")
    deleting = await objects.get(KIND, namespace, "prod")
    assert deleting is not None
    assert deleting["metadata"]["deletionTimestamp"]
    await objects.remove_finalizer(deleting)
    assert await objects.get(KIND, namespace, "prod") is None


async def test_a_finalizer_on_a_deleted_object_is_a_conflict(
    plane: ControlPlane, objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    plane.run_kubectl("delete", KIND.lower(), "prod", f"--namespace={namespace}")
    with pytest.raises(Conflict):
        await objects.add_finalizer(obj)


async def test_a_generated_deployment_is_applied_field_by_field(
    plane: ControlPlane, objects: Objects, namespace: str
) -> None:
    step = deployment(namespace, "child")
    await objects.apply(step)
    plane.run_kubectl("scale", CHILD.lower(), "child", f"--namespace={namespace}", "--replicas=5")
    await objects.apply(step)
    child = await objects.get(CHILD, namespace, "child")
    assert child is not None
    assert child["spec"]["replicas"] == 5, "what is not applied belongs to whoever set it"
    managers = {entry["manager"]: entry["operation"] for entry in child["metadata"]["managedFields"]}
    assert managers[FIELD_MANAGER] == "Apply"


async def test_an_equal_apply_changes_nothing(objects: Objects, namespace: str) -> None:
    step = deployment(namespace, "child")
    await objects.apply(step)
    await objects.apply(step)  # stores what a new object's status is until the operator writes it
    first = await objects.get(CHILD, namespace, "child")
    await objects.apply(step)
    assert await objects.get(CHILD, namespace, "child") == first


async def test_owners_are_set_on_the_version_that_was_read(
    objects: Objects, namespace: str, obj: dict[str, Any]
) -> None:
    await objects.apply(deployment(namespace, "child"))
    child = await objects.get(CHILD, namespace, "child")
    assert child is not None
    metadata = obj["metadata"]
    owner = {"apiVersion": API_VERSION, "kind": KIND, "name": metadata["name"], "uid": metadata["uid"]}
    step = SetDeploymentOwners(
        condition=ConditionType.DEPLOYMENTS_READY,
        namespace=namespace,
        deployment="child",
        resource_version=child["metadata"]["resourceVersion"],
        owners=(owner,),
    )
    await objects.apply(step)
    owned = await objects.get(CHILD, namespace, "child")
    assert owned is not None
    assert owned["metadata"]["ownerReferences"] == [owner]
    with pytest.raises(Conflict):
        await objects.apply(step)


async def test_only_the_deployment_that_was_meant_is_deleted(objects: Objects, namespace: str) -> None:
    await objects.apply(deployment(namespace, "child"))
    child = await objects.get(CHILD, namespace, "child")
    assert child is not None

    def delete(uid: str) -> DeleteDeployment:
        condition = ConditionType.DEPLOYMENTS_READY
        return DeleteDeployment(condition=condition, namespace=namespace, deployment="child", uid=uid)

    with pytest.raises(Conflict):
        await objects.apply(delete(str(uuid4())))
    await objects.apply(delete(child["metadata"]["uid"]))
    assert await objects.get(CHILD, namespace, "child") is None
    await objects.apply(delete(child["metadata"]["uid"]))


async def test_a_refused_deployment_is_told_with_the_servers_reason(objects: Objects, namespace: str) -> None:
    step = deployment(namespace, "child")
    broken = copy.deepcopy(dict(step.manifest))
    broken["spec"]["vpcId"] = "not-a-vpc"
    with pytest.raises(Blocked, match="vpcId") as raised:
        await objects.apply(
            ApplyDeployment(
                condition=step.condition, namespace=namespace, deployment="child", manifest=broken
            )
        )
    assert raised.value.reason is Reason.KUBERNETES_REQUEST_REFUSED


async def test_the_cluster_has_an_identity(plane: ControlPlane, objects: Objects) -> None:
    uid = plane.run_kubectl("get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}")
    assert await objects.cluster_uid() == uid


async def test_a_missing_right_is_named(
    plane: ControlPlane, tmp_path: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.run_kubectl("create", "serviceaccount", "nobody", f"--namespace={namespace}")
    path = plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "nobody.kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(path))
    rest = Rest(config.load, user_agent="test")
    with pytest.raises(Blocked) as raised:
        await Objects(rest).get(KIND, namespace, "prod")
    await rest.close()
    assert raised.value.reason is Reason.ACCESS_DENIED
    assert "get awsoidcintegrations" in raised.value.message


async def test_events_are_shown_and_counted(
    plane: ControlPlane, rest: Rest, namespace: str, obj: dict[str, Any]
) -> None:
    registry = CollectorRegistry()
    recorder = Recorder(rest, instance="test", clock=lambda: datetime.now(UTC), registry=registry)
    for _ in range(3):
        await recorder.record(obj, "Warning", "AccessDenied", "Allow iam:CreateRole.", "CreateRole")
    shown = plane.run_kubectl("get", "events.events.k8s.io", f"--namespace={namespace}", "--output=json")
    (event,) = json.loads(shown)["items"]
    assert event["series"]["count"] == 3
    assert (event["type"], event["reason"], event["action"]) == ("Warning", "AccessDenied", "CreateRole")
    described = plane.run_kubectl("describe", KIND.lower(), "prod", f"--namespace={namespace}")
    assert "Allow iam:CreateRole." in described
    assert registry.get_sample_value("rds_enrollment_event_writes_failed_total") == 0


async def test_the_watch_check_sees_what_was_not_delivered(
    rest: Rest, namespace: str, obj: dict[str, Any]
) -> None:
    now = 0.0
    monitor = WatchMonitor(grace=60, clock=lambda: now, wall=lambda: now, registry=CollectorRegistry())
    missed: list[Key] = []
    check = WatchCheck(rest, monitor, namespaces=(namespace,), missed=missed.append)
    await check.check()
    await check.check()
    now = 61.0
    assert check.failure() is None
    assert missed == [Key(KIND, namespace, "prod")]
    assert "prod" in (monitor.stuck() or "")
    assert obj["metadata"]["name"] == "prod"
