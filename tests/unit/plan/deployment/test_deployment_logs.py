"""A deployment's log group: its own as soon as retention or a key is set, and then kept as wished."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec, Logs
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.logs import logs_part, logs_removal
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.steps.logs import (
    AssociateKmsKey,
    CreateLogGroup,
    DeleteRetentionPolicy,
    DisassociateKmsKey,
    PutRetentionPolicy,
    TagLogGroup,
)

from tests.unit.plan.deployment.build import WANTED, world

KEY = "arn:aws:kms:us-west-1:123456789012:key/1"


def wishing(**logs: object) -> WantedDeployment:
    return replace(WANTED, agents=AgentSpec(logs=Logs.model_validate(logs)))


def group(**changes: Any) -> LogGroup:
    wanted = wishing(retention_days=30)
    seen = LogGroup(
        name=wanted.log_group,
        arn=f"arn:aws:logs:us-west-1:123456789012:log-group:{wanted.log_group}",
        retention_days=30,
        kms_key_id="",
        tags=WANTED.tags,
    )
    return replace(seen, **changes)


def test_agents_share_a_group_until_something_is_set_that_others_should_not_share() -> None:
    assert wishing(level="DEBUG").log_group == WANTED.log_group
    assert wishing(retention_days=30).log_group == f"{WANTED.log_group}/{WANTED.vpc_id}"
    assert wishing(retention_days=30, group="mine").log_group == "mine"


def test_a_shared_group_is_left_to_ecs() -> None:
    part = logs_part(WANTED, world(log_group=None), 1)
    assert part.done
    assert part.steps == ()


def test_a_missing_group_is_created_then_gets_its_retention() -> None:
    wanted = wishing(retention_days=30, kms_key_id=KEY)
    (create,) = logs_part(wanted, world(log_group=None), 1).steps
    assert isinstance(create, CreateLogGroup)
    assert (create.group, create.kms_key_id) == (wanted.log_group, KEY)
    made = group(retention_days=None, kms_key_id=KEY)
    (keep,) = logs_part(wanted, world(log_group=made), 1).steps
    assert isinstance(keep, PutRetentionPolicy)
    assert keep.days == 30


@pytest.mark.parametrize(
    ("wish", "seen", "repairs"),
    [
        ({"retention_days": 30}, {}, []),
        ({"retention_days": 7}, {}, [PutRetentionPolicy]),
        ({"retention_days": 30}, {"kms_key_id": KEY}, [DisassociateKmsKey]),
        ({"retention_days": 30}, {"tags": {"rds-enrollment.dev/owner": WANTED.owner.mark}}, [TagLogGroup]),
        ({"kms_key_id": KEY}, {}, [DeleteRetentionPolicy, AssociateKmsKey]),
    ],
)
def test_drift_is_repaired(wish: dict[str, object], seen: dict[str, object], repairs: list[type]) -> None:
    part = logs_part(wishing(**wish), world(log_group=group(**seen)), 1)
    assert [type(step) for step in part.steps] == repairs
    assert part.done is not bool(repairs)


def test_anothers_group_is_left_alone() -> None:
    seen = world(log_group=group(tags={}))
    part = logs_part(wishing(retention_days=30), seen, 1)
    assert part.verdict.reason is Reason.OWNED_BY_ANOTHER
    assert part.steps == ()
    assert logs_removal(wishing(retention_days=30), seen) is None
