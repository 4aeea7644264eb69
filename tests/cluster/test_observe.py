"""managementPolicy Observe: everything is told and nothing is written, from the first look to the deletion."""

from rds_enrollment.api.common import FINALIZER
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
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
    assert planned(scene.enrollment) == ["CreateDatabase"] * 3 + ["ApplyDeployment"]
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
