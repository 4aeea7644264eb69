"""The join token of a deployment: each way it may stand."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.token import token_part
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import JoinRule, JoinToken
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.steps.teleport import CreateJoinToken, UpdateJoinToken

from tests.unit.plan.deployment.build import TOKEN, TOKEN_SEEN, WANTED, world

READY = ConditionType.JOIN_TOKEN_READY
OTHER_RULE = JoinRule("123456789012", "arn:aws:sts::123456789012:assumed-role/other/*")


def test_absent() -> None:
    part = token_part(WANTED, world(token=None), 1)
    assert part.steps == (CreateJoinToken(condition=READY, token=TOKEN_SEEN),)
    assert not part.done


def test_as_wanted() -> None:
    part = token_part(WANTED, world(), 1)
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE


@pytest.mark.parametrize(
    "drift",
    [
        {"join_method": "token"},
        {"roles": frozenset({"Db", "Node"})},
        {"roles": frozenset()},
        {"rules": frozenset()},
        {"rules": frozenset({OTHER_RULE})},
        {"rules": TOKEN_SEEN.rules | {OTHER_RULE}},
    ],
)
def test_drifted(drift: dict[str, Any]) -> None:
    part = token_part(WANTED, world(token=replace(TOKEN_SEEN, **drift)), 1)
    assert part.steps == (UpdateJoinToken(condition=READY, token=TOKEN_SEEN),)


def test_labels_that_others_add_stay() -> None:
    token = replace(TOKEN_SEEN, labels={**TOKEN_SEEN.labels, "by": "hand"})
    assert token_part(WANTED, world(token=token), 1).done


@pytest.mark.parametrize("labels", [{}, {"rds-enrollment.dev/owner": "cluster-b/dbsvc/teleport/main"}])
def test_foreign(labels: dict[str, str]) -> None:
    foreign = replace(TOKEN_SEEN, labels=labels, rules=frozenset())
    part = token_part(WANTED, world(token=foreign), 1)
    assert part.steps == ()
    assert part.verdict.reason is Reason.OWNED_BY_ANOTHER
    assert isinstance(part.outcome, Blocked)
    assert f"tctl rm token/{TOKEN}" in part.verdict.message


def test_unseen() -> None:
    outcome = Transient(Reason.TELEPORT_UNREACHABLE, "refused")
    part = token_part(WANTED, world(token=Unseen(outcome)), 1)
    assert (part.steps, part.outcome, part.done) == ((), outcome, False)


OBSERVED = replace(WANTED, observed_token="shared")
THEIRS = replace(TOKEN_SEEN, name="shared", labels={})


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (None, Reason.JOIN_TOKEN_NOT_FOUND),
        (replace(THEIRS, rules=frozenset()), Reason.JOIN_TOKEN_DOES_NOT_ADMIT),
        (replace(THEIRS, roles=frozenset({"Node"})), Reason.JOIN_TOKEN_DOES_NOT_ADMIT),
        (replace(THEIRS, join_method="token"), Reason.JOIN_TOKEN_DOES_NOT_ADMIT),
    ],
)
def test_somebody_elses_token_is_looked_at_only(seen: JoinToken | None, reason: Reason) -> None:
    part = token_part(OBSERVED, world(token=seen), 1)
    assert (part.steps, part.verdict.reason) == ((), reason)


def test_somebody_elses_token_may_admit_more() -> None:
    [rule] = THEIRS.rules
    wider = replace(THEIRS, rules=frozenset({replace(rule, arn=""), JoinRule("1", "x")}))
    assert token_part(OBSERVED, world(token=THEIRS), 1).done
    assert token_part(OBSERVED, world(token=wider), 1).done
