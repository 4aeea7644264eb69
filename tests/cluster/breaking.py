"""What somebody else may do behind the operator's back, one act each."""

import json
from collections.abc import Callable
from typing import Any

from tests.cluster import inventory
from tests.cluster.scene import ACCOUNT, INTEGRATION, Scene


def task_role(scene: Scene) -> str:
    return next(name for name in inventory.roles(scene) if name.startswith("TeleportDatabaseAccess-"))


def service(scene: Scene) -> Any:
    (found,) = inventory.services(scene)
    return found


def revision(scene: Scene) -> Any:
    """The task definition in service."""
    arn = service(scene)["taskDefinition"]
    return scene.client("ecs").describe_task_definition(taskDefinition=arn, include=["TAGS"])


def on_role(name: Callable[[Scene], str], change: Callable[[Any, str], None]) -> Callable[[Scene], None]:
    return lambda scene: change(scene.client("iam"), name(scene))


def inline_policy(policy: str | None, document: Any) -> Callable[[Any, str], None]:
    def change(iam: Any, role: str) -> None:
        if document is None:
            iam.delete_role_policy(RoleName=role, PolicyName=policy or role)
        else:
            iam.put_role_policy(RoleName=role, PolicyName=policy or role, PolicyDocument=json.dumps(document))

    return change


def retag_role(iam: Any, role: str) -> None:
    iam.tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "another"}])


def retag(arn: Callable[[Scene], str]) -> Callable[[Scene], None]:
    changed = [{"key": "team", "value": "another"}]
    return lambda scene: scene.client("ecs").tag_resource(resourceArn=arn(scene), tags=changed)


def untag_cluster(scene: Scene) -> None:
    scene.client("ecs").untag_resource(resourceArn=service(scene)["clusterArn"], tagKeys=["team"])


def no_trust(iam: Any, role: str) -> None:
    nobody = {"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)


def no_role(iam: Any, role: str) -> None:
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


def updated_service(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        found = service(scene)
        scene.client("ecs").update_service(
            cluster=found["clusterArn"], service=found["serviceName"], **changes
        )

    return act


def another_network(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        current = service(scene)["networkConfiguration"]["awsvpcConfiguration"]
        updated_service(networkConfiguration={"awsvpcConfiguration": {**current, **changes}})(scene)

    return act


def fewer_subnets(scene: Scene) -> None:
    subnets = service(scene)["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    another_network(subnets=sorted(subnets)[:1])(scene)


def other_group(scene: Scene) -> None:
    groups = scene.client("ec2").describe_security_groups(
        Filters=[{"Name": "tag:role", "Values": ["databases"]}]
    )["SecurityGroups"]
    another_network(securityGroups=[groups[0]["GroupId"]])(scene)


def another_task(**changes: Any) -> Callable[[Scene], None]:
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
        updated_service(taskDefinition=made["taskDefinition"]["taskDefinitionArn"])(scene)

    return act


def another_container(**changes: Any) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        (container,) = revision(scene)["taskDefinition"]["containerDefinitions"]
        another_task(containerDefinitions=[{**container, **changes}])(scene)

    return act


def deregister_all(scene: Scene) -> None:
    for arn in inventory.task_definitions(scene):
        scene.client("ecs").deregister_task_definition(taskDefinition=arn)


def no_service(scene: Scene) -> None:
    found = service(scene)
    scene.client("ecs").delete_service(cluster=found["clusterArn"], service=found["serviceName"], force=True)


def no_cluster(scene: Scene) -> None:
    """With its service: ECS deletes no cluster that runs tasks."""
    cluster = service(scene)["clusterArn"]
    no_service(scene)
    scene.wait(lambda: not inventory.services(scene), "the service is gone")
    scene.client("ecs").delete_cluster(cluster=cluster)


def no_capacity_providers(scene: Scene) -> None:
    scene.client("ecs").put_cluster_capacity_providers(
        cluster=service(scene)["clusterArn"], capacityProviders=[], defaultCapacityProviderStrategy=[]
    )


def changed_token(change: Callable[[Any], None]) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        (token,) = scene.teleport.resources.tokens.list()
        change(token)
        scene.teleport.resources.tokens.put(token)

    return act


def no_token(scene: Scene) -> None:
    (token,) = scene.teleport.resources.tokens.list()
    scene.teleport.resources.tokens.delete(token.Metadata.Name)


def changed_database(change: Callable[[Any], None]) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        database = scene.teleport.resources.databases.get("orders")
        change(database)
        scene.teleport.resources.databases.put(database)

    return act


def another_integration_role(scene: Scene) -> None:
    integration = scene.teleport.resources.integrations.get(INTEGRATION)
    integration.Spec.AWSOIDC.RoleARN = f"arn:aws:iam::{ACCOUNT}:role/another"
    scene.teleport.resources.integrations.put(integration)


def setting(path: str, value: Any) -> Callable[[Any], None]:
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
