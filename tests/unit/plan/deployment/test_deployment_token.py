"""The join token of a deployment: each way it may stand."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.token import token_part
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import JoinRule, JoinToken
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.steps.teleport import CreateJoinToken, DeleteJoinToken, UpdateJoinToken

from tests.unit.plan.deployment.build import EMPTY, TOKEN, TOKEN_SEEN, WANTED, world
from tests.unit.plan.hostile import NAMES, words_between

READY = ConditionType.JOIN_TOKEN_READY
OTHER_RULE = JoinRule("123456789012", "arn:aws:sts::123456789012:assumed-role/other/*")
TOKEN_STEPS = (CreateJoinToken, UpdateJoinToken, DeleteJoinToken)


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


@given(vpc_id=NAMES)
def test_a_foreign_token_is_one_word_of_the_command_that_deletes_it(vpc_id: str) -> None:
    part = token_part(replace(WANTED, vpc_id=vpc_id), world(token=replace(TOKEN_SEEN, labels={})), 1)
    words = words_between(part.verdict.message, " delete it with `", "` if nothing uses it.")
    assert words == ["tctl", "rm", f"token/rds-enrollment-123456789012-us-west-1-{vpc_id}"]


@given(name=NAMES)
def test_an_observed_token_is_one_word_of_the_command_that_changes_it(name: str) -> None:
    wanted = replace(WANTED, observed_token=name)
    part = token_part(wanted, world(token=replace(TOKEN_SEEN, name=name, rules=frozenset())), 1)
    words = words_between(part.verdict.message, " Add them with `", "`, or take spec.joinToken away.")
    assert words == ["tctl", "edit", f"token/{name}"]


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


def adopting(policy: AdoptionPolicy) -> WantedDeployment:
    scope = WANTED.scope
    tags = ownership.teleport_tags(scope.cluster.name, scope.integration)
    adoption = ownership.Adoption(policy=policy, owner_id=WANTED.owner.owner_id, teleport=tags)
    return replace(WANTED, adoption=adoption)


def test_one_that_was_left_and_admits_the_same_agents_is_adopted() -> None:
    left = replace(TOKEN_SEEN, labels={})
    part = token_part(adopting(AdoptionPolicy.IF_TAGGED), world(token=left), 1)
    assert part.steps == (UpdateJoinToken(condition=READY, token=TOKEN_SEEN, former_owner=""),)


@pytest.mark.parametrize(
    "seen",
    [{"rules": frozenset({OTHER_RULE})}, {"labels": {OWNER_MARK: "cluster-b/dbsvc/teleport/main"}}],
    ids=["admits others", "has an owner"],
)
def test_what_is_not_plainly_ours_is_adopted_only_always(seen: dict[str, Any]) -> None:
    token = replace(TOKEN_SEEN, **{"labels": {}, **seen})
    refused = token_part(adopting(AdoptionPolicy.IF_TAGGED), world(token=token), 1)
    assert (refused.steps, refused.verdict.reason) == ((), Reason.OWNED_BY_ANOTHER)
    part = token_part(adopting(AdoptionPolicy.ALWAYS), world(token=token), 1)
    former = token.labels.get(OWNER_MARK, "")
    assert part.steps == (UpdateJoinToken(condition=READY, token=TOKEN_SEEN, former_owner=former),)


@pytest.mark.parametrize("policy", AdoptionPolicy)
@pytest.mark.parametrize(
    "mark",
    ["", "cluster-a/dbsvc/another-tenant/main", "cluster-b/dbsvc/teleport/main"],
    ids=["nobody's", "another tenant's", "another operator's"],
)
@pytest.mark.parametrize(
    "rule",
    [OTHER_RULE, *(replace(rule, account="222222222222") for rule in TOKEN_SEEN.rules)],
    ids=["another role", "another account"],
)
def test_a_named_token_that_does_not_admit_the_role_is_told_and_never_written(
    rule: JoinRule, mark: str, policy: AdoptionPolicy
) -> None:
    wanted = replace(adopting(policy), observed_token="shared")
    token = replace(THEIRS, labels={OWNER_MARK: mark} if mark else {}, rules=frozenset({rule}))
    part = token_part(wanted, world(token=token), 1)
    assert (part.steps, part.done) == ((), False)
    assert part.verdict.reason is Reason.JOIN_TOKEN_DOES_NOT_ADMIT
    assert isinstance(part.outcome, Blocked)
    [needed] = TOKEN_SEEN.rules
    assert needed.arn in part.verdict.message
    steps = steps_of((*plan(wanted, world(token=token)), *teardown(wanted, replace(EMPTY, token=token))))
    assert [step for step in steps if isinstance(step, TOKEN_STEPS)] == []
