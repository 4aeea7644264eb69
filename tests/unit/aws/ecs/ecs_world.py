"""What the tests of ECS make, and how they look at it."""

import threading
import time
from collections.abc import Callable
from typing import Any

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.ecs import describe_tasks, list_tasks
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.aws import Network, Task
from rds_enrollment.plan.steps import ecs as ecs_steps

from hack.sandbox.aws.world import Vpc
from tests.unit.aws.conftest import REGION

READY = ConditionType.SERVICE_DEPLOYED
CLUSTER = "example_com-teleport"
SERVICE = "database-service-vpc-1"
FAMILY = "example_com-teleport-database-service-vpc-1"
TAGS = {"teleport.dev/cluster": "example.com", "teleport.dev/origin": "integration_awsoidc"}


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits until the simulation, which ticks by itself, has come so far."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it never came so far"
        tick.wait(0.02)


def tasks(account: AwsAccount) -> tuple[Task, ...]:
    """Those that run or shall run, then the stopped ones."""
    service = (account, REGION, CLUSTER, SERVICE)
    return describe_tasks(*service, list_tasks(*service))


def create_cluster() -> ecs_steps.CreateCluster:
    return ecs_steps.CreateCluster(
        condition=READY, region=REGION, cluster=CLUSTER, capacity_providers=("FARGATE",), tags=TAGS
    )


def register(role: str, **changes: Any) -> ecs_steps.RegisterTaskDefinition:
    body: dict[str, Any] = {
        "family": FAMILY,
        "taskRoleArn": role,
        "executionRoleArn": role,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "2048",
        "memory": "4096",
        "containerDefinitions": [
            {"name": "teleport-service", "image": "public.ecr.aws/gravitational/teleport-distroless:18.0.0"}
        ],
    }
    return ecs_steps.RegisterTaskDefinition(
        condition=READY, region=REGION, family=FAMILY, body={**body, **changes}, tags=TAGS
    )


def shape_of(task_definition: str, vpc: Vpc, **changes: Any) -> ecs_steps.ServiceShape:
    members: dict[str, Any] = {
        "desired_count": 2,
        "task_definition_arn": task_definition,
        "network": Network(frozenset(vpc.private_subnets), frozenset({vpc.agents_group}), False),
        "minimum_healthy_percent": 100,
        "maximum_percent": 200,
        "circuit_breaker": True,
        "circuit_breaker_rollback": True,
        "availability_zone_rebalancing": False,
        "propagate_tags": "SERVICE",
        "execute_command": False,
    }
    return ecs_steps.ServiceShape(**{**members, **changes})


def create_service(shape: ecs_steps.ServiceShape) -> ecs_steps.CreateService:
    return ecs_steps.CreateService(
        condition=READY, region=REGION, cluster=CLUSTER, service=SERVICE, shape=shape, tags=TAGS
    )
