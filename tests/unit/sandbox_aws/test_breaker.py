"""The deployment circuit breaker: its threshold, its failure, its way back."""

from collections.abc import Callable

import pytest

from hack.sandbox.aws.ecs.breaker import CircuitBreaker
from hack.sandbox.aws.sampler import Sampler
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World

from .support import CLUSTER, FAMILY, REGION, SERVICE, Aws, Shown, awsvpc, eventually

FAILED_REASON = "ECS deployment circuit breaker: tasks failed to start."


def breaker(*, rollback: bool = True, **more: object) -> Shown:
    circuit = {"enable": True, "rollback": rollback, **more}
    return {"maximumPercent": 200, "minimumHealthyPercent": 100, "deploymentCircuitBreaker": circuit}


def messages(aws: Aws) -> list[str]:
    """Of the service's events, the oldest first."""
    return [
        event["message"].removeprefix(f"(service {SERVICE}) ") for event in reversed(aws.service()["events"])
    ]


def last_service_deployment(aws: Aws) -> Shown:
    brief = aws.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"][0]
    arn = brief["serviceDeploymentArn"]
    [found] = aws.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    shown: Shown = found
    return shown


def ended(aws: Aws) -> Callable[[], Shown | None]:
    def probe() -> Shown | None:
        last = last_service_deployment(aws)
        return last if "finishedAt" in last else None

    return probe


@pytest.mark.parametrize(
    ("desired", "threshold"),
    [(0, 3), (1, 3), (2, 3), (6, 3), (7, 4), (25, 13), (400, 200), (401, 200), (800, 200)],
)
def test_the_threshold_is_half_of_the_desired_count_within_bounds(desired: int, threshold: int) -> None:
    assert CircuitBreaker.from_api(breaker()).threshold(desired) == threshold


@pytest.mark.parametrize(
    ("kind", "value", "desired", "threshold"),
    [("COUNT", 1, 100, 1), ("BOUNDED_PERCENT", 100, 8, 8), ("UNBOUNDED_PERCENT", 50, 800, 400)],
)
def test_the_threshold_can_be_configured(kind: str, value: int, desired: int, threshold: int) -> None:
    configured = breaker(thresholdConfiguration={"type": kind, "value": value})
    assert CircuitBreaker.from_api(configured).threshold(desired) == threshold


def test_a_failed_rollout_returns_to_the_last_completed_deployment(
    aws: Aws, vpc: Vpc, sandbox: AwsSandbox
) -> None:
    aws.deploy(vpc, deploymentConfiguration=breaker())
    good = aws.steady()["deployments"][0]
    [first] = aws.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"]
    tasks = {task["taskArn"] for task in aws.tasks()}
    bad = aws.register(command=["broken"], logConfiguration=missing_log_group())
    with Sampler(sandbox, SERVICE) as sampler:
        aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=bad)
        failed = eventually(lambda: failed_deployment(aws))
        ending = eventually(ended(aws))
        service = aws.steady()
    assert (sampler.running.minimum, sampler.running.maximum) == (2, 2)
    assert (failed["status"], failed["rolloutStateReason"]) == ("ACTIVE", FAILED_REASON)
    assert service["taskDefinition"] == service["deployments"][0]["taskDefinition"] == good["taskDefinition"]
    assert {task["taskArn"] for task in aws.tasks()} == tasks
    told = messages(aws)
    start = told.index(f"(deployment {failed['id']}) deployment failed: tasks failed to start.")
    assert told[start + 1] == f"rolling back to deployment {good['id']}."
    assert told[-2:] == [f"(deployment {good['id']}) deployment completed.", "has reached a steady state."]
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert (ending["status"], ending["statusReason"]) == ("ROLLBACK_SUCCESSFUL", reason)
    circuit = ending["deploymentCircuitBreaker"]
    assert (circuit["status"], circuit["threshold"]) == ("TRIGGERED", 3)
    assert circuit["failureCount"] >= 3
    assert ending["rollback"]["serviceRevisionArn"] == first["targetServiceRevisionArn"]
    assert ending["rollback"]["reason"] == reason


def missing_log_group() -> Shown:
    options = {"awslogs-group": "absent", "awslogs-region": REGION, "awslogs-stream-prefix": "p"}
    return {"logDriver": "awslogs", "options": options}


def failed_deployment(aws: Aws) -> Shown | None:
    return next((d for d in aws.service()["deployments"] if d["rolloutState"] == "FAILED"), None)


def test_the_way_back_names_its_goal_while_it_lasts(aws: Aws, vpc: Vpc) -> None:
    """Tasks of the completed deployment are lost again and again, so that its rollout lasts until it was seen."""
    aws.deploy(vpc, deploymentConfiguration=breaker())
    good = aws.steady()["deployments"][0]
    bad = aws.register(logConfiguration=missing_log_group())
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=bad)

    def rolling_back() -> Shown | None:
        for task in aws.tasks():
            if task["taskDefinitionArn"] == good["taskDefinition"]:
                aws.ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
        primary: Shown = aws.service()["deployments"][0]
        is_back = primary["id"] == good["id"] and primary["rolloutState"] == "IN_PROGRESS"
        return primary if is_back else None

    primary = eventually(rolling_back)
    assert primary["rolloutStateReason"] == (
        f"ECS deployment circuit breaker: rolling back to deploymentId {good['id']}."
    )
    assert aws.steady()["deployments"][0]["rolloutStateReason"] == f"ECS deployment {good['id']} completed."


@pytest.mark.parametrize("rollback", [True, False])
def test_a_first_deployment_that_fails_stalls(aws: Aws, world: World, rollback: bool) -> None:
    isolated = world.seed_vpc(REGION, "isolated", internet=False)
    aws.deploy(isolated, deploymentConfiguration=breaker(rollback=rollback))
    failed = eventually(lambda: failed_deployment(aws))
    assert failed["status"] == "PRIMARY"
    assert failed["failedTasks"] >= 3
    last = eventually(ended(aws))
    assert last["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    if rollback:
        expected = ("ROLLBACK_FAILED", "No rollback candidate was found to run the rollback.")
    else:
        expected = (
            "STOPPED",
            "Service deployment stopped because the circuit breaker threshold was exceeded.",
        )
    assert (last["status"], last["statusReason"]) == expected
    assert aws.service()["pendingCount"] == 0


def test_a_stalled_service_moves_again_with_its_next_deployment(aws: Aws, vpc: Vpc) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register(logConfiguration=missing_log_group())
    aws.create_service(vpc, deploymentConfiguration=breaker())
    eventually(lambda: failed_deployment(aws))
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=aws.register())
    aws.steady()


def test_a_failed_deployment_without_rollback_leaves_the_old_tasks(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, deploymentConfiguration=breaker(rollback=False))
    aws.steady()
    old = {task["taskArn"] for task in aws.tasks()}
    closed = awsvpc(vpc.public_subnets, [vpc.agents_group])
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, networkConfiguration=closed)
    eventually(lambda: failed_deployment(aws))
    eventually(ended(aws))
    assert {task["taskArn"] for task in aws.tasks()} == old
    assert [d["rolloutState"] for d in aws.service()["deployments"]] == ["FAILED", "COMPLETED"]


def test_roles_that_cannot_be_assumed_count_and_are_told_once(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, deploymentConfiguration=breaker())
    aws.steady()
    bad = aws.register(role="absent")
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=bad)
    assert eventually(ended(aws))["status"] == "ROLLBACK_SUCCESSFUL"
    assert sum("unable to assume the role" in message for message in messages(aws)) == 1
    assert aws.steady()["taskDefinition"].endswith(f"{FAMILY}:1")
