"""The status fields of a deployment: what was seen, and nothing lost that was not."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeploymentStatus
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen

from tests.unit.plan.deployment.build import (
    CLUSTER,
    EMPTY,
    ROLE_ARN,
    SERVICE,
    SERVICE_ARN,
    SUBNETS,
    TOKEN,
    WANTED,
    arn,
    service,
    task,
    task_definition,
    world,
)

SEEN: dict[str, Any] = {
    "teleportCluster": "example.teleport.sh",
    "taskRoleArn": ROLE_ARN,
    "joinToken": TOKEN,
    "serviceArn": SERVICE_ARN,
    "taskDefinitionArn": arn(1),
    "replicas": 2,
    "consoleUrl": (f"https://us-west-1.console.aws.amazon.com/ecs/v2/clusters/{CLUSTER}/services/{SERVICE}"),
    "logsUrl": (
        "https://us-west-1.console.aws.amazon.com/cloudwatch/home?region=us-west-1"
        f"#logsV2:log-groups/log-group/ecs-{CLUSTER}"
    ),
    "agentVersion": "18.0.0",
    "runningReplicas": 2,
    "pendingReplicas": 0,
    "connectedReplicas": 2,
}
NETWORK_SEEN = [{"subnetId": item, "state": "Ready", "reason": "Succeeded"} for item in SUBNETS]
SEEN["network"] = NETWORK_SEEN
NONE = DatabaseServiceDeploymentStatus()


def told(seen: DeploymentWorld, previous: DatabaseServiceDeploymentStatus = NONE) -> dict[str, Any]:
    status = observed_status(previous, WANTED, seen)
    return status.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def test_everything_that_was_seen() -> None:
    assert told(world()) == SEEN


def test_what_could_not_be_seen_stays_as_it_was() -> None:
    before = observed_status(NONE, WANTED, world())
    assert told(DeploymentWorld(), before) == SEEN


@pytest.mark.parametrize("gone", [None, service(status="INACTIVE")])
def test_what_is_gone_goes(gone: Any) -> None:
    before = observed_status(NONE, WANTED, world())
    counts = {"runningReplicas": 0, "pendingReplicas": 0, "connectedReplicas": 0}
    rest = {"teleportCluster": "example.teleport.sh", "network": NETWORK_SEEN}
    assert told(replace(EMPTY, service=gone), before) == {**rest, **counts}


def test_connected_agents_are_not_counted_without_heartbeats() -> None:
    before = observed_status(NONE, WANTED, world())
    status = told(world(tasks=(task("t1"),), agents=Unseen()), before)
    assert (status["runningReplicas"], status["connectedReplicas"]) == (1, 2)


@pytest.mark.parametrize("body", [{}, {"containerDefinitions": []}, {"containerDefinitions": [{}]}])
def test_no_version_without_an_image(body: dict[str, Any]) -> None:
    assert "agentVersion" not in told(world(serving=task_definition(body=body)))
