"""What is foreseen of a deployment is what is written when nothing comes in between."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from rds_enrollment.api.agents import AgentSpec, Logs
from rds_enrollment.api.common import MAX_PLANNED_STEPS
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.foresight import assume
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.foresight import described, foresee
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.part import observed_only, refused, satisfied, steps_of, writing
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.ecs import DeleteTaskDefinition, DeregisterTaskDefinition
from rds_enrollment.plan.steps.iam import DeleteRole

from tests.unit.plan.deployment.account import Account
from tests.unit.plan.deployment.build import CLUSTER_SEEN, TAGS, WANTED, world
from tests.unit.plan.deployment.test_deployment_properties import MARKS, Scene, histories, scene

TIDYING = (DeregisterTaskDefinition, DeleteTaskDefinition)
ROLE = ConditionType.ROLE_READY


def foreseen(wanted: WantedDeployment, seen: DeploymentWorld) -> tuple[Step, ...]:
    return foresee(seen, lambda later: plan(wanted, later), lambda later, step: assume(wanted, later, step))


def names(steps: object) -> Counter[tuple[str, str]]:
    assert isinstance(steps, tuple | list)
    return Counter((step.name, step.target) for step in steps if not isinstance(step, TIDYING))


def test_from_nothing() -> None:
    account = Account(marks=MARKS)
    assert [step.name for step in foreseen(WANTED, account.observe())] == [
        "CreateRole",
        "PutRolePolicy",
        "CreateJoinToken",
        "CreateCluster",
        "RegisterTaskDefinition",
        "CreateService",
    ]


def test_nothing_is_foreseen_of_what_is_in_place() -> None:
    assert foreseen(WANTED, world()) == ()


def test_a_log_group_of_its_own_comes_before_the_task_definition() -> None:
    key = "arn:aws:kms:us-west-1:123456789012:key/k"
    wanted = replace(WANTED, agents=AgentSpec(logs=Logs(group="/agents", retention_days=30, kms_key_id=key)))
    steps = ["CreateLogGroup", "PutRetentionPolicy", "RegisterTaskDefinition", "UpdateService"]
    assert [step.name for step in foreseen(wanted, world(log_group=None))] == steps
    kept = LogGroup("/agents", "arn", 7, "", TAGS)
    steps = ["PutRetentionPolicy", "AssociateKmsKey", "RegisterTaskDefinition", "UpdateService"]
    assert [step.name for step in foreseen(wanted, world(log_group=kept))] == steps


def test_a_rollout_names_the_revision_to_come() -> None:
    wanted = replace(
        WANTED, scope=replace(WANTED.scope, cluster=replace(WANTED.scope.cluster, version="18.1.0"))
    )
    register, update = foreseen(wanted, world())
    assert register.words.endswith(": image, environment")
    assert ":1 to " in update.words
    assert update.words.endswith(":2")


def test_a_group_of_its_own_comes_before_the_service_that_gets_it() -> None:
    wanted = replace(WANTED, security_groups=Choice(managed=True))
    steps = ["CreateSecurityGroup", "UpdateService"]
    assert [step.name for step in foreseen(wanted, world(managed_group=None))] == steps


def test_capacity_providers_are_put_back_once() -> None:
    drifted = replace(CLUSTER_SEEN, capacity_providers=frozenset())
    assert [step.name for step in foreseen(WANTED, world(cluster=drifted))] == ["PutClusterCapacityProviders"]


@settings(deadline=None, max_examples=30)
@given(history=histories)
def test_what_is_foreseen_is_what_is_written(history: list[object]) -> None:
    found: Scene = scene(history)
    # What is under way is waited for, and what comes after it is not foreseen.
    for _ in range(2):
        found.account.pass_time()
    seen = found.account.observe()
    expected = names(foreseen(WANTED, seen))
    before = len(found.account.written)
    found.run(found.wish(WANTED))
    assert names(found.account.written[before:]) == expected


def test_a_step_that_changes_nothing_that_is_seen_is_foreseen_once() -> None:
    step = DeleteRole(condition=ROLE, role="agents")
    assert foresee(0, lambda _: [writing(ROLE, step)], lambda seen, _: seen) == (step,)


@pytest.mark.parametrize("count", [0, 1, MAX_PLANNED_STEPS, MAX_PLANNED_STEPS + 1])
def test_a_status_tells_the_first_of_them(count: int) -> None:
    steps = [DeleteRole(condition=ROLE, role=f"agents-{number}") for number in range(count)]
    told = described(steps)
    assert len(told) == min(count, MAX_PLANNED_STEPS)
    assert [(item.name, item.description) for item in told[:1]] == [
        ("DeleteRole", "Delete IAM role agents-0") for _ in steps[:1]
    ]


def test_a_part_of_an_object_that_is_only_observed_says_so() -> None:
    part = observed_only(writing(ROLE, DeleteRole(condition=ROLE, role="agents")), "spec says Observe")
    assert part.verdict.reason is Reason.OBSERVE_ONLY
    assert part.verdict.message.endswith("Observe: DeleteRole (IAM role agents).")
    assert steps_of([part]) != ()
    for other in (satisfied(ROLE, "there"), refused(ROLE, Reason.OWNED_BY_ANOTHER, "theirs")):
        assert observed_only(other, "it is said so") is other
