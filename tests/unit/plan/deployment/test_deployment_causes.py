"""Why tasks do not run and agents do not connect: the cause that a condition tells, and what stays in the status."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rds_enrollment.api.conditions import MESSAGE_BYTES
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeploymentStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.tails import streams_to_read
from rds_enrollment.plan.deployment.tasks import tasks_part
from rds_enrollment.plan.deployment.tunnel import tunnel_part
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, ServiceEvent, Task
from rds_enrollment.plan.outcome import Blocked

from tests.unit.plan.deployment.build import CLUSTER, FAMILY, NOW, SERVICE, WANTED, task, world

PULL = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
    'public.ecr.aws/gravitational/teleport-distroless:18.0.0: failed to do request: Head "https://public.ecr.aws/v2/'
    'gravitational/teleport-distroless/manifests/18.0.0": dial tcp 99.83.145.10:443: i/o timeout'
)
UNHEALTHY = "Task failed container health checks"
NO_ROLE = "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::1:role/x')."


def stopped(name: str, minutes_ago: float, **fields: Any) -> Task:
    gone = task(name, "", last_status="STOPPED", desired_status="STOPPED", stop_code="TaskFailedToStart")
    return replace(gone, stopped_at=NOW - timedelta(minutes=minutes_ago), **fields)


def exited(name: str, minutes_ago: float, **fields: Any) -> Task:
    said = {"stop_code": "EssentialContainerExited", "stopped_reason": "Essential container in task exited"}
    return stopped(name, minutes_ago, **{**said, "exit_code": 1, **fields})


def stopping(name: str, **fields: Any) -> Task:
    """Asked to stop, or with a container that has ended; STOPPED half a minute later."""
    return replace(stopped(name, 0, **fields), last_status="DEACTIVATING", stopped_at=None, stopping_at=NOW)


def event(minutes_ago: float, text: str) -> ServiceEvent:
    return ServiceEvent(
        f"e{minutes_ago}", NOW - timedelta(minutes=minutes_ago), f"(service {SERVICE}) {text}"
    )


def seen(*tasks: Task, events: tuple[ServiceEvent, ...] = (), **more: Any) -> DeploymentWorld:
    found = world(tasks=tasks, **more)
    assert isinstance(found.service, EcsService)
    return replace(found, service=replace(found.service, events=events))


def told(found: DeploymentWorld) -> tuple[Reason, str]:
    part = tasks_part(WANTED, found, True, 1)
    assert not part.done
    assert (part.steps, part.outcome) == ((), None)
    return part.verdict.reason, part.verdict.message


def test_a_stopped_task_is_quoted_explained_and_linked() -> None:
    reason, message = told(
        seen(stopped("t5", 9, stopped_reason="older"), stopped("t6", 1, stopped_reason=PULL))
    )
    assert reason is Reason.IMAGE_REGISTRY_UNREACHABLE
    assert message.startswith("0 of 2 tasks run. Task t6 stopped: CannotPullContainerError: ")
    assert "(before it: 1 TasksStopped)" in message
    assert "a route to a NAT gateway" in message
    console = f"https://us-west-1.console.aws.amazon.com/ecs/v2/clusters/{CLUSTER}/tasks/t6"
    assert message.endswith(f"{console} More: docs/reference/reasons.md#imageregistryunreachable")


def test_a_long_text_of_ecs_gives_way_to_the_advice() -> None:
    _, message = told(seen(stopped("t6", 1, stopped_reason=f"{PULL} {'x' * 5000}")))
    assert len(message.encode()) <= MESSAGE_BYTES
    assert message.endswith("#imageregistryunreachable")


@pytest.mark.parametrize(
    ("tasks", "events", "reason"),
    [
        ((), (event(1, NO_ROLE),), Reason.TASK_ROLE_NOT_ASSUMABLE),
        (
            (),
            (event(1, "is unable to consistently start tasks."), event(2, NO_ROLE)),
            Reason.TASK_ROLE_NOT_ASSUMABLE,
        ),
        ((), (event(1, "has started 1 tasks: (task t1)."), event(2, NO_ROLE)), Reason.NO_TASKS),
        ((stopped("t5", 5, stopped_reason=PULL),), (event(1, NO_ROLE),), Reason.TASK_ROLE_NOT_ASSUMABLE),
        ((stopped("t5", 1, stopped_reason=PULL),), (event(5, NO_ROLE),), Reason.IMAGE_REGISTRY_UNREACHABLE),
        # What failed before the service was well the last time says nothing of now.
        (
            (stopped("t5", 5, stopped_reason=PULL),),
            (event(2, "has reached a steady state."),),
            Reason.NO_TASKS,
        ),
        ((stopped("t5", 5, exit_code=3),), (), Reason.AGENT_EXITED),
        ((stopped("t5", 5),), (), Reason.TASKS_STOPPED),
        (
            (stopped("t5", 5, stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling"),),
            (),
            Reason.NO_TASKS,
        ),
        # ECS says why before the task has stopped.
        ((stopping("t5", stop_code="EssentialContainerExited"),), (), Reason.AGENT_EXITED),
        (
            (stopping("t5", stop_code="ServiceSchedulerInitiated", stopped_reason=UNHEALTHY),),
            (),
            Reason.AGENT_UNHEALTHY,
        ),
        (
            (stopping("t5", stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling"),),
            (),
            Reason.NO_TASKS,
        ),
        ((stopping("t5", stop_code=""),), (), Reason.NO_TASKS),
        (
            (stopping("t6", stopped_reason=PULL), stopped("t5", 1)),
            (),
            Reason.IMAGE_REGISTRY_UNREACHABLE,
        ),
        (
            (
                exited("t5", 5, exit_code=137, container_reason="OutOfMemoryError: Container killed"),
                stopped("t4", 9, stopped_reason=PULL),
            ),
            (),
            Reason.OUT_OF_MEMORY,
        ),
    ],
)
def test_the_last_cause_is_told(
    tasks: tuple[Task, ...], events: tuple[ServiceEvent, ...], reason: Reason
) -> None:
    assert told(seen(*tasks, events=events))[0] is reason


def test_the_reason_of_a_rollout_is_told_where_no_event_is() -> None:
    found = seen()
    assert isinstance(found.service, EcsService)
    primary = replace(
        found.service.deployments[0], rollout_state_reason=f"ECS deployment x failed: {NO_ROLE}"
    )
    reason, message = told(replace(found, service=replace(found.service, deployments=(primary,))))
    assert reason is Reason.TASK_ROLE_NOT_ASSUMABLE
    assert "trust ecs-tasks.amazonaws.com" in message


def test_the_log_of_an_agent_that_ended_is_read_and_told() -> None:
    found = seen(exited("t6", 1))
    (stream,) = streams_to_read(WANTED, found)
    assert (stream.task_arn, stream.group) == (task("t6").arn, f"ecs-{CLUSTER}")
    assert stream.name == f"{SERVICE}/{FAMILY}/teleport-service/t6"
    tail = ("INFO starting", "ERRO error:[Teleport instance is too new. This instance is running v19.]")
    reason, message = told(replace(found, log_tails={task("t6").arn: tail}))
    assert reason is Reason.AGENT_EXITED
    assert "exit code 1" in message
    assert "Its log: ERRO error:[Teleport instance is too new." in message
    assert "Teleport takes no agents newer than itself" in message


def test_why_a_log_could_not_be_read_is_told() -> None:
    denied = Unseen(Blocked(Reason.ACCESS_DENIED, "logs:GetLogEvents is denied."))
    _, message = told(seen(exited("t6", 1), log_tails={task("t6").arn: denied}))
    assert "Its log: logs:GetLogEvents is denied." in message


def silent_world(**more: Any) -> DeploymentWorld:
    return seen(task("t1"), task("t9", "10.0.0.9"), **more)


def test_no_log_is_read_while_all_is_well_or_nothing_ran() -> None:
    assert streams_to_read(WANTED, world()) == ()
    assert streams_to_read(WANTED, seen(stopped("t5", 1, stopped_reason=PULL))) == ()
    assert streams_to_read(WANTED, seen(task("t1"), task("t2"), exited("t5", 1))) == ()
    assert [stream.task_arn for stream in streams_to_read(WANTED, silent_world())] == [task("t9").arn]


def test_a_join_that_is_denied_names_the_rule_and_the_role() -> None:
    tail = ("ERRO Failed to establish connection to cluster. error:[instance did not match any allow rules]",)
    part = tunnel_part(WANTED, silent_world(log_tails={task("t9").arn: tail}), 1)
    assert part.verdict.reason is Reason.JOIN_DENIED
    message = part.verdict.message
    assert message.startswith(
        "1 of 2 agents are connected to example.teleport.sh:443; running without a heartbeat: t9."
    )
    assert (
        f"{WANTED.join_token} admits account 123456789012, arn:aws:sts::123456789012:assumed-role/" in message
    )
    assert f"The tasks run as {WANTED.task_role.name}; " in message
    assert message.endswith("More: docs/reference/reasons.md#joindenied")
    assert len(message.encode()) <= MESSAGE_BYTES


def test_a_log_without_a_known_cause_is_quoted() -> None:
    part = tunnel_part(WANTED, silent_world(log_tails={task("t9").arn: ("INFO one", "INFO two")}), 1)
    assert part.verdict.reason is Reason.AGENTS_NOT_CONNECTED
    assert "ends with: INFO one | INFO two If this lasts" in part.verdict.message
    assert part.verdict.message.endswith(
        "(status.logsUrl). More: docs/reference/reasons.md#agentsnotconnected"
    )


def test_the_last_three_failures_outlive_ecs_memory() -> None:
    before = observed_status(
        DatabaseServiceDeploymentStatus(), WANTED, seen(*(exited(f"t{n}", n) for n in range(4)))
    )
    assert [item.id for item in before.tasks] == ["t0", "t1", "t2"]
    first = before.tasks[0]
    assert (first.reason, first.exit_code) == ("AgentExited", 1)
    assert first.message == "Essential container in task exited exit code 1"
    assert first.hint == "The agent gave up by itself: its log says why."
    assert first.logs_url is not None
    assert first.logs_url.endswith(f"/log-events/{SERVICE}$252F{FAMILY}$252Fteleport-service$252Ft0")
    forgotten = observed_status(before, WANTED, seen(task("t9")))
    assert forgotten.tasks == before.tasks
    later = observed_status(before, WANTED, seen(stopped("t8", -1, stopped_reason=PULL)))
    assert [item.id for item in later.tasks] == ["t8", "t0", "t1"]
    unread = observed_status(before, WANTED, replace(seen(), tasks=Unseen()))
    assert unread.tasks == before.tasks


def test_a_task_that_is_stopping_is_kept_once_it_has_stopped() -> None:
    """What it is kept with is final: its exit code, and when it stopped."""
    found = seen(stopping("t6", stopped_reason=PULL), exited("t5", 1))
    kept = observed_status(DatabaseServiceDeploymentStatus(), WANTED, found)
    assert [item.id for item in kept.tasks] == ["t5"]
