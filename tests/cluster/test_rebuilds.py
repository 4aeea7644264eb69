"""Who loses its memory, and who comes second: the marks in AWS and Teleport decide."""

import pytest
from rds_enrollment.api.common import ANNOTATION_PAUSED, OWNER_MARK
from rds_enrollment.api.kinds import KINDS

from hack.sandbox.aws.world import DemoWorld
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import INTEGRATION, Scene

pytestmark = pytest.mark.slow


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


def marked_in_ec2(scene: Scene) -> set[str]:
    """Ids of the security groups and rules with anybody's mark."""
    ec2, marked = scene.client("ec2"), [{"Name": "tag-key", "Values": [OWNER_MARK]}]
    groups = ec2.describe_security_groups(Filters=marked)["SecurityGroups"]
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    return {group["GroupId"] for group in groups} | {
        rule["SecurityGroupRuleId"]
        for rule in rules
        if any(tag["Key"] == OWNER_MARK for tag in rule.get("Tags", ()))
    }


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


def test_what_is_retained_runs_on_is_nobodys_and_can_be_adopted_again(
    scene: Scene, seeded: DemoWorld
) -> None:
    for obj in (scene.integration, scene.enrollment):
        kind, name = KINDS[obj["kind"]], obj["metadata"]["name"]
        scene.namespace.patch(kind, name, {"spec": {"deletionPolicy": "Retain"}})
    template = {
        **scene.enrollment["spec"]["deployment"],
        "securityGroups": {"managed": {}, "selector": None},
        "databaseAccess": "Manage",
    }
    scene.namespace.patch(KINDS["RdsEnrollment"], "prod", {"spec": {"deployment": template}})
    scene.wait(lambda: scene.deployment["spec"]["deletionPolicy"] == "Retain", "the deployment is told")
    scene.wait_all_ready()
    tasks = {task.task_arn for task in scene.aws.running_tasks()}
    in_aws, in_teleport = inventory.in_aws(scene), inventory.in_teleport(scene)
    made = marked_in_ec2(scene)
    assert {item.partition("-")[0] for item in made} == {"sg", "sgr"}
    # Retained things lose nothing to a pause.
    scene.namespace.patch(
        KINDS["AwsOidcIntegration"], INTEGRATION, {"metadata": {"annotations": {ANNOTATION_PAUSED: "true"}}}
    )
    scene.aws.calls.clear()

    scene.delete_all()
    scene.wait_gone()
    assert {call.operation for call in scene.aws.calls.writes} == {
        "ec2:DeleteTags",
        "ecs:UntagResource",
        "iam:UntagOpenIDConnectProvider",
        "iam:UntagRole",
    }
    assert (inventory.in_aws(scene), inventory.in_teleport(scene)) == (in_aws, in_teleport)
    assert {task.task_arn for task in scene.aws.running_tasks()} == tasks
    tags = [tag["Key"] for role in inventory.roles(scene).values() for tag in role["Tags"]]
    tags += [tag["key"] for service in inventory.services(scene) for tag in service["tags"]]
    tags += [tag["key"] for cluster in inventory.clusters(scene) for tag in cluster["tags"]]
    assert "teleport.dev/cluster" in tags
    assert OWNER_MARK not in tags
    assert marked_in_ec2(scene) == set()
    assert all(OWNER_MARK not in item.Metadata.Labels for item in scene.teleport.resources.databases.list())

    adopting = {"adoptionPolicy": "IfTagged"}
    template["securityGroups"] = {"managed": {}}
    scene.apply_examples(integration=adopting, enrollment={**adopting, "deployment": template})
    scene.wait_all_ready()
    assert {task.task_arn for task in scene.aws.running_tasks()} == tasks
    assert marked_in_ec2(scene) == made
