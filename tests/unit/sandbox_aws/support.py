"""Helpers of the sandbox tests: clients, a deployed service, waiting with a deadline."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from hack.sandbox.aws.ecs.timing import INSTANT, Timing
from hack.sandbox.aws.world import Vpc

REGION = "us-west-1"
ACCOUNT = "123456789012"
CLUSTER = "example-teleport"
SERVICE = "database-service"
FAMILY = "agents"
IMAGE = "public.ecr.aws/gravitational/teleport-distroless:18.0.0"
HANG = 10.0

QUICK = Timing(
    provisioning=timedelta(milliseconds=20),
    pending=timedelta(milliseconds=20),
    stopping=timedelta(milliseconds=20),
    retry=timedelta(milliseconds=20),
    retry_limit=timedelta(milliseconds=100),
    task_definition_deletion=timedelta(milliseconds=50),
)

INSTANT_HEALTH = replace(INSTANT, health_check_scale=1.0)
"""All at once, but health checks as long as they say."""

ECS_TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}

_session = boto3.Session()
Value = TypeVar("Value")


Shown = dict[str, Any]
"""An answer of boto3, or a part of one."""


class Aws:
    """boto3 clients of one sandbox, in one region and account, that do not retry."""

    def __init__(self, url: str, region: str = REGION) -> None:
        self._url = url
        self._region = region
        self.ecs = self.client("ecs")
        self.iam = self.client("iam")

    def client(self, service: str, **options: Any) -> Any:
        return _session.client(  # type: ignore[call-overload]
            service,
            region_name=options.pop("region", self._region),
            endpoint_url=self._url,
            aws_access_key_id=options.pop("key", "AKIAIOSFODNN7EXAMPLE"),
            aws_secret_access_key="secret",
            aws_session_token=options.pop("token", None),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=HANG),
        )

    def create_role(self, name: str = "agents", trust: dict[str, Any] | None = None) -> str:
        document = json.dumps(trust or ECS_TRUST)
        created = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return str(created["Role"]["Arn"])

    def register(self, *, role: str = "agents", family: str = FAMILY, **changes: Any) -> str:
        container = {
            "name": "teleport-service",
            "image": IMAGE,
            "command": ["teleport", "start"],
            "environment": [{"name": "KEY", "value": "value"}],
            **changes,
        }
        definition = self.ecs.register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="2048",
            memory="4096",
            taskRoleArn=role,
            executionRoleArn=role,
            containerDefinitions=[container],
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def create_service(self, vpc: Vpc, **changes: Any) -> dict[str, Any]:
        request = {
            "cluster": CLUSTER,
            "serviceName": SERVICE,
            "taskDefinition": FAMILY,
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": awsvpc(vpc.private_subnets, [vpc.agents_group]),
            **changes,
        }
        created: dict[str, Any] = self.ecs.create_service(**request)["service"]
        return created

    def deploy(self, vpc: Vpc, **changes: Any) -> dict[str, Any]:
        """Cluster, role, task definition and service, from nothing."""
        self.ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE"])
        self.create_role()
        self.register()
        return self.create_service(vpc, **changes)

    def service(self) -> dict[str, Any]:
        described = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"])
        found: dict[str, Any] = described["services"][0]
        return found

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus=status)["taskArns"]
        if not arns:
            return []
        described = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns, include=["TAGS"])
        return list(described["tasks"])

    def steady(self, *, running: int = 2) -> dict[str, Any]:
        """The service once its rollout is complete and so many tasks run."""

        def reached() -> dict[str, Any] | None:
            service = self.service()
            completed = service["deployments"][0]["rolloutState"] == "COMPLETED"
            only_one = len(service["deployments"]) == 1
            return service if completed and only_one and service["runningCount"] == running else None

        return eventually(reached)


def awsvpc(subnets: Any, groups: Any, public_ip: bool = False) -> dict[str, Any]:
    return {
        "awsvpcConfiguration": {
            "subnets": list(subnets),
            "securityGroups": list(groups),
            "assignPublicIp": "ENABLED" if public_ip else "DISABLED",
        }
    }


def eventually(probe: Callable[[], Value | None]) -> Value:
    """The first truthy value of the probe. The deadline only catches hangs."""
    deadline = time.monotonic() + HANG
    while not (value := probe()):
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.01)
    return value


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the AWS error that a call ends in."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("the call was accepted")


class ManualClock:
    """A clock that moves when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        self._now += timedelta(**by)
