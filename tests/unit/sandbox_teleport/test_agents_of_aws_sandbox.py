"""Agents of real simulated ECS tasks, in-process and over HTTP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from rds_enrollment.teleport.wire.token_pb2 import TokenRule

from hack.sandbox.aws.ecs.timing import INSTANT
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.tasks import TaskSource, http_source
from hack.sandbox.aws.world import Database, Vpc, World
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import (
    ACCOUNT,
    ROLE,
    TOKEN,
    command,
    config,
    database,
    token,
    wait_until,
)

REGION = "us-west-1"
CLUSTER = "example-teleport"
SERVICE = "database-service"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def aws() -> Iterator[AwsSandbox]:
    with AwsSandbox(timing=INSTANT) as sandbox:
        yield sandbox


@pytest.fixture
def world(aws: AwsSandbox) -> World:
    return World(aws.url)


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "main")


def deploy(world: World, vpc: Vpc) -> None:
    """Two tasks that run the Database Service under the role that the token admits."""
    world.client("iam", REGION).create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    labels = {"account-id": ACCOUNT, "region": REGION, "vpc-id": vpc.id}
    document = config(db_service={"enabled": "yes", "resources": [{"labels": labels}]})
    ecs = world.client("ecs", REGION)
    ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE"])
    container: dict[str, Any] = {
        "name": "teleport-service",
        "image": "public.ecr.aws/gravitational/teleport-distroless:18.0.0",
        "command": command(yaml.safe_dump(document)),
    }
    ecs.register_task_definition(
        family="agents",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="2048",
        memory="4096",
        taskRoleArn=ROLE,
        executionRoleArn=ROLE,
        containerDefinitions=[container],
    )
    network = {"subnets": list(vpc.private_subnets), "securityGroups": [vpc.agents_group]}
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition="agents",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )


def register(teleport: TeleportSandbox, vpc: Vpc, instance: Database) -> None:
    rule = TokenRule(AWSAccount=ACCOUNT, AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*")
    teleport.resources.tokens.put(token(TOKEN, rule))
    teleport.resources.databases.put(
        database(instance.identifier, f"{instance.host}:{instance.port}", **{"vpc-id": vpc.id})
    )


def health(teleport: TeleportSandbox) -> list[str]:
    return [each.Status.TargetHealth.Status for each in teleport.resources.database_servers.list()]


@pytest.mark.parametrize(
    "source_of", [lambda aws: aws, lambda aws: http_source(aws.url)], ids=["in-process", "http"]
)
def test_the_tasks_of_a_service_serve_what_their_network_lets_them_reach(
    aws: AwsSandbox, world: World, vpc: Vpc, source_of: Callable[[AwsSandbox], TaskSource]
) -> None:
    instance = world.seed_instance(vpc, "orders")
    with TeleportSandbox(tasks=source_of(aws)) as teleport:
        register(teleport, vpc, instance)
        deploy(world, vpc)
        wait_until(lambda: health(teleport) == ["healthy", "healthy"])
        running = {each.task_arn: each.private_dns_name for each in aws.running_tasks()}
        assert {arn: host.hostname for arn, host in teleport.agents.joined.items()} == running

        world.client("ec2", REGION).revoke_security_group_ingress(
            GroupId=vpc.database_group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 5432,
                    "ToPort": 5432,
                    "UserIdGroupPairs": [{"GroupId": vpc.agents_group}],
                }
            ],
        )
        wait_until(lambda: health(teleport) == ["unhealthy", "unhealthy"])

        world.client("ecs", REGION).update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
        wait_until(lambda: teleport.resources.database_services.list() == [])
        assert (teleport.agents.joined, health(teleport)) == ({}, [])
