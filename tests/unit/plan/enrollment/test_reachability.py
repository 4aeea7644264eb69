"""Whether agents can connect: all replicas of a database together, and why nothing is known."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.database_health import Health, Reach, health_of
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import DatabaseServer, RdsUserTask
from rds_enrollment.plan.outcome import Blocked, Transient

from tests.unit.plan.enrollment.build import (
    ACCOUNT,
    NOW,
    REGION,
    VPC,
    instance,
    inventory,
    server,
    wanted,
    world,
)
from tests.unit.plan.enrollment.test_plan import part, settled

REACHABLE = ConditionType.DATABASES_REACHABLE
IAM = ConditionType.IAM_AUTHENTICATION_ENABLED
TASK = RdsUserTask(
    issue="rds-iam-auth-disabled", account_id=ACCOUNT, region=REGION, databases=frozenset({"legacy"})
)


def unchecked(host: str = "host-1") -> DatabaseServer:
    report = server("orders", "unknown", host=host)
    return replace(report, health=replace(report.health, transition_reason="disabled"))


def told(seen: EnrollmentWorld, condition: ConditionType) -> tuple[str, str, str]:
    verdict = part(plan(wanted(), seen), condition).verdict
    return verdict.status.value, verdict.reason, verdict.message


def enrolled(*servers: DatabaseServer, iam_auth: bool = True) -> EnrollmentWorld:
    seen = settled(wanted(), world(inventory([instance("orders", iam_auth=iam_auth)])))
    return replace(seen, servers=servers, user_tasks=())


def test_replicas_that_differ_are_counted() -> None:
    reports = [
        server("orders", "unhealthy", host="c", error="refused"),
        server("orders", "healthy", host="b"),
        server("orders", "unhealthy", host="a", error="dial tcp 10.0.0.1:5432: i/o timeout"),
    ]
    assert health_of(reports, NOW)["orders"] == Health(
        Reach.UNREACHABLE,
        "agent ip-a: dial tcp 10.0.0.1:5432: i/o timeout (2 of 3 agents fail)",
        reached=True,
    )


@pytest.mark.parametrize(
    ("servers", "reach"),
    [
        ([unchecked()], Reach.NOT_CHECKED),
        ([unchecked(), server("orders", "healthy", host="b")], Reach.REACHABLE),
        ([unchecked(), server("orders", "", host="b")], Reach.NOT_CHECKED),
        ([server("orders", "")], Reach.TOO_OLD),
        ([server("orders", ""), server("orders", "unknown", host="b")], Reach.NOT_REPORTED),
    ],
)
def test_what_is_not_known_has_a_reason(servers: list[DatabaseServer], reach: Reach) -> None:
    assert health_of(servers, NOW)["orders"].reach is reach


@pytest.mark.parametrize(
    ("servers", "text"),
    [
        ((unchecked(),), "No health_check_config in Teleport matches orders"),
        ((server("orders", ""),), "The agents of orders do not check"),
        ((), "No agent has reported on orders yet"),
    ],
)
def test_silence_is_explained(servers: tuple[DatabaseServer, ...], text: str) -> None:
    status, reason, message = told(enrolled(*servers), REACHABLE)
    assert (status, reason) == ("Unknown", Reason.NOT_REPORTED)
    assert text in message


def test_open_user_tasks_are_told_and_decide_nothing() -> None:
    seen = replace(enrolled(), user_tasks=(TASK,))
    status, reason, message = told(seen, IAM)
    assert (status, reason) == ("True", Reason.SUCCEEDED)
    assert message.endswith(f"Teleport has an open user task rds-iam-auth-disabled for legacy in {REGION}.")

    status, _, message = told(replace(enrolled(iam_auth=False), user_tasks=(TASK,)), IAM)
    assert status == "False"
    assert "aws rds modify-db-instance" in message
    assert "legacy" in message


@pytest.mark.parametrize(
    "task",
    [
        replace(TASK, account_id="210987654321"),
        replace(TASK, region="eu-north-1"),
        replace(TASK, issue="another"),
        replace(TASK, databases=frozenset()),
    ],
)
def test_user_tasks_about_something_else_are_not_told(task: RdsUserTask) -> None:
    assert "user task" not in told(replace(enrolled(), user_tasks=(task,)), IAM)[2]


def test_many_user_tasks_leave_room_for_the_rest() -> None:
    task = replace(TASK, databases=frozenset(f"db-{number:03}" for number in range(500)))
    many = [instance(f"d{number}", iam_auth=False) for number in range(300)]
    seen = replace(settled(wanted(), world(inventory(many))), user_tasks=(task,))
    message = told(seen, IAM)[2]
    assert len(message.encode()) <= 1024
    assert "db-000" in message
    assert "and 497 more" in message


def test_user_tasks_that_may_not_be_read_are_mentioned_and_a_hiccup_is_not() -> None:
    denied = Unseen(Blocked(Reason.TELEPORT_ACCESS_DENIED, "no"))
    status, _, message = told(replace(enrolled(), user_tasks=denied), IAM)
    assert status == "True"
    assert "user tasks are not read (TeleportAccessDenied)" in message
    hiccup = Unseen(Transient(Reason.TELEPORT_UNREACHABLE, "later"))
    assert told(replace(enrolled(), user_tasks=hiccup), IAM) == told(enrolled(), IAM)


def deployment(vpc_id: str = VPC, status: str = "False") -> dict[str, Any]:
    """One that has looked at the ways to its databases."""
    found = {"type": "DatabasesReachable", "status": status, "message": "sg-db lets nobody in."}
    return {
        "metadata": {"name": "main", "namespace": "teleport"},
        "spec": {"integrationRef": {"name": "prod-aws"}, "region": REGION, "vpcId": vpc_id},
        "status": {"conditions": [found]},
    }


WAY = "DatabaseServiceDeployment main: sg-db lets nobody in."


@pytest.mark.parametrize("servers", [(), (server("orders", "unhealthy", error="i/o timeout"),)])
def test_what_a_deployment_found_in_the_way_is_told(servers: tuple[DatabaseServer, ...]) -> None:
    seen = replace(enrolled(*servers), deployments=(deployment(),))
    status, reason, message = told(seen, REACHABLE)
    assert (status, reason) == ("False", Reason.UNREACHABLE)
    assert message.endswith(f" {WAY} More: docs/reference/reasons.md#unreachable")


@pytest.mark.parametrize("other", [deployment(vpc_id="vpc-0fedcba9876543210"), deployment(status="True")])
def test_what_is_not_in_the_way_is_not_told(other: dict[str, Any]) -> None:
    status, reason, message = told(replace(enrolled(), deployments=(other,)), REACHABLE)
    assert (status, reason) == ("Unknown", Reason.NOT_REPORTED)
    assert "main" not in message


def test_an_agent_that_gets_there_is_believed() -> None:
    seen = replace(enrolled(server("orders", "healthy")), deployments=(deployment(),))
    assert told(seen, REACHABLE)[0] == "True"
