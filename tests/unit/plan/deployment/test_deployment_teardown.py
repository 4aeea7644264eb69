"""The end of a deployment: the order in which things go, and what stays because it is not ours."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import Part, all_done, steps_of
from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.ecs import (
    DeleteCluster,
    DeleteService,
    DeleteTaskDefinition,
    DeregisterTaskDefinition,
)
from rds_enrollment.plan.steps.iam import DeleteRole, DeleteRolePolicy
from rds_enrollment.plan.steps.logs import DeleteLogGroup
from rds_enrollment.plan.steps.teleport import DeleteJoinToken

from tests.unit.plan.deployment.build import (
    CLUSTER,
    CLUSTER_SEEN,
    EMPTY,
    FOREIGN_TAGS,
    MARK,
    ROLE,
    ROLE_SEEN,
    SERVICE,
    TAGS,
    TELEPORT_TAGS,
    TOKEN,
    TOKEN_SEEN,
    WANTED,
    arn,
    service,
    task_definition,
    world,
)

SERVICE_DEPLOYED = ConditionType.SERVICE_DEPLOYED
REGISTERED = ConditionType.TASK_DEFINITION_REGISTERED
TOKEN_READY = ConditionType.JOIN_TOKEN_READY
ROLE_READY = ConditionType.ROLE_READY
NETWORK_READY = ConditionType.NETWORK_READY
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))

NO_SERVICE: dict[str, Any] = {
    "service": None,
    "serving": None,
    "tasks": (),
    "family": (task_definition(1),),
    "cluster": replace(CLUSTER_SEEN, active_services=0),
}
NO_REVISIONS: dict[str, Any] = {**NO_SERVICE, "newest": None, "revisions": (), "family": ()}
NO_TOKEN: dict[str, Any] = {**NO_REVISIONS, "token": None}
NO_ROLE: dict[str, Any] = {**NO_TOKEN, "role": None}


def ended(seen: DeploymentWorld) -> tuple[Part, ...]:
    return teardown(WANTED, seen)


def gone(*revisions: int) -> tuple[AwsStep, ...]:
    """Deregistered, then deleted."""
    return tuple(
        kind(condition=REGISTERED, region="us-west-1", arn=arn(item))
        for item in revisions
        for kind in (DeregisterTaskDefinition, DeleteTaskDefinition)
    )


@pytest.mark.parametrize(
    ("seen", "steps"),
    [
        (
            world(),
            (
                DeleteService(
                    condition=SERVICE_DEPLOYED, region="us-west-1", cluster=CLUSTER, service=SERVICE
                ),
            ),
        ),
        (world(**NO_SERVICE), gone(1)),
        (world(**{**NO_SERVICE, "family": (task_definition(3), task_definition(2))}), gone(2, 3)),
        (world(**{**NO_SERVICE, "service": service(status="INACTIVE", tags={})}), gone(1)),
        (
            world(**{**NO_SERVICE, "family": (replace(task_definition(1), status="INACTIVE"),)}),
            (DeleteTaskDefinition(condition=REGISTERED, region="us-west-1", arn=arn(1)),),
        ),
        (world(**NO_REVISIONS), (DeleteJoinToken(condition=TOKEN_READY, token=TOKEN, owner=MARK),)),
        (
            world(**NO_TOKEN),
            (
                DeleteRolePolicy(condition=ROLE_READY, role=ROLE, policy=ROLE),
                DeleteRole(condition=ROLE_READY, role=ROLE),
            ),
        ),
        (
            world(**NO_ROLE),
            (DeleteCluster(condition=SERVICE_DEPLOYED, region="us-west-1", cluster=CLUSTER),),
        ),
    ],
)
def test_one_thing_after_the_other(seen: DeploymentWorld, steps: tuple[object, ...]) -> None:
    parts = ended(seen)
    assert steps_of(parts) == steps
    assert [part.done for part in parts] == [*[True] * (len(parts) - 1), False]


def test_a_draining_service_is_waited_for_and_nothing_goes_before() -> None:
    (part,) = ended(world(service=service(status="DRAINING", running_count=2)))
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.DELETING)
    assert "2 tasks still run" in part.verdict.message


@pytest.mark.parametrize(
    "cluster",
    [
        None,
        replace(CLUSTER_SEEN, status="INACTIVE"),
        replace(CLUSTER_SEEN, active_services=1),
        replace(CLUSTER_SEEN, active_services=0, tags=TELEPORT_TAGS),
        replace(CLUSTER_SEEN, active_services=0, tags=FOREIGN_TAGS),
    ],
)
def test_a_cluster_that_is_gone_used_or_foreign_ends_it(cluster: Any) -> None:
    parts = ended(world(**{**NO_ROLE, "cluster": cluster}))
    assert steps_of(parts) == ()
    assert all_done(parts, {})
    assert {part.verdict.status for part in parts} == {ConditionStatus.FALSE}
    assert {part.verdict.reason for part in parts} == {Reason.DELETING}


def test_a_log_group_of_ours_goes_after_the_tasks_that_wrote_to_it() -> None:
    ours = LogGroup(name="g", arn="arn", retention_days=30, kms_key_id="", tags=TAGS)
    parts = ended(world(**{**NO_REVISIONS, "log_group": ours}))
    assert steps_of(parts) == (DeleteLogGroup(condition=REGISTERED, region="us-west-1", group="g"),)


def test_nothing_left_is_done() -> None:
    parts = ended(EMPTY)
    assert [part.condition for part in parts] == [
        SERVICE_DEPLOYED,
        ConditionType.DATABASE_ACCESS_ALLOWED,
        REGISTERED,
        REGISTERED,
        TOKEN_READY,
        ROLE_READY,
        SERVICE_DEPLOYED,
        NETWORK_READY,
    ]
    assert all_done(parts, {})


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS, FOREIGN_TAGS])
def test_what_is_not_ours_stays(tags: dict[str, str]) -> None:
    seen = world(
        role=replace(ROLE_SEEN, tags=tags),
        token=replace(TOKEN_SEEN, labels=tags),
        cluster=replace(CLUSTER_SEEN, tags=tags),
        service=service(tags=tags),
        serving=task_definition(tags=tags),
        newest=task_definition(tags=tags),
        family=(),
    )
    parts = ended(seen)
    assert steps_of(parts) == ()
    assert all_done(parts, {})


def test_each_revision_is_judged_by_itself() -> None:
    wizards = task_definition(1, tags=TELEPORT_TAGS)
    (container,) = wizards.body["containerDefinitions"]
    joined = {"teleport": {"join_params": {"token_name": "discover-aws-oidc-iam-token", "method": "iam"}}}
    command = [*container["command"][:-1], base64.b64encode(json.dumps(joined).encode()).decode()]
    body = {**wizards.body, "containerDefinitions": [{**container, "command": command}]}
    family = (
        replace(wizards, body=body),  # before there was any of ours
        task_definition(2),
        task_definition(3, version="18.2.0", tags=TELEPORT_TAGS),  # copied from ours by Teleport's updater
        task_definition(4, tags=FOREIGN_TAGS),
        task_definition(5, tags={}),
    )
    assert steps_of(ended(world(**{**NO_SERVICE, "family": family}))) == gone(2, 3)


@pytest.mark.parametrize("status", ["ACTIVE", "DRAINING"])
def test_the_family_of_anothers_service_stays(status: str) -> None:
    seen = world(
        **{**NO_ROLE, "service": service(tags=FOREIGN_TAGS, status=status), "family": (task_definition(),)}
    )
    assert steps_of(ended(seen)) == (
        DeleteCluster(condition=SERVICE_DEPLOYED, region="us-west-1", cluster=CLUSTER),
    )


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({"service": UNREAD}, SERVICE_DEPLOYED),
        ({**NO_SERVICE, "family": UNREAD}, REGISTERED),
        ({**NO_REVISIONS, "token": UNREAD}, TOKEN_READY),
        ({**NO_TOKEN, "role": UNREAD}, ROLE_READY),
        ({**NO_ROLE, "cluster": UNREAD}, SERVICE_DEPLOYED),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_gone(fields: dict[str, Any], condition: ConditionType) -> None:
    parts = ended(world(**fields))
    assert steps_of(parts) == ()
    assert (parts[-1].condition, parts[-1].outcome) == (condition, UNREAD.outcome)
    assert not all_done(parts, {})


def test_a_role_that_another_deployment_observes_stays_until_it_does_not() -> None:
    left = {**NO_TOKEN, "role": ROLE_SEEN}
    used = world(**left, role_users={ROLE_SEEN.arn: ("data/one", "data/two")})
    part = ended(used)[-1]
    assert (part.steps, part.done, part.verdict.reason) == ((), False, Reason.IN_USE)
    assert f"IAM role {ROLE_SEEN.arn} (observed by data/one, data/two) stays" in part.verdict.message
    assert ended(world(**left, role_users=UNREAD))[-1].steps == ()
    another = world(**left, role_users={"arn:aws:iam::123456789012:role/other": ("data/one",)})
    assert [type(step) for step in steps_of(ended(another))] == [DeleteRolePolicy, DeleteRole]
