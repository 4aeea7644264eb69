"""A role that IAM does not show yet is waited for: a second one is never asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.creations import PATIENCE, Creations
from rds_enrollment.plan.outcome import Conflict, Transient, Waiting
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.ecs import RegisterTaskDefinition
from rds_enrollment.plan.steps.iam import CreateRole, DeleteRole

CREATE = CreateRole(
    condition=ConditionType.ROLE_READY, role="agents", description="", trust={}, tags={"owner": "a"}
)
DELETE = DeleteRole(condition=ConditionType.ROLE_READY, role="agents")


class Aws:
    """Counts what is asked of it, and answers with an outcome if it has one."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.outcome: Exception | None = None
        self.asked: list[str] = []
        self.creations = Creations(lambda: self.now)

    async def _apply(self, step: Step) -> None:
        self.asked.append(step.name)
        if self.outcome is not None:
            raise self.outcome

    async def apply(self, step: Step) -> None:
        await self.creations.guarding(self._apply)(step)


@pytest.fixture
def aws() -> Aws:
    return Aws()


async def test_a_second_creation_is_waited_with_until_patience_ends(aws: Aws) -> None:
    await aws.apply(CREATE)
    for _ in range(3):
        aws.creations.look((CREATE,))
        with pytest.raises(Waiting) as caught:
            await aws.apply(CREATE)
        assert caught.value.reason is Reason.IAM_PROPAGATING
        assert "IAM role agents was made moments ago" in caught.value.message
    assert aws.asked == ["CreateRole"]
    aws.now += PATIENCE + timedelta(seconds=1)
    await aws.apply(CREATE)
    assert aws.asked == ["CreateRole", "CreateRole"]


async def test_another_content_is_another_thing(aws: Aws) -> None:
    first = RegisterTaskDefinition(
        condition=ConditionType.TASK_DEFINITION_REGISTERED,
        region="us-west-1",
        family="agents",
        body={"cpu": "512"},
        tags={},
    )
    await aws.apply(first)
    await aws.apply(replace(first, body={"cpu": "1024"}))
    with pytest.raises(Waiting) as caught:
        await aws.apply(first)
    assert caught.value.reason is Reason.IN_PROGRESS
    assert aws.asked == ["RegisterTaskDefinition"] * 2


async def test_one_that_was_seen_and_is_gone_is_made_again_at_once(aws: Aws) -> None:
    await aws.apply(CREATE)
    assert not aws.creations.all_seen
    aws.creations.look(())
    assert aws.creations.all_seen
    await aws.apply(CREATE)
    assert aws.asked == ["CreateRole", "CreateRole"]


async def test_one_that_exists_unseen_is_asked_for_once_alone(aws: Aws) -> None:
    """After a restart, or when the answer was lost."""
    aws.outcome = Conflict(Reason.CONFLICT, "EntityAlreadyExists")
    with pytest.raises(Conflict):
        await aws.apply(CREATE)
    aws.creations.look((CREATE,))
    with pytest.raises(Waiting):
        await aws.apply(CREATE)
    assert aws.asked == ["CreateRole"]


async def test_one_that_failed_is_tried_again(aws: Aws) -> None:
    aws.outcome = Transient(Reason.AWS_UNAVAILABLE, "503")
    for _ in range(2):
        with pytest.raises(Transient):
            await aws.apply(CREATE)
    assert aws.asked == ["CreateRole", "CreateRole"]


async def test_other_steps_are_none_of_its_business(aws: Aws) -> None:
    for _ in range(2):
        await aws.apply(DELETE)
    assert aws.asked == ["DeleteRole", "DeleteRole"]
    assert aws.creations.all_seen
