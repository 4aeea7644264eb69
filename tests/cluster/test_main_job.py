"""The main job: two documents are applied, and RDS databases appear in Teleport behind running agents."""

import json

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, Kind

from hack.sandbox.aws.world import DemoWorld
from tests.cluster import inventory
from tests.cluster.kubernetes_api import USER, condition
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene

ECS_CLUSTER = "example_teleport_sh-teleport"


@pytest.fixture
def scene(enrolled: tuple[Scene, DemoWorld]) -> Scene:
    return enrolled[0]


@pytest.fixture
def seeded(enrolled: tuple[Scene, DemoWorld]) -> DemoWorld:
    return enrolled[1]


def test_three_objects_are_ready(scene: Scene, seeded: DemoWorld) -> None:
    found = {(obj["kind"], obj["metadata"]["name"]): obj for obj in scene.namespace.objects()}

    assert found.keys() == {
        (AWS_OIDC_INTEGRATION.kind, INTEGRATION),
        (RDS_ENROLLMENT.kind, ENROLLMENT),
        (DATABASE_SERVICE_DEPLOYMENT.kind, f"{REGION}-{seeded.vpc.id}"),
    }
    for obj in found.values():
        assert all(entry["status"] == "True" for entry in obj["status"]["conditions"])
        assert {entry["observedGeneration"] for entry in obj["status"]["conditions"]} == {
            obj["metadata"]["generation"]
        }
        assert obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
        assert obj["status"]["teleportCluster"] == "example.teleport.sh"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            AWS_OIDC_INTEGRATION,
            ["CredentialsValid", "IdentityProviderReady", "RoleReady", "IntegrationRegistered", "Ready"],
        ),
        (
            RDS_ENROLLMENT,
            [
                "CredentialsValid",
                "DatabasesDiscovered",
                "DatabasesEnrolled",
                "DeploymentsReady",
                "IamAuthenticationEnabled",
                "DatabasesReachable",
                "Ready",
            ],
        ),
        (
            DATABASE_SERVICE_DEPLOYMENT,
            [
                "CredentialsValid",
                "RoleReady",
                "JoinTokenReady",
                "NetworkReady",
                "TaskDefinitionRegistered",
                "ServiceDeployed",
                "TasksRunning",
                "TunnelConnected",
                "DatabasesReachable",
                "DatabaseAccessAllowed",
                "Ready",
            ],
        ),
    ],
    ids=lambda value: getattr(value, "short_name", ""),
)
def test_conditions_of_each_kind(scene: Scene, kind: Kind, expected: list[str]) -> None:
    (obj,) = scene.namespace.all(kind)
    assert {entry["type"] for entry in obj["status"]["conditions"]} == set(expected)


def test_status_of_the_integration(scene: Scene) -> None:
    status = scene.integration["status"]
    assert status["integrationName"] == INTEGRATION
    assert status["issuer"] == "https://teleport.example.com"
    assert status["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/teleport-prod-aws"
    assert status["identityProviderArn"] == f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"


def test_status_of_the_enrollment(scene: Scene, seeded: DemoWorld) -> None:
    status = scene.enrollment["status"]
    counts = ("discovered", "enrolled", "skipped", "conflicting", "reachable")
    assert [status.get(count, 0) for count in counts] == [3, 3, 0, 0, 3]
    assert status["vpcs"] == [
        {
            "vpcId": seeded.vpc.id,
            "region": REGION,
            "databases": 3,
            "deployment": f"{REGION}-{seeded.vpc.id}",
        }
    ]
    assert [(item["name"], item["state"]) for item in status["databases"]] == [
        ("billing", "Enrolled"),
        ("events", "Enrolled"),
        ("orders", "Enrolled"),
    ]


def test_status_of_the_deployment(scene: Scene, seeded: DemoWorld) -> None:
    status, vpc = scene.deployment["status"], seeded.vpc.id
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    service = f"database-service-{vpc}"
    assert status["serviceArn"] == f"{arn}:service/{ECS_CLUSTER}/{service}"
    assert status["taskDefinitionArn"] == (
        f"{arn}:task-definition/example_teleport_sh-teleport-database-service-{vpc}:1"
    )
    assert status["consoleUrl"] == (
        f"https://{REGION}.console.aws.amazon.com/ecs/v2/clusters/{ECS_CLUSTER}/services/{service}"
    )
    assert status["agentVersion"] == "18.0.0"
    counts = ("replicas", "runningReplicas", "pendingReplicas", "connectedReplicas")
    assert [status.get(count, 0) for count in counts] == [2, 2, 0, 2]


def test_generated_deployment_belongs_to_the_enrollment(scene: Scene) -> None:
    (owner,) = scene.deployment["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "RdsEnrollment",
        "name": ENROLLMENT,
        "uid": scene.enrollment["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_objects_of_the_user_are_as_they_were_written(scene: Scene) -> None:
    for obj in (scene.integration, scene.enrollment):
        metadata = obj["metadata"]
        assert metadata["generation"] == 1
        assert "annotations" not in metadata
        assert "labels" not in metadata
        assert metadata["finalizers"] == ["rds-enrollment.dev/teardown"]
        writers = {entry["manager"] for entry in metadata["managedFields"] if "f:spec" in entry["fieldsV1"]}
        assert writers == {USER}


def test_what_there_is_in_aws(scene: Scene, seeded: DemoWorld) -> None:
    vpc = seeded.vpc.id
    assert inventory.identity_providers(scene) == [
        f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
    ]
    assert inventory.roles(scene).keys() == {"teleport-prod-aws", f"TeleportDatabaseAccess-{vpc}"}
    assert [cluster["clusterName"] for cluster in inventory.clusters(scene)] == [ECS_CLUSTER]
    assert [service["serviceName"] for service in inventory.services(scene)] == [f"database-service-{vpc}"]
    assert len(inventory.task_definitions(scene)) == 1
    assert len(inventory.tasks(scene)) == 2


def test_the_query_for_what_teleport_made_finds_everything_of_the_region(scene: Scene) -> None:
    """As Teleport's guide asks it. IAM is not regional, and of it the query lists no roles."""
    tags = {
        "teleport.dev/cluster": "example.teleport.sh",
        "teleport.dev/integration": INTEGRATION,
        "teleport.dev/origin": "integration_awsoidc",
    }
    tagging = scene.client("resourcegroupstaggingapi")
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": key, "Values": [value]} for key, value in tags.items()]
    )
    found = {entry["ResourceARN"] for page in pages for entry in page["ResourceTagMappingList"]}
    regional = {arn for arn in inventory.in_aws(scene) if f":{REGION}:" in arn} | set(inventory.tasks(scene))
    assert len(regional) == 1 + 1 + 1 + 2, "a cluster, a service, a revision, two tasks"
    assert found == regional


def test_each_thing_was_written_once(scene: Scene) -> None:
    operations = [write.operation for write in scene.aws.calls.writes]
    assert sorted(operations) == [
        "ecs:CreateCluster",
        "ecs:CreateService",
        "ecs:RegisterTaskDefinition",
        "iam:CreateOpenIDConnectProvider",
        "iam:CreateRole",
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:PutRolePolicy",
        "iam:PutRolePolicy",
    ]
    methods = [write.operation.rpartition("/")[2] for write in scene.teleport.writes]
    assert sorted(methods) == [
        "CreateDatabase",
        "CreateDatabase",
        "CreateDatabase",
        "CreateIntegration",
        "CreateTokenV2",
    ]


def test_what_there_is_in_teleport(scene: Scene, seeded: DemoWorld) -> None:
    assert inventory.in_teleport(scene) == [
        "db/billing",
        "db/events",
        "db/orders",
        f"integration/{INTEGRATION}",
        f"token/rds-enrollment-{ACCOUNT}-{REGION}-{seeded.vpc.id}",
    ]


def test_every_agent_serves_every_database(scene: Scene) -> None:
    resources = scene.teleport.resources
    agents = {agent.Header.Metadata.Name for agent in resources.database_services.list()}
    served = {
        (server.Metadata.Name, server.Spec.HostID, server.Status.TargetHealth.Status)
        for server in resources.database_servers.list()
    }
    assert len(agents) == 2
    assert served == {
        (name, agent, "healthy") for name in ("billing", "events", "orders") for agent in agents
    }


def test_printed_table(scene: Scene) -> None:
    """The short names work, and say at a glance that all is well."""
    kinds = "awsoidc,rdsenroll,dbsvc"
    printed = scene.plane.run_kubectl("get", kinds, f"--namespace={scene.namespace.name}", "--no-headers")
    assert [line.split()[1:3] for line in printed.splitlines() if line] == [["True", "Succeeded"]] * 3


def test_no_warning_event(scene: Scene) -> None:
    """Progress is no trouble: nobody is warned of a deployment that goes well."""
    warnings = [event for event in scene.namespace.events() if event["type"] == "Warning"]
    assert warnings == [], json.dumps(warnings, indent=1)


def test_the_reason_of_ready_is_told(scene: Scene) -> None:
    assert condition(scene.enrollment, "Ready")["message"] == "Everything is in place and was read back."
