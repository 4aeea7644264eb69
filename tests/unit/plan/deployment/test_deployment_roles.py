"""Task role and execution role: which policy each has when, and when a former role goes."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec, Image
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeploymentStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.api.roles import IamRole, ManagementPolicy
from rds_enrollment.plan import policies
from rds_enrollment.plan.deployment.revision import wanted_body
from rds_enrollment.plan.deployment.roles import role_arns, roles_part, target_roles
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Document, Role
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.permissions.evaluation import grants
from rds_enrollment.plan.steps.iam import CreateRole, DeleteRole, DeleteRolePolicy, PutRolePolicy

from tests.unit.plan.deployment.build import (
    FOREIGN_TAGS,
    ROLE,
    ROLE_ARN,
    ROLE_SEEN,
    TAGS,
    WANTED,
    arn,
    rollout,
    service,
    task,
    task_definition,
    world,
)

CONDITION = ConditionType.ROLE_READY
STARTER = "starter"
STARTER_ARN = "arn:aws:iam::123456789012:role/starter"
LOGS = "arn:aws:logs:us-west-1:123456789012:log-group:ecs-example_teleport_sh-teleport:*"
SPLIT = replace(WANTED, execution_role=IamRole(name=STARTER))
OBSERVE = ManagementPolicy.OBSERVE
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))


def seen(name: str, document: Document, **fields: Any) -> Role:
    made = replace(ROLE_SEEN, name=name, arn=f"arn:aws:iam::123456789012:role/{name}")
    return replace(made, policies={name: document}, **fields)


NARROW, STARTING = (next(iter(role.policies.values())) for role in target_roles(SPLIT))
WIDE = ROLE_SEEN.policies[ROLE]
STARTER_SEEN = seen(STARTER, STARTING)


def revision(task_role: str = ROLE_ARN, execution_role: str = STARTER_ARN) -> Any:
    made = task_definition()
    return replace(made, body={**made.body, "taskRoleArn": task_role, "executionRoleArn": execution_role})


def split(**fields: Any) -> DeploymentWorld:
    """The world once it runs with two roles."""
    converged: dict[str, Any] = {
        "role": seen(ROLE, NARROW),
        "execution_role": STARTER_SEEN,
        "serving": revision(),
        "newest": revision(),
    }
    return world(**{**converged, **fields})


def test_each_role_may_do_its_own_part_alone() -> None:
    assert {(grant.action, grant.resource) for grant in grants([NARROW])} == {
        ("rds-db:connect", "arn:aws:rds-db:us-west-1:123456789012:dbuser:*/*"),
        ("rds:DescribeDBInstances", "arn:aws:rds:us-west-1:123456789012:db:*"),
        ("rds:DescribeDBClusters", "arn:aws:rds:us-west-1:123456789012:cluster:*"),
    }
    assert {(grant.action, grant.resource) for grant in grants([STARTING])} == {
        (f"logs:{action}", LOGS) for action in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")
    }


@pytest.mark.parametrize(
    ("image", "more"),
    [
        (Image(repository="registry.example.com/teleport"), set()),
        (
            Image(
                repository="registry.example.com/teleport",
                pull_secret_arn="arn:aws:secretsmanager:us-west-1:123456789012:secret:pull-AbCdEf",
            ),
            {
                (
                    "secretsmanager:GetSecretValue",
                    "arn:aws:secretsmanager:us-west-1:123456789012:secret:pull-AbCdEf",
                )
            },
        ),
        (
            Image(repository="210987654321.dkr.ecr.eu-central-1.amazonaws.com/team/teleport"),
            {
                ("ecr:GetAuthorizationToken", "*"),
                *(
                    (f"ecr:{action}", "arn:aws:ecr:eu-central-1:210987654321:repository/team/teleport")
                    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
                ),
            },
        ),
    ],
)
def test_the_execution_role_pulls_the_image(image: Image, more: set[tuple[str, str]]) -> None:
    _, starter = target_roles(replace(SPLIT, agents=AgentSpec(image=image)))
    allowed = {(grant.action, grant.resource) for grant in grants(starter.policies.values())}
    assert allowed - {(grant.action, grant.resource) for grant in grants([STARTING])} == more


def test_two_roles_as_wanted_cost_nothing_and_the_task_definition_names_both() -> None:
    part = roles_part(SPLIT, split(), 1)
    assert (part.done, part.steps) == (True, ())
    assert ROLE_ARN in part.verdict.message
    assert STARTER_ARN in part.verdict.message
    body = wanted_body(SPLIT, split())
    assert (body["taskRoleArn"], body["executionRoleArn"]) == (ROLE_ARN, STARTER_ARN)


def test_both_are_made_at_once() -> None:
    part = roles_part(SPLIT, world(role=None, execution_role=None, service=None, serving=None), 1)
    assert [(type(step).__name__, step.target) for step in part.steps] == [
        ("CreateRole", f"IAM role {ROLE}"),
        ("PutRolePolicy", f"policy {ROLE} of IAM role {ROLE}"),
        ("CreateRole", f"IAM role {STARTER}"),
        ("PutRolePolicy", f"policy {STARTER} of IAM role {STARTER}"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"serving": revision(execution_role=ROLE_ARN)},
        {"service": service(deployments=(rollout(rollout_state="IN_PROGRESS"), rollout(id="ecs-svc/0")))},
        {"service": service(deployments=(rollout(rollout_state="IN_PROGRESS"),))},
        {"tasks": (task("t1"), task("t2", task_definition_arn=arn(7), desired_status="STOPPED"))},
        {"service": Unseen()},
        {"serving": Unseen()},
        {"tasks": Unseen()},
    ],
)
def test_the_task_role_starts_tasks_until_none_needs_it_to(fields: dict[str, Any]) -> None:
    """What its tasks are started with must not go while ECS may start one of them."""
    before = split(role=ROLE_SEEN, **fields)
    assert (roles_part(SPLIT, before, 1).done, roles_part(SPLIT, before, 1).steps) == (True, ())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"service": None, "serving": None},
        {"tasks": (task("t1"), task("t2", task_definition_arn=arn(7), last_status="STOPPED"))},
    ],
)
def test_then_it_loses_what_it_does_not_need(fields: dict[str, Any]) -> None:
    narrowed = PutRolePolicy(condition=CONDITION, role=ROLE, policy=ROLE, document=NARROW)
    assert roles_part(SPLIT, split(role=ROLE_SEEN, **fields), 1).steps == (narrowed,)


def test_a_narrow_task_role_stays_so_during_rollouts() -> None:
    rolling = split(service=service(deployments=(rollout(rollout_state="IN_PROGRESS"),)))
    assert roles_part(SPLIT, rolling, 1).steps == ()


def test_back_to_one_role_it_may_start_tasks_before_the_task_definition_says_so() -> None:
    part = roles_part(WANTED, split(execution_role=None), 1)
    assert part.steps == (PutRolePolicy(condition=CONDITION, role=ROLE, policy=ROLE, document=WIDE),)
    assert not part.done


FORMER = seen("former", WIDE)
MOVED = replace(WANTED, former_roles=("former",))


@pytest.mark.parametrize(
    "fields",
    [
        {"serving": revision("arn:aws:iam::123456789012:role/former", ROLE_ARN)},
        {"service": service(deployments=(rollout(), rollout(id="ecs-svc/0", status="ACTIVE")))},
        {"tasks": (task("t1"), task("t2", task_definition_arn=arn(7), desired_status="STOPPED"))},
    ],
)
def test_a_former_role_stays_while_a_task_runs_with_it(fields: dict[str, Any]) -> None:
    part = roles_part(MOVED, world(former_roles=(FORMER,), **fields), 1)
    assert (part.done, part.steps) == (True, ())
    assert f"{FORMER.arn} goes once no task runs with it." in part.verdict.message


def test_it_goes_when_the_rollout_is_over() -> None:
    assert roles_part(MOVED, world(former_roles=(FORMER,)), 1).steps == (
        DeleteRolePolicy(condition=CONDITION, role="former", policy="former"),
        DeleteRole(condition=CONDITION, role="former"),
    )


@pytest.mark.parametrize(
    ("wanted", "former"),
    [
        (MOVED, replace(FORMER, tags=FOREIGN_TAGS)),
        (replace(MOVED, kept_roles=frozenset({"former"})), FORMER),
    ],
    ids=["another's", "named by another deployment"],
)
def test_what_others_need_stays(wanted: Any, former: Role) -> None:
    assert roles_part(wanted, world(former_roles=(former,)), 1).steps == ()


def test_a_missing_role_comes_before_a_former_one_goes() -> None:
    part = roles_part(MOVED, world(role=None, former_roles=(FORMER,)), 1)
    assert [type(step) for step in part.steps] == [CreateRole, PutRolePolicy]


def test_an_observed_role_is_asked_for_exactly_what_is_needed_and_named_where_it_stands() -> None:
    theirs = IamRole(name=STARTER, management_policy=OBSERVE)
    wanted = replace(WANTED, execution_role=theirs)
    elsewhere = seen(
        STARTER, policies.list_databases(), arn="arn:aws:iam::123456789012:role/platform/starter", tags={}
    )
    part = roles_part(wanted, split(execution_role=elsewhere), 1)
    assert (part.steps, part.verdict.reason) == ((), Reason.ROLE_LACKS_PERMISSIONS)
    assert f"logs:CreateLogGroup on {LOGS}" in part.verdict.message
    assert '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"' in part.verdict.message
    assert role_arns(wanted, split(execution_role=elsewhere)) == (ROLE_ARN, elsewhere.arn)


def test_what_one_role_lacks_does_not_keep_the_other_from_being_made() -> None:
    wanted = replace(WANTED, execution_role=IamRole(name=STARTER, management_policy=OBSERVE))
    part = roles_part(wanted, world(role=None, execution_role=None, service=None), 1)
    assert part.verdict.reason is Reason.ROLE_NOT_FOUND
    assert [type(step) for step in part.steps] == [CreateRole, PutRolePolicy]


def test_one_observed_role_for_both_needs_both_parts() -> None:
    observed = IamRole(name=ROLE, management_policy=OBSERVE)
    (role,) = target_roles(replace(WANTED, task_role=observed))
    assert set(grants(role.policies.values())) == set(grants([NARROW, STARTING]))


def test_a_teardown_takes_every_role_of_ours_and_no_observed_one() -> None:
    over: dict[str, Any] = {"service": None, "serving": None, "family": (), "token": None}
    seen_at_the_end = split(former_roles=(FORMER,), **over)
    assert [step.target for step in steps_of(teardown(SPLIT, seen_at_the_end))] == [
        f"policy {ROLE} of IAM role {ROLE}",
        f"IAM role {ROLE}",
        f"policy {STARTER} of IAM role {STARTER}",
        f"IAM role {STARTER}",
        "policy former of IAM role former",
        "IAM role former",
    ]
    observed = replace(SPLIT, execution_role=IamRole(name=STARTER, management_policy=OBSERVE))
    kept = steps_of(teardown(observed, seen_at_the_end))
    assert not any(STARTER in step.target for step in kept)


def test_the_status_knows_former_roles_until_they_are_gone_even_when_they_cannot_be_read() -> None:
    previous = DatabaseServiceDeploymentStatus(task_role_arn=FORMER.arn)
    for left, told in (((FORMER,), (FORMER.arn,)), (UNREAD, (FORMER.arn,)), ((), ())):
        status = observed_status(previous, MOVED, world(former_roles=left))
        assert (status.task_role_arn, status.former_role_arns) == (ROLE_ARN, told)
    status = observed_status(previous, SPLIT, split())
    assert status.execution_role_arn == STARTER_ARN
    assert STARTER_SEEN.tags == TAGS
