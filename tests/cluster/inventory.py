"""What there is in the simulated AWS and Teleport, read past every count and gate."""

from contextlib import suppress
from typing import Any

from tests.cluster.scene import Scene

SERVICE_LINKED = "/aws-service-role/"
"""Path of roles that AWS makes by itself and that nobody deletes."""


def roles(scene: Scene) -> dict[str, dict[str, Any]]:
    """IAM roles by name, with their tags. One that is deleted meanwhile counts as gone."""
    iam = scene.client("iam")
    found: dict[str, dict[str, Any]] = {}
    for role in iam.list_roles()["Roles"]:
        if not role["Path"].startswith(SERVICE_LINKED):
            with suppress(iam.exceptions.NoSuchEntityException):
                found[role["RoleName"]] = iam.get_role(RoleName=role["RoleName"])["Role"]
    return found


def policies(scene: Scene, role: str) -> dict[str, dict[str, Any]]:
    """Inline policies of a role by name."""
    iam = scene.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def identity_providers(scene: Scene) -> list[str]:
    """ARNs."""
    found = scene.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return [provider["Arn"] for provider in found]


def clusters(scene: Scene) -> list[dict[str, Any]]:
    """ECS clusters that are not INACTIVE, with their tags."""
    ecs = scene.client("ecs")
    found: list[dict[str, Any]] = ecs.describe_clusters(
        clusters=ecs.list_clusters()["clusterArns"] or ["none"], include=["TAGS"]
    )["clusters"]
    return [cluster for cluster in found if cluster["status"] != "INACTIVE"]


def services(scene: Scene) -> list[dict[str, Any]]:
    """ECS services of all clusters that are not INACTIVE, with their tags."""
    ecs = scene.client("ecs")
    return [
        service
        for cluster in clusters(scene)
        for arn in ecs.list_services(cluster=cluster["clusterArn"])["serviceArns"]
        for service in ecs.describe_services(cluster=cluster["clusterArn"], services=[arn], include=["TAGS"])[
            "services"
        ]
        if service["status"] != "INACTIVE"
    ]


def task_definitions(scene: Scene) -> list[str]:
    """ARNs of the ACTIVE revisions of all families."""
    arns: list[str] = scene.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    return arns


def tasks(scene: Scene, *, desired: str = "RUNNING") -> list[str]:
    """ARNs of the tasks of all clusters."""
    ecs = scene.client("ecs")
    return [
        arn
        for cluster in clusters(scene)
        for arn in ecs.list_tasks(cluster=cluster["clusterArn"], desiredStatus=desired)["taskArns"]
    ]


def in_aws(scene: Scene) -> list[str]:
    """Everything that the operator may have made in AWS and that is left."""
    return [
        *identity_providers(scene),
        *roles(scene),
        *(cluster["clusterArn"] for cluster in clusters(scene)),
        *(service["serviceArn"] for service in services(scene)),
        *task_definitions(scene),
    ]


def in_teleport(scene: Scene) -> list[str]:
    """Everything that the operator may have made in Teleport and that is left, as `kind/name`."""
    resources = scene.teleport.resources
    return [
        *(f"db/{database.Metadata.Name}" for database in resources.databases.list()),
        *(f"integration/{integration.Header.Metadata.Name}" for integration in resources.integrations.list()),
        *(f"token/{token.Metadata.Name}" for token in resources.tokens.list()),
    ]
