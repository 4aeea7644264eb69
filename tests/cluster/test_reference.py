"""What the operator makes, compared with what Teleport's wizard makes.

Each value is written out here by hand from Teleport's sources, which the docstrings name (paths in the Teleport
repository). Where the product differs on purpose, a comment begins with "Differs:".
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.controlplane import ControlPlane
from tests.cluster import inventory
from tests.cluster.scene import ACCOUNT, REGION, Scene, new_scene
from tests.wizard_policies import DEPLOY_SERVICE, LIST_DATABASES, TASK_ROLE, TASKS_TRUST

CLUSTER = "example.teleport.sh"
ECS_CLUSTER = "example_teleport_sh-teleport"
OWNER = "rds-enrollment.dev/owner"
PROXY = "teleport.example.com:443"


@pytest.fixture(scope="module")
def enrolled(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, DemoWorld]]:
    """The examples, with the reader endpoints of Aurora clusters enrolled, too."""
    with new_scene(control_plane, operator_kubeconfig, tmp_path_factory.mktemp("enrolled")) as fresh:
        yield fresh, fresh.enroll(enrollment={"endpoints": ["Primary", "Reader"]})


@pytest.fixture
def scene(enrolled: tuple[Scene, DemoWorld]) -> Scene:
    return enrolled[0]


@pytest.fixture
def vpc(enrolled: tuple[Scene, DemoWorld]) -> str:
    return enrolled[1].vpc.id


@pytest.fixture
def service(scene: Scene) -> dict[str, Any]:
    (found,) = inventory.services(scene)
    return found


@pytest.fixture
def registered(scene: Scene, service: dict[str, Any]) -> dict[str, Any]:
    """The answer of ecs:DescribeTaskDefinition for the revision in service."""
    answer: dict[str, Any] = scene.client("ecs").describe_task_definition(
        taskDefinition=service["taskDefinition"], include=["TAGS"]
    )
    return answer


def pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags of IAM (Key, Value) or ECS (key, value)."""
    return {tag.get("key") or tag["Key"]: tag["value"] if "value" in tag else tag["Value"] for tag in tags}


def teleport_tags(owner: str) -> dict[str, str]:
    """lib/cloud/aws/tags/tags.go, api/types/common/constants.go. Differs: the owner tag is ours."""
    return {
        "teleport.dev/cluster": CLUSTER,
        "teleport.dev/origin": "integration_awsoidc",
        "teleport.dev/integration": "prod-aws",
        OWNER: owner,
    }


def deployment_owner(scene: Scene, vpc: str) -> str:
    return f"sandbox/dbsvc/{scene.namespace.name}/{REGION}-{vpc}"


def integration_owner(scene: Scene) -> str:
    return f"sandbox/awsoidc/{scene.namespace.name}/prod-aws"


def enrollment_owner(scene: Scene) -> str:
    return f"sandbox/rdsenroll/{scene.namespace.name}/prod"


# ECS: lib/integrations/awsoidc/deployservice.go, deploydatabaseservice.go


def test_task_definition(registered: dict[str, Any], vpc: str) -> None:
    definition = registered["taskDefinition"]
    # Differs: a role for each VPC; the wizard has one, TeleportDatabaseAccess, for all.
    role = f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess-{vpc}"
    assert definition["family"] == f"example_teleport_sh-teleport-database-service-{vpc}"
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert (definition["cpu"], definition["memory"]) == ("2048", "4096")
    assert definition["networkMode"] == "awsvpc"
    assert (definition["taskRoleArn"], definition["executionRoleArn"]) == (role, role)
    for unset in (
        "runtimePlatform",
        "ephemeralStorage",
        "volumes",
        "placementConstraints",
        "proxyConfiguration",
    ):
        assert not definition.get(unset)


def test_container(registered: dict[str, Any], vpc: str) -> None:
    (container,) = registered["taskDefinition"]["containerDefinitions"]
    assert container["name"] == "teleport-service"
    # lib/utils/teleportassets: the open source edition, a release, no v in the tag
    assert container["image"] == "public.ecr.aws/gravitational/teleport-distroless:18.0.0"
    assert container["entryPoint"] == ["/usr/bin/dumb-init"]
    assert container["command"][:-1] == ["--rewrite", "15:3", "--", "teleport", "start", "--config-string"]
    assert {entry["name"]: entry["value"] for entry in container["environment"]} == {
        "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE": "true",
        "TELEPORT_EXT_UPGRADER_VERSION": "18.0.0",
    }
    assert container["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": f"ecs-{ECS_CLUSTER}",
            "awslogs-region": REGION,
            "awslogs-create-group": "true",
            "awslogs-stream-prefix": (
                f"database-service-{vpc}/example_teleport_sh-teleport-database-service-{vpc}"
            ),
        },
    }
    for unset in ("healthCheck", "portMappings", "ulimits", "secrets"):
        assert not container.get(unset)


def test_configuration_of_the_agents(registered: dict[str, Any], vpc: str) -> None:
    """lib/integrations/awsoidc/deployserviceconfig/deployservice_config.go."""
    (container,) = registered["taskDefinition"]["containerDefinitions"]
    assert yaml.safe_load(base64.b64decode(container["command"][-1], validate=True)) == {
        "version": "v3",
        "teleport": {
            "proxy_server": PROXY,
            # Differs: a token for each deployment; the wizard has one, discover-aws-oidc-iam-token, for all.
            "join_params": {"token_name": f"rds-enrollment-{ACCOUNT}-{REGION}-{vpc}", "method": "iam"},
            "data_dir": "/var/lib/teleport",
            # Differs: the wizard logs at debug.
            "log": {"output": "stderr", "severity": "INFO", "format": {"output": "text"}},
        },
        # Differs: leftovers of a sample configuration under services that are off are not repeated.
        "auth_service": {"enabled": "no"},
        "ssh_service": {"enabled": "no"},
        "proxy_service": {"enabled": "no"},
        "db_service": {
            "enabled": "yes",
            "resources": [{"labels": {"account-id": ACCOUNT, "region": REGION, "vpc-id": vpc}}],
        },
    }


def test_service(scene: Scene, service: dict[str, Any], registered: dict[str, Any], vpc: str) -> None:
    seeded = scene.client("ec2")
    subnets = seeded.describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag:tier", "Values": ["private"]}]
    )["Subnets"]
    groups = seeded.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag:role", "Values": ["teleport-agents"]}]
    )["SecurityGroups"]
    assert service["serviceName"] == f"database-service-{vpc}"
    assert service["clusterArn"].endswith(f":cluster/{ECS_CLUSTER}")
    assert service["desiredCount"] == 2
    assert service["launchType"] == "FARGATE"
    assert service["taskDefinition"] == registered["taskDefinition"]["taskDefinitionArn"]
    assert service["propagateTags"] == "SERVICE"
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    # The wizard's always have public addresses; behind a NAT gateway they are of no use.
    assert network["assignPublicIp"] == "DISABLED"
    assert set(network["subnets"]) == {subnet["SubnetId"] for subnet in subnets}
    assert set(network["securityGroups"]) == {group["GroupId"] for group in groups}
    assert not service.get("enableExecuteCommand")
    assert not service.get("capacityProviderStrategy")


def test_deployment_configuration(service: dict[str, Any]) -> None:
    """Differs: the wizard sets none. Never below the wanted replicas, and a failing rollout is taken back."""
    configuration = service["deploymentConfiguration"]
    assert configuration["minimumHealthyPercent"] == 100
    assert configuration["maximumPercent"] == 200
    breaker = configuration["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)


def test_cluster(scene: Scene) -> None:
    (cluster,) = inventory.clusters(scene)
    assert cluster["clusterName"] == ECS_CLUSTER
    assert cluster["capacityProviders"] == ["FARGATE"]


def test_tags_in_ecs(scene: Scene, service: dict[str, Any], registered: dict[str, Any], vpc: str) -> None:
    (cluster,) = inventory.clusters(scene)
    # The cluster is shared by deployments: its owner tag names the operator alone.
    assert pairs(cluster["tags"]) == teleport_tags("sandbox")
    assert pairs(service["tags"]) == teleport_tags(deployment_owner(scene, vpc))
    assert pairs(registered["tags"]) == teleport_tags(deployment_owner(scene, vpc))


def test_tags_of_the_tasks(scene: Scene, vpc: str) -> None:
    """propagateTags=SERVICE."""
    described = scene.client("ecs").describe_tasks(
        cluster=ECS_CLUSTER, tasks=inventory.tasks(scene), include=["TAGS"]
    )["tasks"]
    assert len(described) == 2
    for task in described:
        assert teleport_tags(deployment_owner(scene, vpc)).items() <= pairs(task["tags"]).items()


# IAM: lib/cloud/aws/policy_statements.go, lib/integrations/awsoidc/*_iam_config.go


def test_identity_provider(scene: Scene) -> None:
    (arn,) = inventory.identity_providers(scene)
    provider = scene.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    # lib/integrations/awsoidc/token_generator.go: the first public address, port 443 left out
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
    assert provider["Url"] == "teleport.example.com"
    assert provider["ClientIDList"] == ["discover.teleport"]
    assert pairs(provider["Tags"]) == teleport_tags("sandbox")


def test_integration_role(scene: Scene) -> None:
    role = inventory.roles(scene)["teleport-prod-aws"]
    assert role["Path"] == "/"
    assert role["Description"] == "Used by Teleport to provide access to AWS resources."
    assert "PermissionsBoundary" not in role
    assert pairs(role["Tags"]) == teleport_tags(integration_owner(scene))
    assert role["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"},
                "Condition": {"StringEquals": {"teleport.example.com:aud": "discover.teleport"}},
            }
        ],
    }
    assert inventory.policies(scene, "teleport-prod-aws") == {
        "ListDatabases": LIST_DATABASES,
        "DeployService": DEPLOY_SERVICE,
    }


def test_task_role(scene: Scene, vpc: str) -> None:
    name = f"TeleportDatabaseAccess-{vpc}"
    role = inventory.roles(scene)[name]
    assert role["Path"] == "/"
    assert role["Description"] == "Used by Teleport Database Service deployed in Amazon ECS."
    assert "PermissionsBoundary" not in role
    assert pairs(role["Tags"]) == teleport_tags(deployment_owner(scene, vpc))
    assert role["AssumeRolePolicyDocument"] == TASKS_TRUST
    # The one inline policy carries the name of its role.
    assert inventory.policies(scene, name) == {name: TASK_ROLE}


# Teleport: api/types, lib/integrations/awsoidc/deployservice_iam_jointoken.go, lib/web/databases.go,
# lib/srv/discovery/common/database.go


def test_integration(scene: Scene) -> None:
    (integration,) = scene.teleport.resources.integrations.list()
    header, spec = integration.Header, integration.Spec
    assert (header.Kind, header.SubKind, header.Version) == ("integration", "aws-oidc", "v1")
    assert header.Metadata.Name == "prod-aws"
    assert dict(header.Metadata.Labels) == {OWNER: integration_owner(scene)}
    assert spec.AWSOIDC.RoleARN == f"arn:aws:iam::{ACCOUNT}:role/teleport-prod-aws"
    assert [field.name for field, _ in spec.AWSOIDC.ListFields()] == ["RoleARN"]


def test_join_token(scene: Scene, vpc: str) -> None:
    (token,) = scene.teleport.resources.tokens.list()
    assert (token.Kind, token.Version) == ("token", "v2")
    # Differs: one token for each deployment, which admits its role alone.
    assert token.Metadata.Name == f"rds-enrollment-{ACCOUNT}-{REGION}-{vpc}"
    assert dict(token.Metadata.Labels) == {OWNER: deployment_owner(scene, vpc)}
    assert not token.Metadata.HasField("Expires")
    assert token.Spec.JoinMethod == "iam"
    assert list(token.Spec.Roles) == ["Db"]
    (rule,) = token.Spec.Allow
    assert rule.AWSAccount == ACCOUNT
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/TeleportDatabaseAccess-{vpc}/*" == rule.AWSARN
    assert (rule.AWSRole, list(rule.AWSRegions)) == ("", [])


def test_instance(scene: Scene, enrolled: tuple[Scene, DemoWorld]) -> None:
    seeded = enrolled[1]
    orders = seeded.instances[0]
    database = scene.teleport.resources.databases.get("orders")
    assert (database.Kind, database.SubKind, database.Version) == ("db", "", "v3")
    assert database.Metadata.Description == f"RDS instance in {REGION}"
    assert dict(database.Metadata.Labels) == {
        "account-id": ACCOUNT,
        "region": REGION,
        "vpc-id": seeded.vpc.id,
        "engine": "postgres",
        "engine-version": "16.4",
        "endpoint-type": "instance",
        "status": "available",
        "teleport.dev/cloud": "AWS",
        "teleport.dev/origin": "dynamic",
        "team": "shop",
        OWNER: enrollment_owner(scene),
    }
    assert (database.Spec.Protocol, database.Spec.URI) == ("postgres", f"{orders.host}:5432")
    aws, rds = database.Spec.AWS, database.Spec.AWS.RDS
    assert (aws.Region, aws.AccountID) == (REGION, ACCOUNT)
    assert (rds.InstanceID, rds.ClusterID, rds.ResourceID) == ("orders", "", orders.resource_id)
    assert rds.IAMAuth is True
    assert seeded.vpc.id == rds.VPCID
    assert set(rds.Subnets) == set(seeded.vpc.private_subnets)
    assert list(rds.SecurityGroups) == [seeded.vpc.database_group]


def test_aurora_primary(scene: Scene, enrolled: tuple[Scene, DemoWorld]) -> None:
    seeded = enrolled[1]
    events = seeded.clusters[0]
    database = scene.teleport.resources.databases.get("events")
    assert database.Metadata.Description == f"Aurora cluster in {REGION}"
    assert dict(database.Metadata.Labels) == {
        "account-id": ACCOUNT,
        "region": REGION,
        "vpc-id": seeded.vpc.id,
        "engine": "aurora-postgresql",
        "engine-version": "16.4",
        "endpoint-type": "primary",
        "status": "available",
        "teleport.dev/cloud": "AWS",
        "teleport.dev/origin": "dynamic",
        "team": "data",
        OWNER: enrollment_owner(scene),
    }
    assert (database.Spec.Protocol, database.Spec.URI) == ("postgres", f"{events.host}:5432")
    rds = database.Spec.AWS.RDS
    assert (rds.InstanceID, rds.ClusterID, rds.ResourceID) == ("", "events", events.resource_id)
    assert seeded.vpc.id == rds.VPCID
    assert set(rds.Subnets) == set(seeded.vpc.private_subnets)
    assert list(rds.SecurityGroups) == [seeded.vpc.database_group]


def test_aurora_reader(scene: Scene, enrolled: tuple[Scene, DemoWorld]) -> None:
    """Like the primary, but for its name, description, type and endpoint."""
    events = enrolled[1].clusters[0]
    primary = scene.teleport.resources.databases.get("events")
    reader = scene.teleport.resources.databases.get("events-reader")
    assert reader.Metadata.Description == f"Aurora cluster in {REGION} (reader endpoint)"
    assert dict(reader.Metadata.Labels) == {**primary.Metadata.Labels, "endpoint-type": "reader"}
    assert f"{events.reader_host}:5432" == reader.Spec.URI
    assert reader.Spec.Protocol == "postgres"
    assert reader.Spec.AWS == primary.Spec.AWS


def test_mysql_instance(scene: Scene) -> None:
    database = scene.teleport.resources.databases.get("billing")
    assert database.Spec.Protocol == "mysql"
    assert database.Spec.URI.endswith(":3306")
    assert database.Metadata.Labels["engine-version"] == "8.0.39"


def test_reference_is_about_whole_documents(registered: dict[str, Any]) -> None:
    """The registered body has no member that the tests above do not speak of."""
    by_aws = {"taskDefinitionArn", "revision", "status", "compatibilities", "registeredAt", "registeredBy"}
    empty = {name for name, value in registered["taskDefinition"].items() if not value}
    assert registered["taskDefinition"].keys() - by_aws - empty == {
        "family",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "networkMode",
        "taskRoleArn",
        "executionRoleArn",
        "containerDefinitions",
    }
    (container,) = registered["taskDefinition"]["containerDefinitions"]
    assert {name for name, value in container.items() if value} == {
        "name",
        "image",
        "entryPoint",
        "command",
        "environment",
        "logConfiguration",
        "essential",  # true: AWS's own default, which a single container has in any case
    }
