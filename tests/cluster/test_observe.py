"""managementPolicy Observe: everything is told and nothing is written, from the first look to the deletion."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rds_enrollment.api.common import FINALIZER
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.kubernetes_gate import KubernetesGate
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT
from tests.cluster import inventory
from tests.cluster.kubernetes_api import Object, condition, is_ready
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene

OBSERVE = {"managementPolicy": "Observe"}
INTEGRATION_PLAN = [
    "CreateIdentityProvider",
    "CreateRole",
    "PutRolePolicy",
    "PutRolePolicy",
    "CreateIntegration",
]


def external_writes(scene: Scene) -> int:
    return len(scene.aws.calls.writes) + len(scene.teleport.writes)


def planned(obj: Object) -> list[str]:
    return [step["name"] for step in obj["status"].get("plan", [])]


def set_policy(scene: Scene, policy: str) -> None:
    """On every object that there is."""
    for obj in scene.namespace.objects():
        name, changed = obj["metadata"]["name"], {"spec": {"managementPolicy": policy}}
        scene.namespace.patch(KINDS[obj["kind"]], name, changed)


def test_from_the_plan_to_the_thing(scene: Scene) -> None:
    seeded = scene.world.demo_world(REGION)
    scene.start()
    scene.apply_examples(integration=OBSERVE, enrollment=OBSERVE)

    told = scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "Ready", "False", "ObserveOnly")
    assert told["message"].startswith(f"{len(INTEGRATION_PLAN)} writes are not made")
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "Ready", "False", "ObserveOnly")
    assert planned(scene.integration) == INTEGRATION_PLAN
    assert planned(scene.enrollment) == ["ApplyDeployment"] + ["CreateDatabase"] * 3
    assert condition(scene.integration, "RoleReady")["reason"] == "ObserveOnly"
    assert condition(scene.integration, "Reconciling") == {}
    assert scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT) == []
    assert external_writes(scene) == 0
    assert all("finalizers" not in obj["metadata"] for obj in scene.namespace.objects())

    # What is foreseen is what is written, in the same order.
    set_policy(scene, "Manage")
    scene.wait_all_ready()
    written = [
        write.operation for write in scene.aws.calls.writes if "/teleport-prod-aws" in f"/{write.target}"
    ]
    assert written == ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePolicy"]
    assert all(planned(obj) == [] for obj in scene.namespace.objects())
    assert inventory.services(scene)[0]["serviceName"].endswith(seeded.vpc.id)


@pytest.mark.slow
def test_what_was_managed_is_watched_and_then_let_go(scene: Scene, seeded: DemoWorld) -> None:
    name = f"{REGION}-{seeded.vpc.id}"
    set_policy(scene, "Observe")
    scene.wait_all_ready()  # everything is as wanted: to be observed only is no trouble
    scene.wait_idle()
    before = external_writes(scene)

    (service,) = inventory.services(scene)
    scene.client("ecs").update_service(
        cluster=service["clusterArn"], service=service["serviceName"], desiredCount=1
    )
    (token,) = scene.teleport.resources.tokens.list()
    scene.teleport.resources.tokens.delete(token.Metadata.Name)
    seen = scene.reconcile(scene.deployment)
    assert condition(seen, "Ready")["reason"] == "ObserveOnly"
    assert {step["description"].partition(":")[0] for step in seen["status"]["plan"]} == {
        f"Create Teleport join token {token.Metadata.Name}",
        f"Update ECS service {service['serviceName']}",
    }
    assert external_writes(scene) == before

    # Somebody who wants it back has it back, and is told that it was drift.
    scene.namespace.patch(DATABASE_SERVICE_DEPLOYMENT, name, {"spec": {"managementPolicy": "Manage"}})
    scene.wait(lambda: is_ready(scene.deployment), "the deployment is mended")
    scene.wait_idle()
    assert external_writes(scene) == before + 2
    assert any(event["reason"] == "DriftCorrected" for event in scene.namespace.events())

    # The end of what is only observed leaves everything, and everybody else, as they are.
    scene.namespace.patch(DATABASE_SERVICE_DEPLOYMENT, name, {"spec": OBSERVE})
    scene.wait(lambda: is_ready(scene.deployment), "the deployment is observed again")
    left = (inventory.in_aws(scene), inventory.in_teleport(scene))
    assert FINALIZER in scene.integration["metadata"]["finalizers"]
    scene.namespace.delete(AWS_OIDC_INTEGRATION, INTEGRATION)
    scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "IntegrationRegistered", "False", reason="InUse")
    scene.namespace.delete(RDS_ENROLLMENT, ENROLLMENT)
    scene.wait(lambda: scene.namespace.find(RDS_ENROLLMENT, ENROLLMENT) is None, "the enrolment is gone")
    assert "ownerReferences" not in scene.deployment["metadata"]
    scene.namespace.delete(DATABASE_SERVICE_DEPLOYMENT, name)
    scene.wait_gone()
    assert (inventory.in_aws(scene), inventory.in_teleport(scene)) == left
    assert external_writes(scene) == before + 2


@pytest.fixture
def counting(scene: Scene, control_plane: ControlPlane) -> Iterator[tuple[KubernetesGate, Path]]:
    """A way to the API server on which writes are counted, and the operator's kubeconfig for it."""
    with KubernetesGate(control_plane.server, control_plane.ca) as gate:
        yield (
            gate,
            control_plane.service_account_kubeconfig(
                OPERATOR_NAMESPACE, SERVICE_ACCOUNT, scene.folder / "counted.kubeconfig", server=gate.url
            ),
        )
        scene.operator.kill()


@pytest.mark.slow
def test_a_read_only_operator_writes_nothing_whatever_the_objects_say(
    scene: Scene, seeded: DemoWorld, counting: tuple[KubernetesGate, Path]
) -> None:
    gate, kubeconfig = counting
    scene.operator.stop()
    scene.world.seed_instance(seeded.vpc, "late")
    scene.client("iam").delete_role_policy(RoleName="teleport-prod-aws", PolicyName="ListDatabases")
    scene.namespace.delete(DATABASE_SERVICE_DEPLOYMENT, f"{REGION}-{seeded.vpc.id}")
    before = [without_status(obj) for obj in scene.namespace.objects()]
    left = (inventory.in_aws(scene), inventory.in_teleport(scene), external_writes(scene))

    scene.start(RDS_ENROLLMENT_READ_ONLY="true", KUBECONFIG=str(kubeconfig))
    told = scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "Ready", "False", "ObserveOnly")
    assert "the operator runs with --read-only" in told["message"]
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "Ready", "False", "ObserveOnly")
    scene.wait(
        lambda: condition(scene.deployment, "Ready").get("reason") == "ObserveOnly", "the deletion waits"
    )
    scene.wait_idle()
    assert planned(scene.integration) == ["PutRolePolicy"]
    assert planned(scene.enrollment)[0] == "CreateDatabase"
    assert (inventory.in_aws(scene), inventory.in_teleport(scene), external_writes(scene)) == left
    assert [without_status(obj) for obj in scene.namespace.objects()] == before
    written = Counter(write.operation.split(" ")[1] for write in gate.writes)
    assert set(written) <= {"events", "leases", *(f"{kind.plural}/status" for kind in KINDS.values())}
    assert written["awsoidcintegrations/status"]

    scene.operator.stop()
    scene.start()
    scene.wait(lambda: "db/late" in inventory.in_teleport(scene), "what waited is done")
    scene.wait_all_ready()


def without_status(obj: Object) -> Object:
    """All that the operator must leave alone: no write but that of status changes it."""
    metadata = {
        key: obj["metadata"].get(key) for key in ("uid", "generation", "finalizers", "annotations", "labels")
    }
    return {**metadata, "spec": obj["spec"]}
