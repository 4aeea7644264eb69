"""What the demo left in AWS and in Teleport."""

import base64
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from hack.sandbox.aws.world import World
from hack.sandbox.teleport.server import TeleportSandbox


def show(console: Console, world: World, teleport: TeleportSandbox, region: str) -> None:
    """Print two tables."""
    console.print(_table("Made in AWS", _aws(world, region)))
    console.print(_table("Made in Teleport", _teleport(teleport)))


def _table(title: str, rows: Iterator[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for what, which in rows:
        table.add_row(what, which)
    return table


def _aws(world: World, region: str) -> Iterator[tuple[str, str]]:
    iam, ecs = world.client("iam", region), world.client("ecs", region)
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        yield "IAM identity provider", provider["Arn"]
    for role in iam.list_roles()["Roles"]:
        policies = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        if policies:
            yield "IAM role", f"{role['Arn']} with {', '.join(policies)}"
    for cluster in ecs.list_clusters()["clusterArns"]:
        yield "ECS cluster", cluster
        yield from _services(ecs, cluster)


def _services(ecs: Any, cluster: str) -> Iterator[tuple[str, str]]:
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    for service in ecs.describe_services(cluster=cluster, services=arns)["services"] if arns else ():
        counts = f"{service['runningCount']} of {service['desiredCount']} tasks run"
        yield "ECS service", f"{service['serviceName']}: {counts}"
        yield "ECS task definition", service["taskDefinition"].rsplit("/", 1)[-1]
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        container = definition["taskDefinition"]["containerDefinitions"][0]
        yield "  image", container["image"]
        yield "  configuration", base64.b64decode(container["command"][-1]).decode()


def _teleport(teleport: TeleportSandbox) -> Iterator[tuple[str, str]]:
    resources = teleport.resources
    for integration in resources.integrations.list():
        role = integration.Spec.AWSOIDC.RoleARN
        yield "integration", f"{integration.Header.Metadata.Name} with {role}"
    for token in resources.tokens.list():
        yield (
            "join token",
            f"{token.Metadata.Name} admits {', '.join(rule.AWSARN for rule in token.Spec.Allow)}",
        )
    for database in resources.databases.list():
        yield "db", f"{database.Metadata.Name} at {database.Spec.URI}"
        labels = sorted(database.Metadata.Labels.items())
        yield "  labels", ", ".join(f"{key}={value}" for key, value in labels)
    for agent in resources.database_services.list():
        yield "db_service", f"{agent.Header.Metadata.Name} on {agent.Spec.Hostname}"
    for server in resources.database_servers.list():
        health = server.Status.TargetHealth
        yield "db_server", f"{server.Metadata.Name} through {server.Spec.Hostname}: {health.Status}"
