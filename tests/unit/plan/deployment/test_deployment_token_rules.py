"""A changed task role: its rule comes before the former one goes."""

from dataclasses import replace

import pytest
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan.deployment.token import token_part
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, TaskDefinition
from rds_enrollment.plan.observed.teleport import JoinRule
from rds_enrollment.plan.steps.teleport import UpdateJoinToken

from tests.unit.plan.deployment.build import TOKEN_SEEN, WANTED, world

CHANGED = replace(WANTED, task_role=IamRole(name="NewRole"))
ACCOUNT = WANTED.scope.account
(OLD_RULE,) = TOKEN_SEEN.rules
NEW_RULE = JoinRule(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/NewRole/*")


def serving(role: str) -> TaskDefinition:
    seen = world().serving
    assert isinstance(seen, TaskDefinition)
    return replace(seen, body={**seen.body, "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/a/path/{role}"})


def rolling_out() -> EcsService:
    seen = world().service
    assert isinstance(seen, EcsService)
    return replace(seen, deployments=(*seen.deployments, *seen.deployments))


def rules_after(seen: DeploymentWorld) -> frozenset[JoinRule]:
    """What the token admits once the part's step is done."""
    (step,) = token_part(CHANGED, seen, 1).steps
    assert isinstance(step, UpdateJoinToken)
    assert step.condition is ConditionType.JOIN_TOKEN_READY
    return step.token.rules


def test_the_new_rule_comes_and_the_former_stays_while_its_tasks_serve() -> None:
    assert rules_after(world(serving=serving(WANTED.task_role.name))) == {OLD_RULE, NEW_RULE}


def test_both_stay_during_the_rollout_so_that_it_can_be_rolled_back() -> None:
    both = replace(TOKEN_SEEN, rules=frozenset({OLD_RULE, NEW_RULE}))
    part = token_part(CHANGED, world(token=both, service=rolling_out(), serving=serving("NewRole")), 1)
    assert part.done
    assert "until the rollout is over" in part.verdict.message


def test_the_former_goes_when_the_new_one_serves_alone() -> None:
    both = replace(TOKEN_SEEN, rules=frozenset({OLD_RULE, NEW_RULE}))
    assert rules_after(world(token=both, serving=serving("NewRole"))) == {NEW_RULE}


def test_without_a_service_there_is_no_former_role() -> None:
    assert rules_after(world(service=None, serving=None)) == {NEW_RULE}


def test_nothing_is_taken_away_on_the_word_of_what_was_not_seen() -> None:
    assert rules_after(world(service=Unseen())) == {OLD_RULE, NEW_RULE}
    assert rules_after(world(serving=Unseen())) == {OLD_RULE, NEW_RULE}


@pytest.mark.parametrize(
    "rule",
    [
        JoinRule("210987654321", "arn:aws:sts::210987654321:assumed-role/x/*"),
        JoinRule(ACCOUNT, ""),
        JoinRule(ACCOUNT, "arn:aws:iam::" + ACCOUNT + ":user/x"),
    ],
)
def test_a_rule_that_was_never_ours_goes_even_then(rule: JoinRule) -> None:
    token = replace(TOKEN_SEEN, rules=TOKEN_SEEN.rules | {rule})
    assert rules_after(world(token=token, serving=serving(WANTED.task_role.name))) == {OLD_RULE, NEW_RULE}
