"""Ways to break what the operator keeps: each field of each resource, as somebody else would change it."""

from collections.abc import Callable
from dataclasses import dataclass

from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, Kind

from tests.cluster.breaking import (
    another_container,
    another_integration_role,
    another_task,
    changed_database,
    changed_token,
    deregister_all,
    fewer_subnets,
    inline_policy,
    no_capacity_providers,
    no_cluster,
    no_role,
    no_service,
    no_token,
    no_trust,
    on_role,
    other_group,
    retag,
    retag_role,
    service,
    setting,
    task_role,
    untag_cluster,
    updated_service,
)
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION, Scene

INTEGRATION_ROLE = "teleport-prod-aws"
ANOTHER_ROLE = "another"
"""Somebody else's, with which tasks run as well."""
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
LOG_GROUP = "/agents"
OTHER_LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": LOG_GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "another"},
}
REGISTERED = ("ecs:RegisterTaskDefinition", "ecs:UpdateService")
"""A revision cannot be changed: what differs costs a new one, and the service that runs it."""


@dataclass(frozen=True)
class Break:
    """One change behind the operator's back, and the writes that it is worth."""

    what: str
    kind: Kind
    act: Callable[[Scene], None]
    writes: tuple[str, ...]
    said: str
    """What the event has to name."""


DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


_DEPLOYMENT, _ENROLLMENT, _AWS = DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, AWS_OIDC_INTEGRATION


def _their_role(_: Scene) -> str:
    return INTEGRATION_ROLE


BREAKS: tuple[Break, ...] = (
    # The integration
    Break(
        "ListDatabases edited",
        _AWS,
        on_role(_their_role, inline_policy("ListDatabases", DENY)),
        ("iam:PutRolePolicy",),
        "policy ListDatabases",
    ),
    Break(
        "DeployService deleted",
        _AWS,
        on_role(_their_role, inline_policy("DeployService", None)),
        ("iam:PutRolePolicy",),
        "policy DeployService",
    ),
    Break(
        "integration role's trust",
        _AWS,
        on_role(_their_role, no_trust),
        ("iam:UpdateAssumeRolePolicy",),
        "trust policy",
    ),
    Break(
        "integration role deleted",
        _AWS,
        on_role(_their_role, no_role),
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePolicy"),
        f"Create IAM role {INTEGRATION_ROLE}",
    ),
    Break(
        "identity provider deleted",
        _AWS,
        lambda scene: scene.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER),
        ("iam:CreateOpenIDConnectProvider",),
        "IAM identity provider",
    ),
    Break("role of the integration", _AWS, another_integration_role, ("UpdateIntegration",), "role_arn"),
    Break(
        "integration deleted",
        _AWS,
        lambda scene: scene.teleport.resources.integrations.delete(INTEGRATION),
        ("CreateIntegration",),
        f"Create Teleport integration {INTEGRATION}",
    ),
    Break(
        "integration role's tags",
        _AWS,
        on_role(_their_role, retag_role),
        ("iam:TagRole",),
        "tags of IAM role",
    ),
    Break(
        "identity provider's tags",
        _AWS,
        lambda scene: scene.client("iam").untag_open_id_connect_provider(
            OpenIDConnectProviderArn=PROVIDER, TagKeys=["team"]
        ),
        ("iam:TagOpenIDConnectProvider",),
        "tags of IAM identity provider",
    ),
    Break(
        "identity provider's audience",
        _AWS,
        lambda scene: scene.client("iam").remove_client_id_from_open_id_connect_provider(
            OpenIDConnectProviderArn=PROVIDER, ClientID="discover.teleport"
        ),
        ("iam:AddClientIDToOpenIDConnectProvider",),
        "IAM identity provider",
    ),
    Break(
        "identity provider's thumbprint",
        _AWS,
        lambda scene: scene.client("iam").update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=PROVIDER, ThumbprintList=["f" * 40]
        ),
        ("iam:UpdateOpenIDConnectProviderThumbprint",),
        "thumbprints of IAM identity provider",
    ),
    # Databases
    *(
        Break(f"database's {name}", _ENROLLMENT, changed_database(change), ("UpdateDatabase",), name)
        for name, change in (
            ("uri", setting("Spec.URI", "elsewhere.example.com:5432")),
            ("protocol", setting("Spec.Protocol", "mysql")),
            ("description", setting("Metadata.Description", "mine")),
            ("labels", lambda database: database.Metadata.Labels.update(team="another")),
            ("region", setting("Spec.AWS.Region", "eu-west-1")),
            ("account_id", setting("Spec.AWS.AccountID", "000000000000")),
            ("instance_id", setting("Spec.AWS.RDS.InstanceID", "another")),
            ("resource_id", setting("Spec.AWS.RDS.ResourceID", "db-ANOTHER")),
            ("vpc_id", setting("Spec.AWS.RDS.VPCID", "vpc-00000000")),
            ("subnets", setting("Spec.AWS.RDS.Subnets", ["subnet-00000000"])),
            ("security_groups", setting("Spec.AWS.RDS.SecurityGroups", ["sg-00000000"])),
            ("iam_auth", setting("Spec.AWS.RDS.IAMAuth", value=False)),
        )
    ),
    Break(
        "database deleted",
        _ENROLLMENT,
        lambda scene: scene.teleport.resources.databases.delete("orders"),
        ("CreateDatabase",),
        "Create Teleport database orders",
    ),
    # The deployment
    Break(
        "task role's policy edited",
        _DEPLOYMENT,
        on_role(task_role, inline_policy(None, DENY)),
        ("iam:PutRolePolicy",),
        "policy TeleportDatabaseAccess-",
    ),
    Break(
        "task role's policy deleted",
        _DEPLOYMENT,
        on_role(task_role, inline_policy(None, None)),
        ("iam:PutRolePolicy",),
        "policy TeleportDatabaseAccess-",
    ),
    Break(
        "task role's trust",
        _DEPLOYMENT,
        on_role(task_role, no_trust),
        ("iam:UpdateAssumeRolePolicy",),
        "trust policy",
    ),
    Break(
        "task role deleted",
        _DEPLOYMENT,
        on_role(task_role, no_role),
        ("iam:CreateRole", "iam:PutRolePolicy"),
        "Create IAM role TeleportDatabaseAccess-",
    ),
    Break("task role's tags", _DEPLOYMENT, on_role(task_role, retag_role), ("iam:TagRole",), "tags of"),
    *(
        Break(f"{name}'s tags", _DEPLOYMENT, retag(arn), ("ecs:TagResource",), "Set tags of")
        for name, arn in (
            ("service", lambda scene: service(scene)["serviceArn"]),
            ("task definition", lambda scene: service(scene)["taskDefinition"]),
        )
    ),
    Break("cluster's tags", _DEPLOYMENT, untag_cluster, ("ecs:TagResource",), "Set tags of"),
    Break("token deleted", _DEPLOYMENT, no_token, ("CreateTokenV2",), "Create Teleport join token"),
    Break(
        "token's rule",
        _DEPLOYMENT,
        changed_token(lambda token: setting("AWSAccount", "000000000000")(token.Spec.Allow[0])),
        ("UpsertTokenV2",),
        "allow",
    ),
    Break(
        "token's roles",
        _DEPLOYMENT,
        changed_token(setting("Spec.Roles", ["Node"])),
        ("UpsertTokenV2",),
        "roles",
    ),
    Break(
        "log group's retention",
        _DEPLOYMENT,
        lambda scene: scene.client("logs").put_retention_policy(logGroupName=LOG_GROUP, retentionInDays=365),
        ("logs:PutRetentionPolicy",),
        "retentionInDays 365 to 30",
    ),
    Break(
        "log group deleted",
        _DEPLOYMENT,
        lambda scene: scene.client("logs").delete_log_group(logGroupName=LOG_GROUP),
        ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
        f"Create CloudWatch log group {LOG_GROUP}",
    ),
    Break(
        "capacity providers",
        _DEPLOYMENT,
        no_capacity_providers,
        ("ecs:PutClusterCapacityProviders",),
        "capacity providers",
    ),
    *(
        Break(f"service's {name}", _DEPLOYMENT, act, ("ecs:UpdateService",), name)
        for name, act in (
            ("desiredCount", updated_service(desiredCount=1)),
            ("subnets", fewer_subnets),
            ("securityGroups", other_group),
            ("minimumHealthyPercent", updated_service(deploymentConfiguration={"minimumHealthyPercent": 50})),
            ("maximumPercent", updated_service(deploymentConfiguration={"maximumPercent": 150})),
            (
                "deploymentCircuitBreaker.enable",
                updated_service(
                    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
                ),
            ),
            (
                "deploymentCircuitBreaker.rollback",
                updated_service(
                    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
                ),
            ),
            ("availabilityZoneRebalancing", updated_service(availabilityZoneRebalancing="DISABLED")),
            ("propagateTags", updated_service(propagateTags="NONE")),
            ("enableExecuteCommand", updated_service(enableExecuteCommand=True)),
        )
    ),
    *(
        Break(f"task definition's {name}", _DEPLOYMENT, act, REGISTERED, name)
        for name, act in (
            ("cpu", another_task(cpu="1024")),
            ("memory", another_task(memory="8192")),
            ("taskRoleArn", another_task(taskRoleArn=ANOTHER_ROLE)),
            ("executionRoleArn", another_task(executionRoleArn=ANOTHER_ROLE)),
            ("name", another_container(name="another")),
            ("entryPoint", another_container(entryPoint=["/bin/sh"])),
            ("logConfiguration", another_container(logConfiguration=OTHER_LOGS)),
            ("healthCheck", another_container(healthCheck={"command": ["CMD", "true"]})),
            ("runtimePlatform", another_task(runtimePlatform={"cpuArchitecture": "ARM64"})),
            ("image", another_container(image="public.ecr.aws/gravitational/teleport-distroless:17.0.0")),
            ("command", another_container(command=["version"])),
            ("environment", another_container(environment=[])),
            ("readonlyRootFilesystem", another_container(readonlyRootFilesystem=True)),
        )
    ),
    Break("revisions deregistered", _DEPLOYMENT, deregister_all, REGISTERED, "is INACTIVE"),
    Break("service deleted", _DEPLOYMENT, no_service, ("ecs:CreateService",), "Create ECS service"),
    Break(
        "cluster deleted", _DEPLOYMENT, no_cluster, ("ecs:CreateCluster", "ecs:CreateService"), "Create ECS"
    ),
)
