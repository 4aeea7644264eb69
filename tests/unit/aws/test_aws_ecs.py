import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.ecs import (
    describe_tasks,
    get_cluster,
    get_service,
    get_task_definition,
    list_active_task_definitions,
    list_rollouts,
    list_tasks,
)
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.aws import Network, Task
from rds_enrollment.plan.outcome import Blocked, Conflict, Transient, Waiting
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World
from hack.sandbox.gate import Cut, Fault, Spoiled, Write
from tests.unit.aws.conftest import REGION

READY = ConditionType.SERVICE_DEPLOYED
CLUSTER = "example_com-teleport"
SERVICE = "database-service-vpc-1"
FAMILY = "example_com-teleport-database-service-vpc-1"
TAGS = {"teleport.dev/cluster": "example.com", "teleport.dev/origin": "integration_awsoidc"}


@dataclass(frozen=True)
class LosingAnswers:
    """A gate that lets every write take effect, and loses its answer."""

    lost: Exception

    def before(self, write: Write) -> None:
        """Nothing."""

    def after(self, write: Write) -> None:
        raise self.lost


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
    return describe_tasks(*service, (*list_tasks(*service, "RUNNING"), *list_tasks(*service, "STOPPED")))


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


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "demo")


@pytest.fixture
def role(account: AwsAccount) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    apply(account, iam_steps.CreateRole(condition=READY, role="agents", description="", trust=trust, tags={}))
    return "arn:aws:iam::123456789012:role/agents"


@pytest.fixture
def task_definition(account: AwsAccount, role: str) -> str:
    """The ARN of a registered revision, in a cluster that exists."""
    apply(account, create_cluster())
    apply(account, register(role))
    return list_active_task_definitions(account, REGION, FAMILY)[0]


def test_a_cluster_reads_back_as_created(account: AwsAccount) -> None:
    for _ in range(2):  # ECS answers the second time with the same cluster
        apply(account, create_cluster())

    cluster = get_cluster(account, REGION, CLUSTER)

    assert cluster is not None
    assert cluster.arn == f"arn:aws:ecs:{REGION}:123456789012:cluster/{CLUSTER}"
    assert (cluster.name, cluster.status, cluster.active_services) == (CLUSTER, "ACTIVE", 0)
    assert cluster.capacity_providers == {"FARGATE"}
    assert cluster.tags == TAGS


def test_what_is_absent_reads_so(account: AwsAccount) -> None:
    assert get_cluster(account, REGION, CLUSTER) is None
    assert get_service(account, REGION, CLUSTER, SERVICE) is None
    assert tasks(account) == ()
    assert get_task_definition(account, REGION, FAMILY) is None
    assert list_active_task_definitions(account, REGION, FAMILY) == ()

    apply(account, create_cluster())

    assert get_service(account, REGION, CLUSTER, SERVICE) is None
    assert tasks(account) == ()


def test_capacity_providers_can_be_replaced(account: AwsAccount) -> None:
    apply(account, create_cluster())

    apply(
        account,
        ecs_steps.PutClusterCapacityProviders(
            condition=READY,
            region=REGION,
            cluster=CLUSTER,
            capacity_providers=("FARGATE", "FARGATE_SPOT"),
            default_provider="FARGATE",
        ),
    )

    cluster = get_cluster(account, REGION, CLUSTER)
    assert cluster is not None
    assert cluster.capacity_providers == {"FARGATE", "FARGATE_SPOT"}


def test_a_deleted_cluster_is_absent_or_inactive(account: AwsAccount) -> None:
    apply(account, create_cluster())

    for _ in range(2):
        apply(account, ecs_steps.DeleteCluster(condition=READY, region=REGION, cluster=CLUSTER))

    cluster = get_cluster(account, REGION, CLUSTER)
    assert cluster is None or cluster.status == "INACTIVE"


def test_a_task_definition_reads_back_verbatim(account: AwsAccount, role: str) -> None:
    step = register(role, runtimePlatform={"cpuArchitecture": "ARM64"})
    apply(account, step)

    found = get_task_definition(account, REGION, FAMILY)

    assert found is not None
    assert (found.family, found.revision, found.status) == (FAMILY, 1, "ACTIVE")
    assert found.arn.endswith(f"task-definition/{FAMILY}:1")
    assert found.tags == TAGS
    for name in ("taskRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform"):
        assert found.body[name] == step.body[name]
    assert found.body["containerDefinitions"][0]["name"] == "teleport-service"


def test_active_revisions_are_those_of_the_family_alone(account: AwsAccount, role: str) -> None:
    for _ in range(2):
        apply(account, register(role))
    apply(account, register(role, family=f"{FAMILY}-longer"))

    arns = list_active_task_definitions(account, REGION, FAMILY)

    assert [arn.rpartition("/")[2] for arn in arns] == [f"{FAMILY}:2", f"{FAMILY}:1"]


@pytest.mark.parametrize("lost", [Cut(), Spoiled(Fault.UNAVAILABLE)], ids=["cut", "unavailable"])
def test_a_registration_whose_answer_is_lost_is_not_repeated(
    account: AwsAccount, sandbox: AwsSandbox, role: str, lost: Exception
) -> None:
    sandbox.gate = LosingAnswers(lost)
    try:
        with pytest.raises(Transient):
            apply(account, register(role))
    finally:
        sandbox.gate = None
    assert len(list_active_task_definitions(account, REGION, FAMILY)) == 1


def test_a_revision_is_deregistered_then_deleted(account: AwsAccount, role: str) -> None:
    apply(account, register(role))
    (arn,) = list_active_task_definitions(account, REGION, FAMILY)

    with pytest.raises(Blocked) as caught:
        apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))
    assert caught.value.reason == Reason.AWS_REQUEST_REFUSED

    for _ in range(2):
        apply(account, ecs_steps.DeregisterTaskDefinition(condition=READY, region=REGION, arn=arn))
    assert list_active_task_definitions(account, REGION, FAMILY) == ()
    found = get_task_definition(account, REGION, arn)
    assert found is not None
    assert found.status == "INACTIVE"

    for _ in range(2):
        apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))
    eventually(lambda: get_task_definition(account, REGION, arn) is None)
    apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))


def test_a_service_reads_back_as_created_and_runs_tasks(
    account: AwsAccount, vpc: Vpc, task_definition: str
) -> None:
    shape = shape_of(task_definition, vpc)
    apply(account, create_service(shape))

    eventually(lambda: [task.last_status for task in tasks(account)] == ["RUNNING"] * 2)
    service = get_service(account, REGION, CLUSTER, SERVICE)

    assert service is not None
    assert (service.name, service.status, service.launch_type) == (SERVICE, "ACTIVE", "FARGATE")
    assert (service.desired_count, service.running_count, service.pending_count) == (2, 2, 0)
    assert service.task_definition_arn == task_definition
    assert service.network == shape.network
    assert (service.minimum_healthy_percent, service.maximum_percent) == (100, 200)
    assert (service.circuit_breaker, service.circuit_breaker_rollback) == (True, True)
    assert service.availability_zone_rebalancing is False
    assert service.propagate_tags == "SERVICE"
    assert service.execute_command is False
    assert service.tags == TAGS
    (deployment,) = service.deployments
    assert (deployment.status, deployment.desired, deployment.running) == ("PRIMARY", 2, 2)
    moments = [event.created_at for event in service.events]
    assert moments
    assert moments == sorted(moments, reverse=True)
    assert all(moment.tzinfo for moment in moments)


def test_a_running_task_shows_its_network_interface(
    account: AwsAccount, vpc: Vpc, task_definition: str
) -> None:
    apply(account, create_service(shape_of(task_definition, vpc, desired_count=1)))
    eventually(lambda: [task.last_status for task in tasks(account)] == ["RUNNING"])

    (task,) = tasks(account)

    assert task.task_definition_arn == task_definition
    assert task.subnet_id in vpc.private_subnets
    assert task.network_interface_id.startswith("eni-")
    assert task.private_ip.startswith("10.0.")
    assert task.private_dns_name.startswith("ip-10-0-")
    assert (task.stopped_reason, task.stopped_at, task.exit_code) == ("", None, None)


def test_a_stopped_task_says_why(account: AwsAccount, world: World, task_definition: str) -> None:
    vpc = world.seed_vpc(REGION, "closed", internet=False)
    apply(account, create_service(shape_of(task_definition, vpc, desired_count=1)))

    def stopped() -> bool:
        return any(task.stopped_at for task in tasks(account))

    eventually(stopped)

    task = next(task for task in tasks(account) if task.stopped_at)
    assert (task.last_status, task.stop_code) == ("STOPPED", "TaskFailedToStart")
    assert "CannotPullContainerError" in task.stopped_reason + task.container_reason
    assert task.stopped_at is not None
    assert task.stopped_at.tzinfo is not None


def test_a_different_service_of_the_name_is_a_conflict(
    account: AwsAccount, vpc: Vpc, task_definition: str
) -> None:
    apply(account, create_service(shape_of(task_definition, vpc)))

    with pytest.raises(Conflict):
        apply(account, create_service(shape_of(task_definition, vpc, desired_count=3)))

    service = get_service(account, REGION, CLUSTER, SERVICE)
    assert service is not None
    assert service.desired_count == 2


def test_an_update_changes_what_differs(
    account: AwsAccount, vpc: Vpc, task_definition: str, sandbox: AwsSandbox
) -> None:
    apply(account, create_service(shape_of(task_definition, vpc)))
    network = Network(frozenset(vpc.public_subnets), frozenset({vpc.agents_group}), True)
    shape = shape_of(task_definition, vpc, desired_count=3, network=network, maximum_percent=150)

    apply(
        account,
        ecs_steps.UpdateService(
            condition=READY, region=REGION, cluster=CLUSTER, service=SERVICE, shape=shape
        ),
    )

    service = get_service(account, REGION, CLUSTER, SERVICE)
    assert service is not None
    assert (service.desired_count, service.maximum_percent, service.network) == (3, 150, network)
    assert sandbox.calls.counts["ecs:UpdateService"] == 1


def test_a_forced_update_deploys_the_same_anew(account: AwsAccount, vpc: Vpc, task_definition: str) -> None:
    shape = shape_of(task_definition, vpc)
    apply(account, create_service(shape))

    for force in (False, True):
        apply(
            account,
            ecs_steps.UpdateService(
                condition=READY, region=REGION, cluster=CLUSTER, service=SERVICE, shape=shape, force=force
            ),
        )

    newest, first = list_rollouts(account, REGION, CLUSTER, SERVICE)
    assert newest.created_at >= first.created_at
    assert newest.arn != first.arn
    for rollout in (newest, first):
        assert (rollout.task_definition_arn, rollout.network) == (task_definition, shape.network)


def test_a_failed_rollout_tells_how_it_ended(account: AwsAccount, world: World, task_definition: str) -> None:
    vpc = world.seed_vpc(REGION, "closed", internet=False)
    apply(account, create_service(shape_of(task_definition, vpc)))

    def ended() -> bool:
        return any(rollout.finished_at for rollout in list_rollouts(account, REGION, CLUSTER, SERVICE))

    eventually(ended)

    (rollout,) = list_rollouts(account, REGION, CLUSTER, SERVICE)
    assert rollout.status == "ROLLBACK_FAILED"
    assert "rollback" in rollout.status_reason
    service = get_service(account, REGION, CLUSTER, SERVICE)
    assert service is not None
    (deployment,) = service.deployments
    assert deployment.rollout_state == "FAILED"
    assert deployment.updated_at.tzinfo is not None


def test_an_absent_service_has_no_rollouts(account: AwsAccount, vpc: Vpc) -> None:
    assert list_rollouts(account, REGION, CLUSTER, SERVICE) == ()


def test_updating_an_absent_service_is_a_conflict(
    account: AwsAccount, vpc: Vpc, task_definition: str
) -> None:
    shape = shape_of(task_definition, vpc)
    update = ecs_steps.UpdateService(
        condition=READY, region=REGION, cluster=CLUSTER, service=SERVICE, shape=shape
    )

    with pytest.raises(Conflict):
        apply(account, update)


def test_a_service_is_deleted_before_its_cluster(account: AwsAccount, vpc: Vpc, task_definition: str) -> None:
    apply(account, create_service(shape_of(task_definition, vpc)))
    delete_cluster = ecs_steps.DeleteCluster(condition=READY, region=REGION, cluster=CLUSTER)
    delete_service = ecs_steps.DeleteService(condition=READY, region=REGION, cluster=CLUSTER, service=SERVICE)

    with pytest.raises(Waiting) as caught:
        apply(account, delete_cluster)
    assert caught.value.reason == Reason.IN_PROGRESS

    for _ in range(2):
        apply(account, delete_service)

    def gone() -> bool:
        service = get_service(account, REGION, CLUSTER, SERVICE)
        return service is None or service.status == "INACTIVE"

    eventually(gone)
    apply(account, delete_service)
    apply(account, delete_cluster)
    apply(account, delete_service)
