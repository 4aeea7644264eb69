"""What Teleport's wizard leaves: its identity provider, role and integration, and a deployment with a shared role and
join token."""

import base64
import json
from typing import Any, Protocol

import yaml
from rds_enrollment.api.agents import AgentSpec, LogLevel, Logs
from rds_enrollment.plan.agent_config import CONFIG_FLAG, decoded
from rds_enrollment.plan.observed.teleport import Database, JoinRule, JoinToken, RdsMetadata
from rds_enrollment.plan.policies import task_policy
from rds_enrollment.plan.task_definition import AgentTask, register_body
from rds_enrollment.teleport.databases_wire import new_database
from rds_enrollment.teleport.tokens_wire import new_token
from rds_enrollment.teleport.wire.integration_pb2 import (
    AWSOIDCIntegrationSpecV1,
    IntegrationSpecV1,
    IntegrationV1,
)
from rds_enrollment.teleport.wire.resource_pb2 import Metadata, ResourceHeader

from hack.sandbox.aws.world import Vpc
from hack.sandbox.teleport.server import TeleportSandbox
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION
from tests.wizard_policies import TASKS_TRUST

ECS_CLUSTER = "example_teleport_sh-teleport"
TELEPORT_TAGS = {
    "teleport.dev/cluster": "example.teleport.sh",
    "teleport.dev/origin": "integration_awsoidc",
    "teleport.dev/integration": INTEGRATION,
}


ROLE, TOKEN = "TeleportDatabaseAccess", "discover-aws-oidc-iam-token"
TAGS = [{"key": key, "value": value} for key, value in TELEPORT_TAGS.items()]


class Place(Protocol):
    """Where the wizard works."""

    @property
    def teleport(self) -> TeleportSandbox: ...
    def client(self, service: str) -> Any:
        """A boto3 client in the region."""


def make_integration(place: Place, name: str, role_arn: str = "arn:aws:iam::999999999999:role/other") -> None:
    role = AWSOIDCIntegrationSpecV1(RoleARN=role_arn)
    place.teleport.resources.integrations.put(
        IntegrationV1(
            Header=ResourceHeader(
                Kind="integration",
                SubKind="aws-oidc",
                Version="v1",
                Metadata=Metadata(Name=name, Namespace="default"),
            ),
            Spec=IntegrationSpecV1(AWSOIDC=role),
        )
    )


def make_trust(place: Place) -> None:
    """The wizard's identity provider, role and integration."""
    iam = place.client("iam")
    tags = [{"Key": key, "Value": value} for key, value in TELEPORT_TAGS.items()]
    provider = iam.create_open_id_connect_provider(
        Url="https://teleport.example.com", ClientIDList=["discover.teleport"], Tags=tags
    )["OpenIDConnectProviderArn"]
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": {"StringEquals": {"teleport.example.com:aud": "discover.teleport"}},
    }
    iam.create_role(
        RoleName="teleport-prod-aws",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        Tags=tags,
    )
    make_integration(place, INTEGRATION, f"arn:aws:iam::{ACCOUNT}:role/teleport-prod-aws")


def make_role(place: Place) -> None:
    """The task role that the wizard shares, without tags as older ones have it."""
    iam = place.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TASKS_TRUST))
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(task_policy()))


def make_token(place: Place) -> None:
    rules = frozenset(
        {
            JoinRule(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),
            JoinRule("210987654321", f"arn:aws:sts::210987654321:assumed-role/{ROLE}/*"),
        }
    )
    place.teleport.resources.tokens.put(new_token(JoinToken(TOKEN, "iam", frozenset({"Db"}), rules)))


def make_database(place: Place, vpc: Vpc) -> None:
    [orders] = place.client("rds").describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"]
    labels = {"account-id": ACCOUNT, "region": REGION, "vpc-id": vpc.id, "teleport.dev/origin": "dynamic"}
    uri = f"{orders['Endpoint']['Address']}:{orders['Endpoint']['Port']}"
    rds = RdsMetadata(instance_id="orders", resource_id=orders["DbiResourceId"], vpc_id=vpc.id)
    database = Database("orders", "", labels, "postgres", uri, REGION, ACCOUNT, rds)
    place.teleport.resources.databases.put(new_database(database))


def wizards_command(command: list[str]) -> list[str]:
    """With what Teleport's generator leaves in from its sample configuration."""
    config: Any = decoded(command)
    config["teleport"] |= {"ca_pin": "", "diag_addr": "", "nodename": ""}
    config["teleport"]["log"]["severity"] = "debug"
    config["auth_service"]["proxy_listener_mode"] = "multiplex"
    config["proxy_service"] |= {"https_keypairs": [], "acme": {}}
    text = base64.b64encode(yaml.safe_dump(config).encode()).decode()
    return [*command[: command.index(CONFIG_FLAG)], CONFIG_FLAG, text]


def make_service(place: Place, vpc: Vpc) -> None:
    ecs = place.client("ecs")
    ecs.create_cluster(clusterName=ECS_CLUSTER, capacityProviders=["FARGATE"], tags=TAGS)
    body = register_body(
        AgentTask(
            partition="aws",
            account=ACCOUNT,
            region=REGION,
            vpc_id=vpc.id,
            teleport_cluster="example.teleport.sh",
            proxy_address=place.teleport.proxy_address,
            version=place.teleport.version,
            enterprise=False,
            task_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            join_token=TOKEN,
            agents=AgentSpec(logs=Logs(level=LogLevel.DEBUG)),
        )
    )
    [container] = body["containerDefinitions"]
    container["command"] = wizards_command(container["command"])
    container.pop("healthCheck", None)
    registered = ecs.register_task_definition(**body, tags=TAGS)["taskDefinition"]["taskDefinitionArn"]
    network = {
        "subnets": list(vpc.private_subnets),
        "securityGroups": [vpc.agents_group],
        "assignPublicIp": "ENABLED",
    }
    ecs.create_service(
        cluster=ECS_CLUSTER,
        serviceName=f"database-service-{vpc.id}",
        desiredCount=2,
        launchType="FARGATE",
        taskDefinition=registered,
        networkConfiguration={"awsvpcConfiguration": network},
        propagateTags="SERVICE",
        tags=TAGS,
    )
