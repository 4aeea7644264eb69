"""What changes, in AWS or in a spec, costs the writes that it needs and no others."""

import threading

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.aws.wire import AwsRequest
from hack.sandbox.aws.world import DemoWorld
from tests.cluster import inventory
from tests.cluster.kubernetes_api import Object, is_ready
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene


class Writes:
    """The external writes since the last look."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        scene.wait_idle()
        self._seen = self._counts()

    def new(self) -> tuple[list[str], list[str]]:
        """Operations in AWS, and `Method target` in Teleport."""
        aws, teleport = self._seen
        self._seen = self._counts()
        return (
            [write.operation for write in self._scene.aws.calls.writes[aws:]],
            [
                f"{write.operation.rpartition('/')[2]} {write.target}"
                for write in self._scene.teleport.writes[teleport:]
            ],
        )

    def _counts(self) -> tuple[int, int]:
        return len(self._scene.aws.calls.writes), len(self._scene.teleport.writes)


@pytest.fixture
def writes(scene: Scene, seeded: DemoWorld) -> Writes:
    return Writes(scene)


def counts(enrollment: Object) -> tuple[int, int]:
    status = enrollment["status"]
    return status["discovered"], status["enrolled"]


def test_database_that_appears_changes_and_disappears(
    scene: Scene, seeded: DemoWorld, writes: Writes
) -> None:
    databases, rds = scene.teleport.resources.databases, scene.client("rds")
    agents = set(inventory.tasks(scene))

    added = scene.world.seed_instance(seeded.vpc, "added")
    assert counts(scene.reconcile(scene.enrollment)) == (4, 4)
    assert writes.new() == ([], ["CreateDatabase added"])

    rds.add_tags_to_resource(ResourceName=added.arn, Tags=[{"Key": "team", "Value": "new"}])
    scene.reconcile(scene.enrollment)
    assert writes.new() == ([], ["UpdateDatabase added"])
    assert databases.get("added").Metadata.Labels["team"] == "new"

    # Made anew under its name: another resource with another engine, version and endpoint.
    rds.delete_db_instance(DBInstanceIdentifier="added", SkipFinalSnapshot=True)
    again = scene.world.seed_instance(seeded.vpc, "added", engine="mysql")
    scene.reconcile(scene.enrollment)
    assert writes.new() == ([], ["UpdateDatabase added"])
    spec = databases.get("added").Spec
    assert (spec.URI, spec.Protocol) == (f"{again.host}:3306", "mysql")
    assert spec.AWS.RDS.ResourceID == again.resource_id

    rds.delete_db_instance(DBInstanceIdentifier="added", SkipFinalSnapshot=True)
    assert counts(scene.reconcile(scene.enrollment)) == (3, 3)
    assert writes.new() == ([], ["DeleteDatabase added"])

    assert is_ready(scene.reconcile(scene.enrollment))
    assert writes.new() == ([], [])
    assert set(inventory.tasks(scene)) == agents


def test_object_that_somebody_changed_in_teleport_is_mended(
    scene: Scene, seeded: DemoWorld, writes: Writes
) -> None:
    databases = scene.teleport.resources.databases
    before = databases.get("orders")
    changed = databases.get("orders")
    changed.Spec.URI = "elsewhere.example.com:5432"
    databases.put(changed)

    scene.reconcile(scene.enrollment)

    assert writes.new() == ([], ["UpdateDatabase orders"])
    after = databases.get("orders")
    after.Metadata.Revision = before.Metadata.Revision
    assert after == before


def test_scaled_deployment_stays_scaled(scene: Scene, seeded: DemoWorld, writes: Writes) -> None:
    name = f"{REGION}-{seeded.vpc.id}"
    scene.plane.run_kubectl("scale", f"dbsvc/{name}", "--replicas=3", f"--namespace={scene.namespace.name}")

    scene.wait(lambda: scene.deployment["status"].get("connectedReplicas") == 3, "three agents are connected")
    scene.wait_all_ready()
    assert writes.new() == (["ecs:UpdateService"], [])

    # The enrolment that generated it has no opinion on replicas.
    scene.reconcile(scene.enrollment)
    scene.reconcile(scene.deployment)
    assert scene.deployment["spec"]["replicas"] == 3
    (service,) = inventory.services(scene)
    assert (service["desiredCount"], service["runningCount"]) == (3, 3)
    assert writes.new() == ([], [])


@pytest.mark.slow
def test_changed_subnets_are_one_deployment(scene: Scene, seeded: DemoWorld, writes: Writes) -> None:
    (before,) = inventory.services(scene)
    subnets = {"selector": {"tags": {"tier": "public"}}}
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"deployment": {"subnets": subnets}}})

    scene.wait(lambda: scene.deployment["spec"]["subnets"] == subnets, "the deployment is told")
    scene.wait_all_ready()

    assert writes.new() == (["ecs:UpdateService"], [])
    (service,) = inventory.services(scene)
    assert set(service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]) == set(
        seeded.vpc.public_subnets
    )
    assert service["taskDefinition"] == before["taskDefinition"]
    (deployment,) = service["deployments"]
    assert deployment["id"] != before["deployments"][0]["id"]
    assert deployment["rolloutState"] == "COMPLETED"
    tasks = scene.aws.running_tasks()
    assert len(tasks) == 2
    assert {task.subnet_id for task in tasks} <= set(seeded.vpc.public_subnets)


@pytest.mark.slow
def test_tags_reach_what_is_there_and_are_mended(scene: Scene, seeded: DemoWorld, writes: Writes) -> None:
    wish = {"spec": {"tags": {"team": "data"}}}
    scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, wish)
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, wish)
    scene.wait(lambda: scene.deployment["spec"].get("tags") == {"team": "data"}, "the deployment is told")
    scene.wait_all_ready()
    writes_in_aws, _ = writes.new()
    assert sorted(writes_in_aws) == [
        "ecs:TagResource",  # the cluster
        "ecs:TagResource",  # the service
        "ecs:TagResource",  # the task definition
        "iam:TagOpenIDConnectProvider",
        "iam:TagRole",  # the integration's
        "iam:TagRole",  # the tasks'
    ]
    ecs, iam = scene.client("ecs"), scene.client("iam")
    (cluster,), (service,) = inventory.clusters(scene), inventory.services(scene)
    regional = (cluster["clusterArn"], service["serviceArn"], service["taskDefinition"])
    for arn in regional:
        tags = {tag["key"]: tag["value"] for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
        assert tags["team"] == "data"
        assert "rds-enrollment.dev/owner" in tags
    for role in inventory.roles(scene).values():
        assert {"Key": "team", "Value": "data"} in role["Tags"]

    iam.tag_role(RoleName="teleport-prod-aws", Tags=[{"Key": "team", "Value": "sales"}])
    ecs.untag_resource(resourceArn=service["serviceArn"], tagKeys=["team", "teleport.dev/cluster"])
    for obj in scene.namespace.objects():
        scene.reconcile(obj)
    assert sorted(writes.new()[0]) == ["ecs:TagResource", "iam:TagRole"]
    scene.wait_all_ready()

    # Taken out of the specs: what was set for them goes, and what somebody added stays.
    iam.tag_role(RoleName="teleport-prod-aws", Tags=[{"Key": "by", "Value": "hand"}])
    scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": {"tags": None}})
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"tags": None}})
    scene.wait(lambda: not scene.deployment["spec"].get("tags"), "the deployment is told")
    scene.wait_all_ready()
    assert sorted(writes.new()[0]) == [
        "ecs:UntagResource",
        "ecs:UntagResource",
        "ecs:UntagResource",
        "iam:UntagOpenIDConnectProvider",
        "iam:UntagRole",
        "iam:UntagRole",
    ]
    assert {"Key": "by", "Value": "hand"} in inventory.roles(scene)["teleport-prod-aws"]["Tags"]
    assert not any("appliedTags" in obj["status"] for obj in scene.namespace.objects())

    _untag_while_tagging(scene)
    scene.wait_all_ready()
    assert not any(tag["Key"] == "team" for role in inventory.roles(scene).values() for tag in role["Tags"])


def _untag_while_tagging(scene: Scene) -> None:
    """A tag that is gone from the spec before the pass that sets it has ended."""
    struck = threading.Event()

    def take_out(request: AwsRequest, _: str) -> None:
        if request.name == "iam:TagRole" and not struck.is_set():
            struck.set()
            scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": {"tags": None}})

    scene.aws.refuse = take_out
    scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": {"tags": {"team": "data"}}})
    scene.wait(struck.is_set, "the tag is being set")
