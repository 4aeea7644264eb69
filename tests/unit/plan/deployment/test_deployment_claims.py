"""Two objects for one service: the mark decides, then the age, then the name."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.claims import elder, is_contestable
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.kubernetes import Claim
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import steps_of

from tests.unit.plan.deployment.build import (
    EMPTY,
    FOREIGN_TAGS,
    NOW,
    ROLE_SEEN,
    WANTED,
    service,
    world,
)

MINE = Claim(NOW, "teleport", "main")
CLAIMED = replace(WANTED, claim=MINE)
ELDER = Claim(NOW - timedelta(seconds=1), "z", "z")
NAMESAKE = Claim(NOW, "teleport", "first")
YOUNGER = Claim(NOW + timedelta(seconds=1), "a", "a")


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        ((), None),
        ((YOUNGER,), None),
        ((YOUNGER, ELDER), ELDER),
        ((NAMESAKE,), NAMESAKE),
        ((NAMESAKE, ELDER), ELDER),
        ((Claim(NOW, "teleport", "other"), Claim(NOW, "z", "a")), None),
    ],
)
def test_the_elder_goes_first(claims: tuple[Claim, ...], first: Claim | None) -> None:
    assert elder(claims, MINE) == first


def test_the_younger_writes_nothing_and_names_the_elder() -> None:
    parts = plan(CLAIMED, replace(EMPTY, claims=(ELDER,)))
    assert steps_of(parts) == ()
    assert not any(part.done for part in parts)
    (told,) = [part for part in parts if part.condition is ConditionType.SERVICE_DEPLOYED]
    assert told.verdict.reason is Reason.OWNED_BY_ANOTHER
    assert "z/z asks for ECS service" in told.verdict.message


@pytest.mark.parametrize("claims", [(), (YOUNGER,)])
def test_the_elder_and_the_one_that_is_left_go_on(claims: tuple[Claim, ...]) -> None:
    assert steps_of(plan(CLAIMED, replace(EMPTY, claims=claims)))


@pytest.mark.parametrize(
    ("seen", "contestable"),
    [
        (EMPTY, True),
        (world(service=service(status="INACTIVE"), role=None), True),
        (replace(EMPTY, role=replace(ROLE_SEEN, tags=FOREIGN_TAGS)), True),
        # The mark decides.
        (world(), False),
        (world(service=None), False),
        (world(service=service(tags=FOREIGN_TAGS), role=None), False),
        # Nothing is known.
        (replace(EMPTY, service=Unseen()), False),
        (replace(EMPTY, role=Unseen()), False),
    ],
)
def test_age_decides_only_where_no_mark_does(seen: DeploymentWorld, contestable: bool) -> None:
    assert is_contestable(CLAIMED, seen) is contestable
    steps: Any = steps_of(plan(CLAIMED, replace(seen, claims=(ELDER,))))
    assert not (contestable and steps)


def test_claims_that_were_not_seen_stop_everything() -> None:
    outcome = Transient(Reason.KUBERNETES_UNAVAILABLE, "503")
    parts = plan(CLAIMED, replace(EMPTY, claims=Unseen(outcome)))
    assert steps_of(parts) == ()
    assert [part.outcome for part in parts if part.outcome] == [outcome]
