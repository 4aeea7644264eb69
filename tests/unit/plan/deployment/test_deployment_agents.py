"""Tasks that run and agents that are connected."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.agents import (
    connected_tasks,
    running_tasks,
    starting_tasks,
)
from rds_enrollment.plan.deployment.health import healthy_tasks
from rds_enrollment.plan.deployment.tasks import tasks_part
from rds_enrollment.plan.deployment.tunnel import tunnel_part
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, ServiceEvent, Task
from rds_enrollment.plan.outcome import Transient

from tests.unit.plan.deployment.build import (
    LABELS,
    NOW,
    SERVICE,
    WANTED,
    agent,
    rollout,
    service,
    task,
    task_definition,
    world,
)

PENDING = task("t3", "", last_status="PENDING")
STOPPING = task("t4", "10.0.0.4", desired_status="STOPPED")
CONSOLE = (
    "https://us-west-1.console.aws.amazon.com/ecs/v2/clusters/example_teleport_sh-teleport/services/"
    f"{SERVICE}"
)
MORE = "More: docs/reference/reasons.md"
NO_ROLE = "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::1:role/x')."
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))


def stopped(name: str, minutes_ago: int = 0, **fields: Any) -> Task:
    gone = task(name, "", last_status="STOPPED", desired_status="STOPPED", stop_code="TaskFailedToStart")
    return replace(gone, stopped_at=NOW - timedelta(minutes=minutes_ago), **fields)


def rolling(seconds_ago: int, **fields: Any) -> EcsService:
    """A service whose first rollout began so long ago."""
    began = {"created_at": NOW - timedelta(seconds=seconds_ago), "rollout_state": "IN_PROGRESS"}
    return service(deployments=(rollout(**{**began, "rollout_state_reason": "in progress", **fields}),))


def said(seconds_ago: int, text: str) -> ServiceEvent:
    return ServiceEvent("e1", NOW - timedelta(seconds=seconds_ago), f"(service {SERVICE}) {text}")


def test_running_and_starting_tasks_are_those_that_are_meant_to_run() -> None:
    one = task("t1")
    seen = world(tasks=(one, PENDING, STOPPING, stopped("t5")))
    assert running_tasks(seen) == (one,)
    assert starting_tasks(seen) == (PENDING,)
    assert running_tasks(world(tasks=UNREAD)) == ()
    assert starting_tasks(world(tasks=UNREAD)) == ()


@pytest.mark.parametrize("extra", [(), (task("t3", "10.0.0.3"),), (stopped("t5"),)])
def test_enough_tasks_run(extra: tuple[Task, ...]) -> None:
    part = tasks_part(WANTED, world(tasks=(task("t1"), task("t2", "10.0.0.2"), *extra)), True, 1)
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE


@pytest.mark.parametrize(
    ("tasks", "deployed", "reason", "message"),
    [
        (
            (),
            True,
            Reason.NO_TASKS,
            f"0 of 2 tasks run and none starts. Read the events of the ECS service. {CONSOLE} {MORE}#notasks",
        ),
        (
            (task("t1"),),
            False,
            Reason.NO_TASKS,
            f"1 of 2 tasks run and none starts. Read the events of the ECS service. {CONSOLE} {MORE}#notasks",
        ),
        ((task("t1"), PENDING), True, Reason.TASKS_STARTING, "1 of 2 tasks run; t3 PENDING."),
        ((PENDING,), False, Reason.TASKS_STARTING, "0 of 2 tasks run; t3 PENDING."),
        (
            (task("t1"), stopped("t5", stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling")),
            True,
            Reason.NO_TASKS,
            f"1 of 2 tasks run and none starts. Read the events of the ECS service. {CONSOLE} {MORE}#notasks",
        ),
    ],
)
def test_too_few_tasks_run(tasks: tuple[Task, ...], deployed: bool, reason: Reason, message: str) -> None:
    part = tasks_part(WANTED, world(tasks=tasks), deployed, 1)
    assert (part.verdict.reason, part.verdict.message) == (reason, message)
    assert (part.steps, part.outcome, part.done) == ((), None, False)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (None, Reason.PENDING),
        (rolling(59), Reason.PENDING),
        (rolling(60), Reason.NO_TASKS),
        (replace(rolling(300), events=(said(59, "is doing something."),)), Reason.PENDING),
        (replace(rolling(300), events=(said(60, "is doing something."),)), Reason.NO_TASKS),
        (replace(rolling(300), events=(said(59, NO_ROLE),)), Reason.TASK_ROLE_NOT_ASSUMABLE),
        (replace(rolling(300), status="DRAINING"), Reason.PENDING),
        (replace(rolling(300), desired_count=0), Reason.PENDING),
        (replace(rolling(300), tags={}), Reason.PENDING),
        (replace(rolling(300), deployments=()), Reason.PENDING),
        (rolling(300, rollout_state="FAILED"), Reason.PENDING),
    ],
)
def test_ecs_has_a_minute_to_start_tasks_or_to_say_why_not(made: EcsService | None, reason: Reason) -> None:
    part = tasks_part(WANTED, world(service=made, tasks=()), False, 1)
    waits = reason is Reason.PENDING
    assert part.verdict.reason is reason
    assert part.verdict.status is (ConditionStatus.UNKNOWN if waits else ConditionStatus.FALSE)
    assert waits == (part.verdict.message == "Waits for ServiceDeployed.")
    assert (reason is Reason.NO_TASKS) == part.verdict.message.endswith(f" {CONSOLE} {MORE}#notasks")


UNHEALTHY = task("t2", "10.0.0.2", health="UNHEALTHY")
HEALTHY = task("t1", "10.0.0.1", health="HEALTHY")
NO_VERDICT = task("t3", "10.0.0.3")
REPLACED = stopped(
    "t5", stop_code="ServiceSchedulerInitiated", stopped_reason="Task failed container health checks"
)


@pytest.mark.parametrize(
    ("tasks", "names"),
    [
        ((HEALTHY, UNHEALTHY), ["t1"]),
        ((HEALTHY, UNHEALTHY, NO_VERDICT), ["t1"]),
        ((HEALTHY, REPLACED, NO_VERDICT), ["t1"]),
        # One without a verdict counts while nobody is unhealthy, or by its agent: older ones have no health check.
        ((HEALTHY, NO_VERDICT), ["t1", "t3"]),
        ((task("t1"), UNHEALTHY), ["t1"]),
        # Unhealthy all the same: a heartbeat outlives its agent.
        ((replace(HEALTHY, health="UNHEALTHY"), NO_VERDICT), []),
    ],
)
def test_what_runs_is_not_always_healthy(tasks: tuple[Task, ...], names: list[str]) -> None:
    found = healthy_tasks(WANTED, world(tasks=tasks))
    assert [item.arn.rpartition("/")[2] for item in found] == names


def test_an_agent_that_is_checked_and_connected_still_waits_for_its_verdict() -> None:
    """Its heartbeat came as soon as that of its predecessor, which failed its checks all the same."""
    body = task_definition().body
    checked = [
        {**item, "healthCheck": {"command": ["CMD", "teleport"]}} for item in body["containerDefinitions"]
    ]
    revision = replace(task_definition(), body={**body, "containerDefinitions": checked})
    connected = task("t1", "10.0.0.1")
    assert healthy_tasks(WANTED, world(tasks=(connected, REPLACED))) == (connected,)
    seen = world(tasks=(connected, REPLACED), serving=revision, newest=revision)
    assert healthy_tasks(WANTED, seen) == ()
    judged = replace(connected, health="HEALTHY")
    assert healthy_tasks(WANTED, replace(seen, tasks=(judged, REPLACED))) == (judged,)


def test_an_agent_that_does_not_become_healthy_is_named() -> None:
    part = tasks_part(WANTED, world(tasks=(HEALTHY, UNHEALTHY, REPLACED)), True, 1)
    assert part.verdict.reason is Reason.AGENT_UNHEALTHY
    assert part.verdict.message.startswith(
        "2 of 2 tasks run, 1 of them healthy. Task t2 fails its container health check. The agent did not become ready"
    )
    assert part.verdict.message.endswith(f"/tasks/t2 {MORE}#agentunhealthy")


def test_a_task_that_was_stopped_as_unhealthy_is_named_until_its_successor_is_healthy() -> None:
    told = tasks_part(WANTED, world(tasks=(HEALTHY, REPLACED, NO_VERDICT)), True, 1)
    assert told.verdict.reason is Reason.AGENT_UNHEALTHY
    assert "Task t5 stopped: Task failed container health checks." in told.verdict.message
    mended = tasks_part(
        WANTED, world(tasks=(HEALTHY, REPLACED, replace(NO_VERDICT, health="HEALTHY"))), True, 1
    )
    assert mended.done


@pytest.mark.parametrize(
    "hostname",
    ["ip-10-0-0-1", "ip-10-0-0-1.ec2.internal", "ip-10-0-0-1.us-west-1.compute.internal"],
)
def test_an_agent_is_known_by_its_tasks_host_name(hostname: str) -> None:
    one, two = task("t1", "10.0.0.1"), task("t2", "10.0.0.2")
    seen = world(tasks=(one, two), agents=(agent(hostname),))
    assert connected_tasks(WANTED, seen) == (one,)


@pytest.mark.parametrize(
    "stranger",
    [
        agent("ip-10-0-0-3"),
        agent(""),
        agent("ip-10-0-0-1", **{"*": ("*",)}),
        agent("ip-10-0-0-1", **{key: (value,) for key, value in LABELS.items() if key != "vpc-id"}),
        agent(
            "ip-10-0-0-1",
            **{key: (value,) for key, value in {**LABELS, "vpc-id": "vpc-0fedcba9876543210"}.items()},
        ),
        replace(agent("ip-10-0-0-1"), matchers=()),
    ],
)
def test_anothers_agent_does_not_count(stranger: Any) -> None:
    seen = world(tasks=(task("t1", "10.0.0.1"), task("t2", "")), agents=(stranger,))
    assert connected_tasks(WANTED, seen) == ()


def test_an_agent_of_a_task_that_stops_does_not_count() -> None:
    assert connected_tasks(WANTED, world(tasks=(STOPPING,), agents=(agent("ip-10-0-0-4"),))) == ()


def test_enough_agents_are_connected() -> None:
    part = tunnel_part(WANTED, world(), 1)
    assert part.done
    assert part.verdict.message == "2 of 2 agents are connected to Teleport."


def test_agents_follow_their_tasks() -> None:
    part = tunnel_part(WANTED, world(tasks=()), 1)
    assert (part.verdict.reason, part.verdict.message) == (Reason.PENDING, "Waits for TasksRunning.")


@pytest.mark.parametrize(
    ("tasks", "count", "silent"),
    [
        ((task("t1"), task("t3", "10.0.0.3")), "1 of 2", "t3"),
        ((task("t4", "10.0.0.4"), task("t3", "10.0.0.3")), "0 of 2", "t3, t4"),
        ((task("t1"),), "1 of 2", "none"),
    ],
)
def test_agents_that_are_missing_are_named(tasks: tuple[Task, ...], count: str, silent: str) -> None:
    part = tunnel_part(WANTED, world(tasks=tasks), 1)
    assert part.verdict.reason is Reason.AGENTS_NOT_CONNECTED
    assert part.verdict.message.startswith(
        f"{count} agents are connected to example.teleport.sh:443; running without a heartbeat: {silent}."
    )
    assert not part.done


def test_unseen() -> None:
    tasks = tasks_part(WANTED, world(tasks=UNREAD), True, 1)
    tunnel = tunnel_part(WANTED, world(agents=UNREAD), 1)
    for part in (tasks, tunnel):
        assert part.outcome is UNREAD.outcome
        assert not part.done
    assert connected_tasks(WANTED, world(agents=UNREAD)) == ()
