"""ECS services, their tasks and rollouts over HTTP."""

from dataclasses import dataclass

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.ecs import get_service, list_rollouts, list_tasks
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.outcome import Conflict, Waiting
from rds_enrollment.plan.steps import ecs as ecs_steps

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World
from hack.sandbox.gate import A, System
from tests.unit.aws.conftest import REGION
from tests.unit.aws.ecs.ecs_world import (
    CLUSTER,
    READY,
    SERVICE,
    TAGS,
    create_service,
    eventually,
    shape_of,
    tasks,
)


def test_a_service_reads_back_as_created_and_runs_tasks(
    account: AwsAccount, vpc: Vpc, task_definition: str
) -> None:
    shape = shape_of(task_definition, vpc)
    apply(account, create_service(shape))

    eventually(lambda: [task.last_status for task in tasks(account)] == ["RUNNING"] * 2)
    service = get_service(account, REGION, CLUSTER, SERVICE)

    assert service is not None
    assert (service.name, service.status, service.launch_type) == (SERVICE, "ACTIVE", "FARGATE")
    assert (service.desired_count, service.running_count) == (2, 2)
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
    assert task.health == "UNKNOWN"  # without a container health check


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


@dataclass
class _StopsAfterTheFirstListing:
    """Answers truly. Once tasks were listed it stops one."""

    world: World
    task_arn: str
    has_stopped: bool = False

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        if question.startswith("ecs:ListTasks ") and not self.has_stopped:
            self.has_stopped = True
            self.world.client("ecs", REGION).stop_task(cluster=CLUSTER, task=self.task_arn)
        return fresh


def test_a_task_that_stops_between_the_listings_is_not_lost(
    account: AwsAccount, vpc: Vpc, task_definition: str, sandbox: AwsSandbox, world: World
) -> None:
    apply(account, create_service(shape_of(task_definition, vpc, desired_count=1)))
    eventually(lambda: [task.last_status for task in tasks(account)] == ["RUNNING"])
    (task,) = tasks(account)

    sandbox.reads = stops = _StopsAfterTheFirstListing(world, task.arn)
    try:
        listed = list_tasks(account, REGION, CLUSTER, SERVICE)
    finally:
        sandbox.reads = None

    assert stops.has_stopped
    assert listed.count(task.arn) == 1


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
