"""Time is the sandbox's own: an injected clock drives tasks, retries and forgetting."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hack.sandbox.aws.ecs.timing import Timing
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import World

from .support import CLUSTER, REGION, SERVICE, Aws, ManualClock, refusal


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def timed(clock: ManualClock) -> Iterator[AwsSandbox]:
    timing = Timing(
        provisioning=timedelta(seconds=10),
        pending=timedelta(seconds=20),
        retry=timedelta(minutes=1),
        retry_limit=timedelta(minutes=1),
        stopped_kept=timedelta(hours=1),
    )
    with AwsSandbox(timing=timing, clock=clock) as running:
        yield running


def statuses(aws: Aws) -> set[str]:
    return {task["lastStatus"] for task in aws.tasks()}


def test_tasks_pass_their_states_as_the_clock_says(timed: AwsSandbox, clock: ManualClock) -> None:
    aws = Aws(timed.url)
    aws.deploy(World(timed.url).seed_vpc(REGION, "main"))
    timed.tick()
    assert statuses(aws) == {"PROVISIONING"}
    clock.advance(seconds=10)
    assert statuses(aws) == {"PENDING"}
    assert aws.service()["pendingCount"] == 2
    clock.advance(seconds=20)
    assert statuses(aws) == {"RUNNING"}
    assert [task.started_at for task in timed.running_tasks()] == [clock()] * 2


def test_stopped_tasks_are_forgotten_and_launches_wait(timed: AwsSandbox, clock: ManualClock) -> None:
    aws = Aws(timed.url)
    aws.deploy(World(timed.url).seed_vpc(REGION, "isolated", internet=False), desiredCount=1)
    timed.tick()
    clock.advance(seconds=30)
    [first] = aws.tasks("STOPPED")
    clock.advance(seconds=59)
    assert aws.tasks() == []
    clock.advance(seconds=1)
    timed.tick()
    assert len(aws.tasks()) == 1
    clock.advance(hours=1)
    assert first["taskArn"] not in {task["taskArn"] for task in aws.tasks("STOPPED")}


def test_a_draining_service_cannot_be_made_again(timed: AwsSandbox, clock: ManualClock) -> None:
    aws = Aws(timed.url)
    vpc = World(timed.url).seed_vpc(REGION, "main")
    aws.deploy(vpc)
    timed.tick()
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert aws.service()["status"] == "DRAINING"
    code, message = refusal(lambda: aws.create_service(vpc))
    assert code == "InvalidParameterException"
    assert "Draining" in message
    clock.advance(seconds=1)
    assert aws.service()["status"] == "INACTIVE"
    assert aws.create_service(vpc)["status"] == "ACTIVE"
