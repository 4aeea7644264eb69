"""What is not ours is reported, and neither changed nor deleted: not when we want it, not when we go."""

import json
from collections.abc import Callable
from typing import Any

from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.teleport.wire.database_pb2 import DatabaseSpecV3, DatabaseV3
from rds_enrollment.teleport.wire.resource_pb2 import Metadata
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenSpecV2, ProvisionTokenV2, TokenRule

from hack.sandbox.aws.world import Vpc
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene, example
from tests.cluster.wizard import ECS_CLUSTER, TELEPORT_TAGS, make_integration, make_trust
from tests.wizard_policies import TASKS_TRUST


def make_role(scene: Scene, name: str) -> None:
    scene.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(TASKS_TRUST),
        Tags=[{"Key": "team", "Value": "other"}],
    )


def make_database(scene: Scene, name: str) -> None:
    scene.teleport.resources.databases.put(
        DatabaseV3(
            Kind="db",
            Version="v3",
            Metadata=Metadata(Name=name, Namespace="default", Labels={"env": "other"}),
            Spec=DatabaseSpecV3(Protocol="postgres", URI="other.example.com:5432"),
        )
    )


def make_token(scene: Scene, name: str) -> None:
    rule = TokenRule(AWSAccount="999999999999")
    scene.teleport.resources.tokens.put(
        ProvisionTokenV2(
            Kind="token",
            Version="v2",
            Metadata=Metadata(Name=name, Namespace="default"),
            Spec=ProvisionTokenSpecV2(Roles=["Db"], JoinMethod="iam", Allow=[rule]),
        )
    )


def make_service(scene: Scene, vpc: Vpc) -> None:
    """The wizard's own deployment in this VPC: Teleport's three tags on everything, no owner tag."""
    ecs = scene.client("ecs")
    tags = [{"key": key, "value": value} for key, value in TELEPORT_TAGS.items()]
    make_role(scene, "TeleportDatabaseAccess")
    ecs.create_cluster(clusterName=ECS_CLUSTER, capacityProviders=["FARGATE"], tags=tags)
    registered = ecs.register_task_definition(
        family=f"{ECS_CLUSTER}-database-service-{vpc.id}",
        requiresCompatibilities=["FARGATE"],
        cpu="2048",
        memory="4096",
        networkMode="awsvpc",
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess",
        executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess",
        containerDefinitions=[{"name": "teleport-service", "image": "public.ecr.aws/example/other:1"}],
        tags=tags,
    )
    ecs.create_service(
        cluster=ECS_CLUSTER,
        serviceName=f"database-service-{vpc.id}",
        desiredCount=1,
        launchType="FARGATE",
        taskDefinition=registered["taskDefinition"]["taskDefinitionArn"],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": list(vpc.private_subnets),
                "securityGroups": [vpc.agents_group],
                "assignPublicIp": "DISABLED",
            }
        },
        tags=tags,
    )


def in_teleport(scene: Scene) -> list[Any]:
    """Every object that somebody may have stored."""
    resources = scene.teleport.resources
    return [*resources.databases.list(), *resources.tokens.list(), *resources.integrations.list()]


def roles(scene: Scene) -> dict[str, Any]:
    """Roles with their policies."""
    return {name: (role, inventory.policies(scene, name)) for name, role in inventory.roles(scene).items()}


def is_settled(scene: Scene, expected: dict[tuple[str, str], str]) -> Callable[[], bool]:
    """Whether each (kind, condition) is False with its reason."""

    def settled() -> bool:
        found = {obj["kind"]: obj for obj in scene.namespace.objects()}
        return all(
            kind in found
            and (entry := condition(found[kind], type_))
            and (entry["status"], entry["reason"]) == ("False", reason)
            for (kind, type_), reason in expected.items()
        )

    return settled


def test_names_that_others_hold(scene: Scene) -> None:
    vpc = scene.world.demo_world(REGION).vpc
    task_role, token = f"TeleportDatabaseAccess-{vpc.id}", f"rds-enrollment-{ACCOUNT}-{REGION}-{vpc.id}"
    make_role(scene, "teleport-prod-aws")
    make_role(scene, task_role)
    make_database(scene, "orders")
    make_token(scene, token)
    make_integration(scene, INTEGRATION)
    scene.client("ecs").create_cluster(clusterName=ECS_CLUSTER)
    before = roles(scene), in_teleport(scene), inventory.clusters(scene)

    scene.start()
    scene.apply_examples()
    integration, deployment = AWS_OIDC_INTEGRATION.kind, DATABASE_SERVICE_DEPLOYMENT.kind
    expected = {
        (integration, "RoleReady"): "OwnedByAnother",
        (integration, "IntegrationRegistered"): "OwnedByAnother",
        (RDS_ENROLLMENT.kind, "DatabasesEnrolled"): "NameTaken",
        (deployment, "RoleReady"): "OwnedByAnother",
        (deployment, "JoinTokenReady"): "OwnedByAnother",
        (deployment, "ServiceDeployed"): "OwnedByAnother",
    }
    scene.wait(is_settled(scene, expected), f"refusals {expected}")

    held = {
        (integration, "RoleReady"): f"arn:aws:iam::{ACCOUNT}:role/teleport-prod-aws exists",
        (integration, "IntegrationRegistered"): f"Integration {INTEGRATION} (aws-oidc) exists in Teleport",
        (RDS_ENROLLMENT.kind, "DatabasesEnrolled"): "orders exists in Teleport and carries no",
        (deployment, "RoleReady"): f"arn:aws:iam::{ACCOUNT}:role/{task_role} exists",
        (deployment, "JoinTokenReady"): f"Join token {token} exists in Teleport",
        (deployment, "ServiceDeployed"): f":cluster/{ECS_CLUSTER} exists and is not managed by Teleport",
    }
    for obj in scene.namespace.objects():
        assert condition(obj, "Ready")["status"] == "False"
        for (kind, type_), text in held.items():
            if kind == obj["kind"]:
                assert text in condition(obj, type_)["message"]
    # The other databases are enrolled all the same.
    conflicting = {item["name"]: item["state"] for item in scene.enrollment["status"]["databases"]}
    assert conflicting == {"orders": "Conflicting", "billing": "Enrolled", "events": "Enrolled"}

    scene.delete_all()
    scene.wait_gone()
    assert (roles(scene), in_teleport(scene), inventory.clusters(scene)) == before


def test_nobody_takes_a_role_over_by_adopting_it(scene: Scene) -> None:
    """Who writes an object would run any image with it. The administrator decides (--adoption)."""
    vpc = scene.world.demo_world(REGION).vpc
    name, powerful = f"{REGION}-{vpc.id}", "powerful"
    make_role(scene, powerful)
    before = roles(scene)[powerful]
    scene.start()
    override = {"vpcId": vpc.id, "taskRole": {"name": powerful}}
    deployment = {**example(20)["spec"]["deployment"], "perVpc": [override]}
    scene.apply_examples(enrollment={"adoptionPolicy": "Always", "deployment": deployment})
    refused = scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "RoleReady", "False", "OwnedByAnother")
    assert refused["message"].endswith("only where the operator runs with --adoption=Always.")
    assert inventory.tasks(scene) == []
    assert roles(scene)[powerful] == before

    scene.operator.stop()
    scene.start(RDS_ENROLLMENT_ADOPTION="Always")
    scene.wait_all_ready()
    assert roles(scene)[powerful] != before


def test_service_of_the_wizard(scene: Scene) -> None:
    vpc = scene.world.demo_world(REGION).vpc
    make_service(scene, vpc)
    scene.wait(lambda: len(inventory.tasks(scene)) == 1, "the other's task was started")
    before = inventory.services(scene)[0]

    scene.start()
    scene.apply_examples()
    entry = scene.wait_condition(
        DATABASE_SERVICE_DEPLOYMENT, f"{REGION}-{vpc.id}", "ServiceDeployed", "False", "OwnedByAnother"
    )
    assert f":service/{ECS_CLUSTER}/database-service-{vpc.id} exists and carries no" in entry["message"]
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "True")
    scene.delete_all()
    scene.wait_gone()

    after = inventory.services(scene)[0]
    unchanged = ("serviceArn", "status", "desiredCount", "taskDefinition", "networkConfiguration", "tags")
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert before["taskDefinition"] in inventory.task_definitions(scene)
    assert [cluster["clusterName"] for cluster in inventory.clusters(scene)] == [ECS_CLUSTER]
    assert inventory.roles(scene).keys() == {"TeleportDatabaseAccess"}
    assert inventory.in_teleport(scene) == []


def test_wizard_is_followed_without_an_outage(scene: Scene) -> None:
    seeded = scene.world.demo_world(REGION)
    make_trust(scene)
    make_service(scene, seeded.vpc)
    make_token(scene, "discover-aws-oidc-iam-token")
    scene.wait(lambda: len(inventory.tasks(scene)) == 1, "the wizard's task was started")
    (before,) = inventory.services(scene)
    scene.start()
    adopting = {"adoptionPolicy": "IfTagged"}
    scene.apply_examples(integration=adopting, enrollment=adopting)
    scene.wait_all_ready()

    (after,) = inventory.services(scene)
    assert (after["serviceArn"], after["createdAt"]) == (before["serviceArn"], before["createdAt"])
    assert (after["runningCount"], after["taskDefinition"]) != (1, before["taskDefinition"])
    operations = [call.operation for call in scene.aws.calls.writes]
    assert "ecs:CreateService" not in operations
    assert "ecs:DeleteService" not in operations
    assert "ecs:CreateCluster" not in operations
    assert "iam:CreateOpenIDConnectProvider" not in operations
    assert [call.target for call in scene.aws.calls.writes if call.operation == "iam:CreateRole"] == [
        f"TeleportDatabaseAccess-{seeded.vpc.id}"
    ]
    labels = scene.teleport.resources.integrations.get(INTEGRATION).Header.Metadata.Labels
    assert labels["rds-enrollment.dev/owner"].endswith(f"/awsoidc/{scene.namespace.name}/{INTEGRATION}")

    scene.delete_all()
    scene.wait_gone()
    # The role and the token that the wizard's deployments share may have other users. Its revision carries no mark
    # of ours: nobody else uses it, and nothing says so.
    assert set(inventory.in_aws(scene)) == {"TeleportDatabaseAccess", before["taskDefinition"]}
    assert inventory.in_teleport(scene) == ["token/discover-aws-oidc-iam-token"]
