"""Who loses its memory, and who comes second: the marks in AWS and Teleport decide."""

from rds_enrollment.api.kinds import KINDS

from hack.sandbox.aws.world import DemoWorld
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import Scene


def wipe(scene: Scene) -> None:
    """What becomes of the objects when etcd is lost: no finalizer runs."""
    scene.operator.stop()
    # Dependents first: Kubernetes would collect them by itself.
    for obj in reversed(scene.namespace.objects()):
        kind, name = KINDS[obj["kind"]], obj["metadata"]["name"]
        scene.namespace.patch(kind, name, {"metadata": {"finalizers": None}})
        scene.namespace.delete(kind, name)
    scene.wait_gone()
    scene.aws.calls.clear()


def test_rebuilt_cluster_takes_over_and_a_second_one_stands_back(scene: Scene, seeded: DemoWorld) -> None:
    scene.wait_idle()
    tasks = {task.task_arn for task in scene.aws.running_tasks()}
    wipe(scene)
    in_teleport = len(scene.teleport.writes)

    scene.start()
    scene.apply_examples()
    scene.wait_all_ready()
    scene.wait_idle()
    assert scene.aws.calls.writes == []
    assert len(scene.teleport.writes) == in_teleport
    assert {task.task_arn for task in scene.aws.running_tasks()} == tasks

    # The same manifests, an operator that marks otherwise, and its predecessor's things.
    deployment = {name: scene.deployment[name] for name in ("apiVersion", "kind", "spec")}
    deployment["metadata"] = {"name": scene.deployment["metadata"]["name"]}
    wipe(scene)
    scene.start(RDS_ENROLLMENT_OWNER_ID="second")
    scene.apply_examples()
    scene.namespace.create(deployment)

    def refused() -> bool:
        reasons = {
            (obj["kind"], entry["type"]): entry["reason"]
            for obj in scene.namespace.objects()
            for entry in obj.get("status", {}).get("conditions", ())
            if entry["status"] == "False"
        }
        return {
            ("AwsOidcIntegration", "RoleReady"),
            ("AwsOidcIntegration", "IntegrationRegistered"),
            ("DatabaseServiceDeployment", "RoleReady"),
            ("DatabaseServiceDeployment", "JoinTokenReady"),
            ("DatabaseServiceDeployment", "ServiceDeployed"),
        } <= {key for key, reason in reasons.items() if reason == "OwnedByAnother"}

    scene.wait(refused, "everything is OwnedByAnother")
    scene.wait_condition(KINDS["RdsEnrollment"], "prod", "DatabasesEnrolled", "False")
    for database in scene.enrollment["status"]["databases"]:
        assert database["state"] == "Conflicting"
    assert "sandbox/awsoidc/" in condition(scene.integration, "RoleReady")["message"]
    scene.delete_all()
    scene.wait_gone()
    assert scene.aws.calls.writes == []
    assert len(scene.teleport.writes) == in_teleport
    assert {task.task_arn for task in scene.aws.running_tasks()} == tasks
