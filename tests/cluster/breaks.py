"""Ways to break what the operator keeps: each field of each resource, as somebody else would change it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, Kind

from tests.cluster import inventory
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION, Scene

INTEGRATION_ROLE = "teleport-prod-aws"
ANOTHER_ROLE = "another"
"""Somebody else's, with which tasks run as well."""
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
LOG_GROUP = "/agents"
OTHER_LOGS = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": LOG_GROUP,
        "awslogs-region": REGION,
        "awslogs-stream-prefix": "another",
    },
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


def task_role(scene: Scene) -> str:
    return next(name for name in inventory.roles(scene) if name.startswith("TeleportDatabaseAccess-"))


def service(scene: Scene) -> Any:
    (found,) = inventory.services(scene)
    return found


def revision(scene: Scene) -> Any:
    """The task definition in service."""
    arn = service(scene)["taskDefinition"]
    return scene.client("ecs").describe_task_definition(taskDefinition=arn, include=["TAGS"])


def _on_role(name: Callable[[Scene], str], change: Callable[[Any, str], None]) -> Callable[[Scene], None]:
    return lambda scene: change(scene.client("iam"), name(scene))


def _policy(policy: str | None, document: Any) -> Callable[[Any, str], None]:
    def change(iam: Any, role: str) -> None:
        if document is None:
            iam.delete_role_policy(RoleName=role, PolicyName=policy or role)
        else:
            iam.put_role_policy(RoleName=role, PolicyName=policy or role, PolicyDocument=json.dumps(document))

    return change


def _retag_role(iam: Any, role: str) -> None:
    iam.tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "another"}])


def _retag(arn: Callable[[Scene], str]) -> Callable[[Scene], None]:
    changed = [{"key": "team", "value": "another"}]
    return lambda scene: scene.client("ecs").tag_resource(resourceArn=arn(scene), tags=changed)


def _untag_cluster(scene: Scene) -> None:
    scene.client("ecs").untag_resource(resourceArn=service(scene)["clusterArn"], tagKeys=["team"])


def _no_trust(iam: Any, role: str) -> None:
    nobody = {"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)


def _no_role(iam: Any, role: str) -> None:
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


def _update_service(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        found = service(scene)
        scene.client("ecs").update_service(
            cluster=found["clusterArn"], service=found["serviceName"], **changes
        )

    return act


def _network(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        current = service(scene)["networkConfiguration"]["awsvpcConfiguration"]
        _update_service(networkConfiguration={"awsvpcConfiguration": {**current, **changes}})(scene)

    return act


def _fewer_subnets(scene: Scene) -> None:
    subnets = service(scene)["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    _network(subnets=sorted(subnets)[:1])(scene)


def _other_group(scene: Scene) -> None:
    groups = scene.client("ec2").describe_security_groups(
        Filters=[{"Name": "tag:role", "Values": ["databases"]}]
    )["SecurityGroups"]
    _network(securityGroups=[groups[0]["GroupId"]])(scene)


def _task(**changes: Any) -> Callable[[Scene], None]:
    """A changed copy of the revision in service, with its tags, rolled out by hand."""

    def act(scene: Scene) -> None:
        answer = revision(scene)
        kept = (
            "family",
            "taskRoleArn",
            "executionRoleArn",
            "networkMode",
            "containerDefinitions",
            "requiresCompatibilities",
            "cpu",
            "memory",
        )
        copy = {key: answer["taskDefinition"][key] for key in kept} | changes
        made = scene.client("ecs").register_task_definition(**copy, tags=answer["tags"])
        _update_service(taskDefinition=made["taskDefinition"]["taskDefinitionArn"])(scene)

    return act


def _container(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        (container,) = revision(scene)["taskDefinition"]["containerDefinitions"]
        _task(containerDefinitions=[{**container, **changes}])(scene)

    return act


def _deregister_all(scene: Scene) -> None:
    for arn in inventory.task_definitions(scene):
        scene.client("ecs").deregister_task_definition(taskDefinition=arn)


def _no_service(scene: Scene) -> None:
    found = service(scene)
    scene.client("ecs").delete_service(cluster=found["clusterArn"], service=found["serviceName"], force=True)


def _no_cluster(scene: Scene) -> None:
    """With its service: ECS deletes no cluster that runs tasks."""
    cluster = service(scene)["clusterArn"]
    _no_service(scene)
    scene.wait(lambda: not inventory.services(scene), "the service is gone")
    scene.client("ecs").delete_cluster(cluster=cluster)


def _no_capacity_providers(scene: Scene) -> None:
    scene.client("ecs").put_cluster_capacity_providers(
        cluster=service(scene)["clusterArn"], capacityProviders=[], defaultCapacityProviderStrategy=[]
    )


def _token(change: Callable[[Any], None]) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        (token,) = scene.teleport.resources.tokens.list()
        change(token)
        scene.teleport.resources.tokens.put(token)

    return act


def _no_token(scene: Scene) -> None:
    (token,) = scene.teleport.resources.tokens.list()
    scene.teleport.resources.tokens.delete(token.Metadata.Name)


def _database(change: Callable[[Any], None]) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        database = scene.teleport.resources.databases.get("orders")
        change(database)
        scene.teleport.resources.databases.put(database)

    return act


def _integration(scene: Scene) -> None:
    integration = scene.teleport.resources.integrations.get(INTEGRATION)
    integration.Spec.AWSOIDC.RoleARN = f"arn:aws:iam::{ACCOUNT}:role/another"
    scene.teleport.resources.integrations.put(integration)


def _set(path: str, value: Any) -> Callable[[Any], None]:
    """Sets a field of a message; a repeated one gets exactly `value`."""
    *parents, name = path.split(".")

    def change(message: Any) -> None:
        for parent in parents:
            message = getattr(message, parent)
        if isinstance(value, list):
            del getattr(message, name)[:]
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)

    return change


DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
_DEPLOYMENT, _ENROLLMENT, _AWS = DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, AWS_OIDC_INTEGRATION


def _their_role(_: Scene) -> str:
    return INTEGRATION_ROLE


BREAKS: tuple[Break, ...] = (
    # The integration
    Break(
        "ListDatabases edited",
        _AWS,
        _on_role(_their_role, _policy("ListDatabases", DENY)),
        ("iam:PutRolePolicy",),
        "policy ListDatabases",
    ),
    Break(
        "DeployService deleted",
        _AWS,
        _on_role(_their_role, _policy("DeployService", None)),
        ("iam:PutRolePolicy",),
        "policy DeployService",
    ),
    Break(
        "integration role's trust",
        _AWS,
        _on_role(_their_role, _no_trust),
        ("iam:UpdateAssumeRolePolicy",),
        "trust policy",
    ),
    Break(
        "integration role deleted",
        _AWS,
        _on_role(_their_role, _no_role),
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
    Break("role of the integration", _AWS, _integration, ("UpdateIntegration",), "role_arn"),
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
        _on_role(_their_role, _retag_role),
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
        Break(f"database's {name}", _ENROLLMENT, _database(change), ("UpdateDatabase",), name)
        for name, change in (
            ("uri", _set("Spec.URI", "elsewhere.example.com:5432")),
            ("protocol", _set("Spec.Protocol", "mysql")),
            ("description", _set("Metadata.Description", "mine")),
            ("labels", lambda database: database.Metadata.Labels.update(team="another")),
            ("region", _set("Spec.AWS.Region", "eu-west-1")),
            ("account_id", _set("Spec.AWS.AccountID", "000000000000")),
            ("instance_id", _set("Spec.AWS.RDS.InstanceID", "another")),
            ("resource_id", _set("Spec.AWS.RDS.ResourceID", "db-ANOTHER")),
            ("vpc_id", _set("Spec.AWS.RDS.VPCID", "vpc-00000000")),
            ("subnets", _set("Spec.AWS.RDS.Subnets", ["subnet-00000000"])),
            ("security_groups", _set("Spec.AWS.RDS.SecurityGroups", ["sg-00000000"])),
            ("iam_auth", _set("Spec.AWS.RDS.IAMAuth", value=False)),
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
        _on_role(task_role, _policy(None, DENY)),
        ("iam:PutRolePolicy",),
        "policy TeleportDatabaseAccess-",
    ),
    Break(
        "task role's policy deleted",
        _DEPLOYMENT,
        _on_role(task_role, _policy(None, None)),
        ("iam:PutRolePolicy",),
        "policy TeleportDatabaseAccess-",
    ),
    Break(
        "task role's trust",
        _DEPLOYMENT,
        _on_role(task_role, _no_trust),
        ("iam:UpdateAssumeRolePolicy",),
        "trust policy",
    ),
    Break(
        "task role deleted",
        _DEPLOYMENT,
        _on_role(task_role, _no_role),
        ("iam:CreateRole", "iam:PutRolePolicy"),
        "Create IAM role TeleportDatabaseAccess-",
    ),
    Break("task role's tags", _DEPLOYMENT, _on_role(task_role, _retag_role), ("iam:TagRole",), "tags of"),
    *(
        Break(f"{name}'s tags", _DEPLOYMENT, _retag(arn), ("ecs:TagResource",), "Set tags of")
        for name, arn in (
            ("service", lambda scene: service(scene)["serviceArn"]),
            ("task definition", lambda scene: service(scene)["taskDefinition"]),
        )
    ),
    Break("cluster's tags", _DEPLOYMENT, _untag_cluster, ("ecs:TagResource",), "Set tags of"),
    Break("token deleted", _DEPLOYMENT, _no_token, ("CreateTokenV2",), "Create Teleport join token"),
    Break(
        "token's rule",
        _DEPLOYMENT,
        _token(lambda token: _set("AWSAccount", "000000000000")(token.Spec.Allow[0])),
        ("UpsertTokenV2",),
        "allow",
    ),
    Break("token's roles", _DEPLOYMENT, _token(_set("Spec.Roles", ["Node"])), ("UpsertTokenV2",), "roles"),
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
        _no_capacity_providers,
        ("ecs:PutClusterCapacityProviders",),
        "capacity providers",
    ),
    *(
        Break(f"service's {name}", _DEPLOYMENT, act, ("ecs:UpdateService",), name)
        for name, act in (
            ("desiredCount", _update_service(desiredCount=1)),
            ("subnets", _fewer_subnets),
            ("securityGroups", _other_group),
            (
                "minimumHealthyPercent",
                _update_service(deploymentConfiguration={"minimumHealthyPercent": 50}),
            ),
            ("maximumPercent", _update_service(deploymentConfiguration={"maximumPercent": 150})),
            (
                "deploymentCircuitBreaker.enable",
                _update_service(
                    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
                ),
            ),
            (
                "deploymentCircuitBreaker.rollback",
                _update_service(
                    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
                ),
            ),
            ("availabilityZoneRebalancing", _update_service(availabilityZoneRebalancing="DISABLED")),
            ("propagateTags", _update_service(propagateTags="NONE")),
            ("enableExecuteCommand", _update_service(enableExecuteCommand=True)),
        )
    ),
    *(
        Break(f"task definition's {name}", _DEPLOYMENT, act, REGISTERED, name)
        for name, act in (
            ("cpu", _task(cpu="1024")),
            ("memory", _task(memory="8192")),
            ("taskRoleArn", _task(taskRoleArn=ANOTHER_ROLE)),
            ("executionRoleArn", _task(executionRoleArn=ANOTHER_ROLE)),
            ("name", _container(name="another")),
            ("entryPoint", _container(entryPoint=["/bin/sh"])),
            ("logConfiguration", _container(logConfiguration=OTHER_LOGS)),
            ("healthCheck", _container(healthCheck={"command": ["CMD", "true"]})),
            ("runtimePlatform", _task(runtimePlatform={"cpuArchitecture": "ARM64"})),
            ("image", _container(image="public.ecr.aws/gravitational/teleport-distroless:17.0.0")),
            ("command", _container(command=["version"])),
            ("environment", _container(environment=[])),
            ("readonlyRootFilesystem", _container(readonlyRootFilesystem=True)),
        )
    ),
    Break("revisions deregistered", _DEPLOYMENT, _deregister_all, REGISTERED, "is INACTIVE"),
    Break("service deleted", _DEPLOYMENT, _no_service, ("ecs:CreateService",), "Create ECS service"),
    Break(
        "cluster deleted",
        _DEPLOYMENT,
        _no_cluster,
        ("ecs:CreateCluster", "ecs:CreateService"),
        "Create ECS",
    ),
)
