"""Rollouts that fail: what is tried again, when, and what is left as it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.rollout import FIRST_PAUSE, LONGEST_PAUSE, needs_history
from rds_enrollment.plan.deployment.service import service_part
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Network, ServiceDeployment
from rds_enrollment.plan.outcome import Blocked, Transient, Waiting
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.steps.ecs import UpdateService

from tests.unit.plan.deployment.build import (
    FOREIGN_TAGS,
    GROUP,
    NOW,
    SUBNETS,
    WANTED,
    arn,
    rollout,
    service,
    task,
    task_definition,
    world,
)

NETWORK = Network(frozenset(SUBNETS), frozenset({GROUP}), assign_public_ip=True)
OTHER_NETWORK = replace(NETWORK, subnets=frozenset(SUBNETS[:1]))
RETRY = replace(WANTED, retry=True)
WHY = "CannotPullContainerError: not found"


def past(
    status: str, revision: int = 2, network: Network | None = NETWORK, **fields: Any
) -> ServiceDeployment:
    """A rollout that began ten minutes ago and ended a minute later."""
    ended = ServiceDeployment(
        arn=f"arn:aws:ecs:us-west-1:123456789012:service-deployment/{revision}",
        status=status,
        status_reason="The circuit breaker threshold was exceeded.",
        created_at=NOW - timedelta(minutes=10),
        finished_at=NOW - timedelta(minutes=9),
        task_definition_arn=arn(revision),
        network=network,
    )
    return replace(ended, **fields)


def stopped(name: str, minutes_ago: int, **fields: Any) -> Any:
    return task(
        name,
        "",
        **{
            "task_definition_arn": arn(2),
            "last_status": "STOPPED",
            "desired_status": "STOPPED",
            "stop_code": "TaskFailedToStart",
            "stopped_reason": WHY,
            "stopped_at": NOW - timedelta(minutes=minutes_ago),
            **fields,
        },
    )


def refused_world(*rollouts: ServiceDeployment, **fields: Any) -> DeploymentWorld:
    """Revision 2 is wanted, revision 1 is in service."""
    seen = {
        "serving": task_definition(1, version="17.0.0"),
        "newest": task_definition(2),
        "revisions": (arn(1), arn(2)),
        "rollouts": rollouts,
        **fields,
    }
    return world(**seen)


def failed_world(*rollouts: ServiceDeployment, failed_at: datetime = NOW, **fields: Any) -> DeploymentWorld:
    """Revision 1 is wanted and in service, and its rollout failed."""
    primary = rollout(rollout_state="FAILED", rollout_state_reason="failed", running=0, updated_at=failed_at)
    return world(service=service(deployments=(primary,)), rollouts=rollouts, **fields)


def planned(seen: DeploymentWorld, wanted: WantedDeployment = WANTED) -> Part:
    return service_part(wanted, seen, role_ready=True, network_ready=True, attempts=1)


def update_of(part: Part) -> UpdateService:
    (step,) = part.steps
    assert isinstance(step, UpdateService)
    return step


def test_what_was_rolled_back_is_not_tried_again() -> None:
    part = planned(refused_world(past("ROLLBACK_SUCCESSFUL"), tasks=(stopped("t3", 9),)))
    assert (part.steps, part.verdict.status) == ((), ConditionStatus.FALSE)
    assert part.verdict.reason is Reason.ROLLED_BACK
    assert isinstance(part.outcome, Blocked)
    assert f":2 did not come up. {WHY}. The same is not tried again" in part.verdict.message


def test_without_tasks_ecs_itself_is_quoted() -> None:
    part = planned(refused_world(past("ROLLBACK_SUCCESSFUL")))
    assert "The circuit breaker threshold was exceeded." in part.verdict.message


def test_a_network_that_was_rolled_back_is_not_tried_again() -> None:
    seen = world(service=service(network=OTHER_NETWORK), rollouts=(past("ROLLBACK_SUCCESSFUL", 1),))
    assert planned(seen).verdict.reason is Reason.ROLLED_BACK


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "ROLLBACK_REQUESTED"])
@pytest.mark.parametrize("wanted", [WANTED, RETRY])
def test_a_rollback_is_left_to_its_end(status: str, wanted: WantedDeployment) -> None:
    part = planned(refused_world(past(status)), wanted)
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.ROLLED_BACK)


@pytest.mark.parametrize(
    "rollouts",
    [
        (),
        (past("SUCCESSFUL", 1),),
        # Another input was rolled back: another revision, another network, or one that ECS has forgotten.
        (past("ROLLBACK_SUCCESSFUL", 1),),
        (past("ROLLBACK_SUCCESSFUL", network=OTHER_NETWORK),),
        (past("ROLLBACK_IN_PROGRESS", 1),),
        (past("ROLLBACK_SUCCESSFUL", 0, None, task_definition_arn=""),),
        # This one was, but not lately.
        (past("SUCCESSFUL", 1), past("ROLLBACK_SUCCESSFUL")),
        # It went well, and somebody set the service back.
        (past("SUCCESSFUL"),),
    ],
)
def test_another_input_is_rolled_out_at_once(rollouts: Sequence[ServiceDeployment]) -> None:
    step = update_of(planned(refused_world(*rollouts)))
    assert (step.shape.task_definition_arn, step.force) == (arn(2), False)


def test_a_new_spec_or_request_tries_it_once_more() -> None:
    step = update_of(planned(refused_world(past("ROLLBACK_SUCCESSFUL")), RETRY))
    assert step.shape.task_definition_arn == arn(2)


@pytest.mark.parametrize("status", ["ROLLBACK_SUCCESSFUL", "ROLLBACK_IN_PROGRESS"])
def test_a_service_that_went_back_can_be_scaled(status: str) -> None:
    seen = refused_world(past(status))
    step = update_of(planned(seen, replace(WANTED, replicas=3)))
    assert (step.shape.desired_count, step.shape.task_definition_arn) == (3, arn(1))


def test_history_that_was_not_seen_stops_the_update() -> None:
    outcome = Transient(Reason.AWS_UNAVAILABLE, "503")
    for seen in (refused_world(), failed_world()):
        part = planned(replace(seen, rollouts=Unseen(outcome)))
        assert (part.steps, part.outcome) == ((), outcome)


def test_a_first_rollout_that_failed_waits_before_it_is_tried_again() -> None:
    failed_at = NOW - timedelta(minutes=2)
    reason = stopped("t1", 3, task_definition_arn=arn(1))
    part = planned(failed_world(past("ROLLBACK_FAILED", 1), failed_at=failed_at, tasks=(reason,)))
    assert (part.steps, part.verdict.reason) == ((), Reason.ROLLOUT_FAILED)
    assert part.verdict.status is ConditionStatus.FALSE
    assert WHY in part.verdict.message
    assert isinstance(part.outcome, Waiting)
    assert part.outcome.after == (FIRST_PAUSE - timedelta(minutes=2)).total_seconds()


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(0, FIRST_PAUSE), (1, FIRST_PAUSE), (2, 2 * FIRST_PAUSE), (3, 4 * FIRST_PAUSE), (9, LONGEST_PAUSE)],
)
def test_pauses_grow_with_the_failures_in_a_row(failures: int, pause: timedelta) -> None:
    rollouts = [past("ROLLBACK_FAILED", 1)] * failures + [past("SUCCESSFUL", 1), past("ROLLBACK_FAILED", 1)]
    early = failed_world(*rollouts, failed_at=NOW - pause + timedelta(seconds=1))
    assert planned(early).steps == ()
    assert update_of(planned(failed_world(*rollouts, failed_at=NOW - pause))).force


def test_failures_of_another_input_do_not_count() -> None:
    rollouts = (past("ROLLBACK_FAILED", 1), past("ROLLBACK_FAILED", 7), past("ROLLBACK_FAILED", 1))
    assert update_of(planned(failed_world(*rollouts, failed_at=NOW - FIRST_PAUSE))).force


def test_a_failed_rollout_of_another_input_is_replaced_at_once() -> None:
    seen = failed_world(
        past("ROLLBACK_FAILED", 1), newest=task_definition(2), serving=task_definition(1, version="17.0.0")
    )
    assert update_of(planned(seen)).shape.task_definition_arn == arn(2)


def test_a_new_spec_or_request_ends_the_pause() -> None:
    assert update_of(planned(failed_world(past("ROLLBACK_FAILED", 1)), RETRY)).force


def test_a_rollback_that_failed_is_tried_again_after_the_pause() -> None:
    part = planned(refused_world(past("ROLLBACK_FAILED", finished_at=NOW)))
    assert (part.steps, part.verdict.reason) == ((), Reason.ROLLOUT_FAILED)
    assert update_of(planned(refused_world(past("ROLLBACK_FAILED")))).shape.task_definition_arn == arn(2)


def test_reasons_are_told_once_and_of_this_rollout_alone() -> None:
    tasks = (
        stopped("t1", 60, stopped_reason="Long ago."),
        stopped("t2", 9),
        stopped("t3", 8),
        stopped("t4", 8, task_definition_arn=arn(1), stopped_reason="Another revision."),
        stopped("t5", 7, stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling activity."),
        stopped(
            "t6", 7, stop_code="ServiceSchedulerInitiated", stopped_reason="Failed container health checks"
        ),
    )
    message = planned(refused_world(past("ROLLBACK_SUCCESSFUL"), tasks=tasks)).verdict.message
    assert f"Failed container health checks; {WHY}. The" in message
    assert "Long ago" not in message
    assert "Another revision" not in message
    assert "Scaling activity" not in message


@pytest.mark.parametrize(
    ("seen", "needed"),
    [
        (world(), False),
        (world(service=None), False),
        (world(service=service(desired_count=7)), False),
        (world(service=service(network=OTHER_NETWORK)), True),
        (world(service=service(network=OTHER_NETWORK, tags=FOREIGN_TAGS)), False),
        (world(service=service(network=OTHER_NETWORK, status="DRAINING")), False),
        (world(service=service(network=OTHER_NETWORK), newest=None, serving=None), False),
        (world(service=service(deployments=(rollout(rollout_state="IN_PROGRESS"),))), False),
        (failed_world(), True),
        (refused_world(), True),
    ],
)
def test_history_is_read_only_where_it_counts(seen: DeploymentWorld, needed: bool) -> None:
    assert needs_history(WANTED, seen) is needed
    assert isinstance(seen.service, EcsService | None)
