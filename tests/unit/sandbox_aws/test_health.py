"""Container health checks: verdicts from outside, replacement, what counts in a rollout."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hack.sandbox.aws.ecs import health
from hack.sandbox.aws.ecs.faults import TaskFault
from hack.sandbox.aws.ecs.model import Task
from hack.sandbox.aws.sampler import Sampler
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.tasks import RunningTask
from hack.sandbox.aws.world import Vpc, World
from hack.sandbox.stack import check_health_by_connection
from hack.sandbox.teleport.server import TeleportSandbox

from .support import CLUSTER, INSTANT_HEALTH, REGION, SERVICE, Aws, ManualClock, Shown, eventually, refusal
from .test_breaker import breaker, ended, failed_deployment, messages
from .test_rollout import make_tasks

CHECK: Shown = {"command": ["CMD-SHELL", "true"], "interval": 10, "retries": 2, "startPeriod": 60}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Verdicts:
    """Decides by the first word of a task's command; asked from the sandbox's threads."""

    def __init__(self) -> None:
        self.sick: set[str] = set()

    def __call__(self, task: RunningTask) -> bool:
        return task.command[0] not in self.sick


@pytest.fixture
def verdicts(sandbox: AwsSandbox) -> Verdicts:
    made = Verdicts()
    sandbox.task_health = made
    return made


def checked_task(**changes: int) -> Task:
    [task] = make_tasks("new", 1)
    task.containers = [{"name": "a", "healthCheck": {**CHECK, **changes}}]
    task.started_at = NOW
    return task


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def deploy_checked(aws: Aws, vpc: Vpc, *, command: str = "good", **changes: object) -> Shown:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register(command=[command], healthCheck={**CHECK, "startPeriod": 0})
    return aws.create_service(vpc, **changes)


def healths(aws: Aws) -> list[str]:
    return sorted(task["healthStatus"] for task in aws.tasks())


def test_the_first_check_comes_after_an_interval() -> None:
    task = checked_task()
    assert [health.is_due(task, at(second), 1.0) for second in (9, 10)] == [False, True]
    assert health.is_due(task, at(1), 0.1)
    health.record(task, True, at(10), 1.0)
    assert [health.is_due(task, at(second), 1.0) for second in (19, 20)] == [False, True]


def test_so_many_failures_in_a_row_make_a_task_unhealthy() -> None:
    task = checked_task(startPeriod=0)
    seen = []
    for second, passed in enumerate([True, False, True, False, False, True], start=1):
        health.record(task, passed, at(10 * second), 1.0)
        seen.append(task.health)
    assert seen == ["HEALTHY", "HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY", "HEALTHY"]


def test_failures_in_the_start_period_do_not_count_before_the_first_success() -> None:
    patient, started = checked_task(), checked_task()
    for second in (10, 20, 30, 40, 50):
        health.record(patient, False, at(second), 1.0)
        health.record(started, second == 10, at(second), 1.0)
    assert (patient.health, started.health) == ("UNKNOWN", "UNHEALTHY")
    health.record(patient, False, at(60), 1.0)
    health.record(patient, False, at(70), 1.0)
    assert patient.health == "UNHEALTHY"


def test_a_task_without_a_check_stays_unknown_and_counts(aws: Aws, vpc: Vpc, verdicts: Verdicts) -> None:
    verdicts.sick.add("teleport")
    aws.deploy(vpc)
    aws.steady()
    assert healths(aws) == ["UNKNOWN", "UNKNOWN"]


def test_tasks_become_healthy_and_the_deployment_waits_for_it(aws: Aws, vpc: Vpc, verdicts: Verdicts) -> None:
    deploy_checked(aws, vpc)
    aws.steady()
    assert healths(aws) == ["HEALTHY", "HEALTHY"]
    [task, _] = aws.tasks()
    assert task["containers"][0]["healthStatus"] == "HEALTHY"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def timed(clock: ManualClock) -> Iterator[AwsSandbox]:
    with AwsSandbox(timing=INSTANT_HEALTH, clock=clock) as running:
        yield running


def test_running_is_not_complete_until_the_check_passes(timed: AwsSandbox, clock: ManualClock) -> None:
    aws = Aws(timed.url)
    deploy_checked(aws, World(timed.url).seed_vpc(REGION, "main"))
    timed.tick()
    service = aws.service()
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (2, "IN_PROGRESS")
    assert healths(aws) == ["UNKNOWN", "UNKNOWN"]
    clock.advance(seconds=10)
    timed.tick()
    assert healths(aws) == ["HEALTHY", "HEALTHY"]
    assert aws.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_an_unhealthy_task_is_replaced_before_it_is_stopped(timed: AwsSandbox, clock: ManualClock) -> None:
    aws = Aws(timed.url)
    deploy_checked(aws, World(timed.url).seed_vpc(REGION, "main"))
    timed.tick()
    clock.advance(seconds=10)
    timed.tick()
    victim = aws.tasks()[0]["taskArn"]
    timed.task_health = lambda task: task.task_arn != victim
    for _ in range(2):
        clock.advance(seconds=10)
        timed.tick()
    assert healths(aws) == ["HEALTHY", "UNHEALTHY", "UNKNOWN"]
    assert any("Amazon ECS replaced 1 tasks due to an unhealthy status." in text for text in messages(aws))
    clock.advance(seconds=10)
    timed.tick()
    assert healths(aws) == ["HEALTHY", "HEALTHY"]
    [stopped] = aws.ecs.describe_tasks(cluster=CLUSTER, tasks=[victim])["tasks"]
    assert stopped["stoppedReason"] == "Task failed container health checks"
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert f"(task {victim.rsplit('/', 1)[-1]}) failed container health checks." in messages(aws)


def test_a_fault_keeps_tasks_unhealthy_until_it_is_taken_away(clock: ManualClock) -> None:
    timing = replace(INSTANT_HEALTH, retry=timedelta(hours=1))
    with AwsSandbox(timing=timing, clock=clock) as sandbox:
        aws = Aws(sandbox.url)
        sandbox.task_faults[SERVICE] = TaskFault(unhealthy=True)
        deploy_checked(aws, World(sandbox.url).seed_vpc(REGION, "main"), desiredCount=1)
        for _ in range(6):
            sandbox.tick()
            clock.advance(seconds=10)
        assert healths(aws) == ["UNHEALTHY"]
        [stopped] = aws.tasks("STOPPED")
        assert stopped["stoppedReason"] == "Task failed container health checks"

        del sandbox.task_faults[SERVICE]
        clock.advance(seconds=10)
        sandbox.tick()
        sandbox.tick()
        assert healths(aws) == ["HEALTHY"]
        assert aws.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_agents_that_never_connect_leave_the_old_ones_serving(
    aws: Aws, vpc: Vpc, sandbox: AwsSandbox, verdicts: Verdicts
) -> None:
    verdicts.sick.add("bad")
    good = deploy_checked(aws, vpc, deploymentConfiguration=breaker())["taskDefinition"]
    aws.steady()
    old = {task["taskArn"] for task in aws.tasks()}
    bad = aws.register(command=["bad"], healthCheck={**CHECK, "startPeriod": 0})

    def healthy() -> int:
        return sum(verdicts(task) for task in sandbox.running_tasks())

    with Sampler(sandbox, SERVICE, connected=healthy) as sampler:
        aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=bad)
        failed = eventually(lambda: failed_deployment(aws))
        ending = eventually(ended(aws))
        aws.steady()
    assert failed["taskDefinition"] == bad
    assert failed["failedTasks"] >= 3
    assert ending["status"] == "ROLLBACK_SUCCESSFUL"
    assert aws.service()["taskDefinition"] == good
    assert old == {task["taskArn"] for task in aws.tasks()}
    assert sampler.connected.minimum == 2
    assert (sampler.running.minimum, sampler.running.maximum) == (2, 4)


def test_a_good_rollout_never_falls_below_its_healthy_tasks(
    aws: Aws, vpc: Vpc, sandbox: AwsSandbox, verdicts: Verdicts
) -> None:
    deploy_checked(aws, vpc)
    aws.steady()
    new = aws.register(command=["better"], healthCheck={**CHECK, "startPeriod": 0})
    with Sampler(sandbox, SERVICE) as sampler:
        aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=new)
        eventually(lambda: aws.service()["deployments"][0]["rolloutState"] == "COMPLETED")
        aws.steady()
    assert (sampler.running.minimum, sampler.running.maximum) == (2, 4)
    assert {task["taskDefinitionArn"] for task in aws.tasks()} == {new}


def test_the_source_may_wait_for_one_who_asks_the_sandbox(aws: Aws, vpc: Vpc, sandbox: AwsSandbox) -> None:
    """As Teleport's agents do: they hold a lock of their own while they ask which tasks run."""
    lock = threading.Lock()
    done = threading.Event()

    def fleet() -> None:
        while not done.is_set():
            with lock:
                sandbox.running_tasks()

    def answer(task: RunningTask) -> bool:
        with lock:
            return True

    sandbox.task_health = answer
    thread = threading.Thread(target=fleet)
    thread.start()
    try:
        deploy_checked(aws, vpc)
        aws.steady()
    finally:
        done.set()
        thread.join()


def test_a_task_whose_agent_never_joins_fails_its_checks(aws: Aws, vpc: Vpc, sandbox: AwsSandbox) -> None:
    with TeleportSandbox(tasks=sandbox) as teleport:
        check_health_by_connection(sandbox, teleport)
        deploy_checked(aws, vpc, deploymentConfiguration=breaker())
        eventually(lambda: failed_deployment(aws))
        assert teleport.agents.joined == {}
        assert teleport.agents.join_failures
    stopped = {task["stoppedReason"] for task in aws.tasks("STOPPED")}
    assert stopped == {"Task failed container health checks"}


@pytest.mark.parametrize(
    "check",
    [
        {"command": []},
        {"command": ["sh"]},
        {"interval": 4},
        {"retries": 11},
        {"timeout": 1},
        {"startPeriod": 301},
    ],
)
def test_a_wrong_health_check_is_refused(aws: Aws, check: Shown) -> None:
    assert refusal(lambda: aws.register(healthCheck={**CHECK, **check}))[0] == "ClientException"


def test_a_health_check_gets_its_defaults(aws: Aws) -> None:
    arn = aws.register(healthCheck={"command": ["CMD", "teleport", "status"]})
    shown = aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert shown["containerDefinitions"][0]["healthCheck"] == {
        "command": ["CMD", "teleport", "status"],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
    }
