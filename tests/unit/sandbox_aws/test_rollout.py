"""The rules of a rolling update and of a task's way, without HTTP and without waiting."""

from datetime import UTC, datetime, timedelta

import pytest

from hack.sandbox.aws.ecs.lifecycle import Effects, advance, stop
from hack.sandbox.aws.ecs.model import Deployment, HealthStatus, Service, Task, TaskStatus
from hack.sandbox.aws.ecs.network_configuration import AwsvpcConfiguration
from hack.sandbox.aws.ecs.rollout import RolloutStep, is_complete, next_step
from hack.sandbox.aws.ecs.timing import INSTANT, Timing
from hack.sandbox.aws.network import NetworkInterface

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NETWORK = AwsvpcConfiguration(("subnet-1",), (), assign_public_ip=False)


def make_service(desired: int = 2, minimum: int = 100, maximum: int = 200) -> Service:
    deployments = [
        Deployment("new", "definition:2", NETWORK, NOW, NOW),
        Deployment("old", "definition:1", NETWORK, NOW, NOW, status="ACTIVE"),
    ]
    return Service(
        arn="arn",
        name="service",
        cluster_arn="cluster",
        cluster_name="cluster",
        desired_count=desired,
        platform_version="LATEST",
        minimum_healthy_percent=minimum,
        maximum_percent=maximum,
        enable_ecs_managed_tags=False,
        propagate_tags="NONE",
        tags=[],
        created_at=NOW,
        request={},
        passthrough={},
        deployments=deployments,
    )


def make_tasks(deployment: str, count: int, status: TaskStatus = "RUNNING") -> list[Task]:
    return [
        Task(
            arn=f"{deployment}/{number}",
            cluster_arn="cluster",
            cluster_name="cluster",
            service_name="service",
            deployment_id=deployment,
            task_definition_arn="definition",
            task_role_arn="",
            cpu="",
            memory="",
            containers=[],
            tags=[],
            platform_version="1.4.0",
            availability_zone="a",
            interface=NetworkInterface("eni", "mac", "10.0.0.4", "", "subnet-1", "vpc-1", ()),
            attachment_id="attachment",
            has_public_ip=False,
            created_at=NOW + timedelta(seconds=number),
            status_since=NOW,
            status=status,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("percents", "old", "new_running", "new_pending", "start", "stopped"),
    [
        ((100, 200), 2, 0, 0, 2, 0),
        ((100, 200), 2, 0, 2, 0, 0),
        ((100, 200), 2, 1, 1, 0, 1),
        ((100, 200), 2, 2, 0, 0, 2),
        ((100, 150), 2, 0, 0, 1, 0),
        ((100, 150), 2, 1, 0, 0, 1),
        ((50, 100), 2, 0, 0, 0, 1),
        ((0, 100), 2, 0, 0, 0, 2),
        ((100, 100), 2, 0, 0, 0, 0),
    ],
)
def test_a_rollout_keeps_between_its_percentages(
    percents: tuple[int, int], old: int, new_running: int, new_pending: int, start: int, stopped: int
) -> None:
    service = make_service(minimum=percents[0], maximum=percents[1])
    tasks = [
        *make_tasks("old", old),
        *make_tasks("new", new_running),
        *make_tasks("new", new_pending, "PENDING"),
    ]
    step = next_step(service, tasks)
    assert (step.start, len(step.stop)) == (start, stopped)
    assert {task.deployment_id for task in step.stop} <= {"old"}


def test_old_tasks_that_do_not_run_go_at_once() -> None:
    stuck = make_tasks("old", 2, "PENDING")
    step = next_step(make_service(), stuck)
    assert list(step.stop) == stuck


def test_scale_in_takes_pending_tasks_and_then_the_youngest() -> None:
    running, pending = make_tasks("new", 2), make_tasks("new", 1, "PENDING")
    step = next_step(make_service(desired=1), [*pending, *running])
    assert list(step.stop) == [running[1], *pending]


def test_complete_means_exactly_the_primary_tasks() -> None:
    service = make_service()
    assert is_complete(service, make_tasks("new", 2))
    assert not is_complete(service, make_tasks("new", 1))
    assert not is_complete(service, make_tasks("new", 2) + make_tasks("old", 1))
    assert not is_complete(service, make_tasks("new", 2, "PENDING"))


def checked(tasks: list[Task], health: HealthStatus) -> list[Task]:
    for task in tasks:
        task.containers = [{"name": "a", "healthCheck": {"command": ["CMD"]}}]
        task.health = health
    return tasks


def test_old_tasks_stay_until_the_new_ones_are_healthy() -> None:
    old, new = make_tasks("old", 2), make_tasks("new", 2)
    assert next_step(make_service(), old + checked(new, "UNKNOWN")).stop == ()
    assert not is_complete(make_service(), new)
    assert next_step(make_service(), old + checked(new, "HEALTHY")).stop == tuple(old)
    assert is_complete(make_service(), new)


@pytest.mark.parametrize(
    ("others", "start", "stopped"),
    [
        ([], 1, 0),
        (["UNKNOWN"], 0, 0),
        (["HEALTHY"], 0, 1),
        (["UNHEALTHY"], 1, 1),
    ],
)
def test_an_unhealthy_task_goes_when_its_replacement_is_judged(
    others: list[HealthStatus], start: int, stopped: int
) -> None:
    healthy, sick = make_tasks("new", 2)
    replacements = [checked(make_tasks("new", 1), health)[0] for health in others]
    tasks = [*checked([healthy], "HEALTHY"), *checked([sick], "UNHEALTHY"), *replacements]
    step = next_step(make_service(), tasks)
    assert (step.start, len(step.unhealthy), step.stop) == (start, stopped, ())


def test_an_unhealthy_task_makes_room_only_as_far_as_the_minimum_allows() -> None:
    sick = checked(make_tasks("new", 2), "UNHEALTHY")
    assert next_step(make_service(minimum=50, maximum=100), sick).unhealthy == (sick[0],)
    assert next_step(make_service(minimum=100, maximum=100), sick).unhealthy == ()


def test_a_failed_deployment_moves_nothing_but_a_surplus() -> None:
    service = make_service()
    service.primary.rollout_state = "FAILED"
    tasks = make_tasks("old", 2) + checked(make_tasks("new", 1), "UNHEALTHY")
    assert next_step(service, tasks) == RolloutStep(0, ())


def test_scale_in_balances_the_availability_zones() -> None:
    tasks = make_tasks("new", 4)
    for task, zone in zip(tasks, "aaab", strict=True):
        task.availability_zone = zone
    stopped = next_step(make_service(), tasks).stop
    assert set(map(id, stopped)) == {id(tasks[1]), id(tasks[2])}


def effects(error: str = "") -> tuple[Effects, list[Task]]:
    released: list[Task] = []
    return Effects(lambda _: error, released.append), released


def test_a_task_runs_when_both_waits_are_over() -> None:
    timing = Timing(provisioning=timedelta(seconds=1), pending=timedelta(seconds=2))
    [task] = make_tasks("new", 1, "PROVISIONING")
    outside, _ = effects()
    seen = []
    for second in range(4):
        advance(task, NOW + timedelta(seconds=second), timing, outside)
        seen.append(task.status)
    assert seen == ["PROVISIONING", "PENDING", "PENDING", "RUNNING"]
    assert task.started_at == NOW + timedelta(seconds=3)


def test_a_task_that_cannot_start_stops_and_lets_its_interface_go() -> None:
    [task] = make_tasks("new", 1, "PROVISIONING")
    outside, released = effects("CannotPullContainerError: no")
    assert advance(task, NOW, INSTANT, outside)
    assert (task.status, task.desired_status, task.stop_code) == ("STOPPED", "STOPPED", "TaskFailedToStart")
    assert released == [task]


def test_the_first_reason_to_stop_stays() -> None:
    [task] = make_tasks("new", 1)
    stop(task, NOW, "UserInitiated", "first")
    stop(task, NOW, "ServiceSchedulerInitiated", "second")
    outside, released = effects()
    advance(task, NOW, INSTANT, outside)
    assert (task.status, task.stop_code, task.stopped_reason) == ("STOPPED", "UserInitiated", "first")
    assert released == [task]


def test_back_off_doubles_up_to_its_limit() -> None:
    timing = Timing(retry=timedelta(seconds=1), retry_limit=timedelta(seconds=5))
    waits = [timing.retry_after(failures).total_seconds() for failures in range(1, 6)]
    assert waits == [1, 2, 4, 5, 5]
    assert timing.retry_after(1000) == timedelta(seconds=5)
