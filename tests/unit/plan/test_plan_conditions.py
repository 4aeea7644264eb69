"""From verdicts to conditions: Ready, kstatus's pair, soft verdicts and the time of the last transition."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from rds_enrollment.api.conditions import Condition, Conditions, ConditionStatus, find_condition
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, is_true, merge, stalled_by, waiting_for
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Terminal, Transient, Waiting

ROLE = ConditionType.ROLE_READY
TOKEN = ConditionType.JOIN_TOKEN_READY
INFORMING = ConditionType.IAM_AUTHENTICATION_ENABLED
REQUIRED = (ROLE, TOKEN)
NOW = datetime(2025, 6, 1, 12, 0, 0, 654321, tzinfo=UTC)
EARLIER = datetime(2025, 6, 1, 11, 0, tzinfo=UTC)

OK = Verdict.ok("there")
NO = Verdict.no(Reason.ACCESS_DENIED, "may not")
UNKNOWN = Verdict.unknown(Reason.AWS_THROTTLED, "slow down")
SOFT = Verdict.unknown(Reason.AWS_THROTTLED, "slow down", soft=True)


def pass_of(
    verdicts: Mapping[ConditionType, Verdict],
    previous: Conditions = (),
    *,
    generation: int = 1,
    now: datetime = NOW,
) -> Conditions:
    return merge(previous, verdicts, required=REQUIRED, generation=generation, now=now)


def texts(conditions: Conditions) -> dict[str, tuple[str, str, str]]:
    return {item.type: (item.status.value, item.reason, item.message) for item in conditions}


def condition(conditions: Conditions, kind: ConditionType) -> Condition:
    found = find_condition(conditions, kind)
    assert found is not None
    return found


CONVERGED = pass_of({ROLE: OK, TOKEN: OK}, now=EARLIER)


def test_the_first_pass_sets_all_required_conditions() -> None:
    assert texts(pass_of({ROLE: OK})) == {
        "RoleReady": ("True", "Succeeded", "there"),
        "JoinTokenReady": ("Unknown", "Pending", "Not looked at yet."),
        "Ready": ("Unknown", "Pending", "JoinTokenReady: Not looked at yet."),
        "Reconciling": ("True", "Pending", "JoinTokenReady: Not looked at yet."),
    }


def test_ready_when_all_required_conditions_are() -> None:
    conditions = pass_of({ROLE: OK, TOKEN: OK})
    assert texts(conditions) == {
        "RoleReady": ("True", "Succeeded", "there"),
        "JoinTokenReady": ("True", "Succeeded", "there"),
        "Ready": ("True", "Succeeded", "Everything is in place and was read back."),
    }
    assert is_true(conditions, ConditionType.READY)
    assert not is_true(conditions, ConditionType.RECONCILING)


@pytest.mark.parametrize(
    ("role", "token", "ready"),
    [
        (NO, OK, ("False", "AccessDenied", "RoleReady: may not")),
        (OK, NO, ("False", "AccessDenied", "JoinTokenReady: may not")),
        (UNKNOWN, NO, ("False", "AccessDenied", "JoinTokenReady: may not")),
        (UNKNOWN, OK, ("Unknown", "AwsThrottled", "RoleReady: slow down")),
        (UNKNOWN, SOFT, ("Unknown", "AwsThrottled", "RoleReady: slow down")),
    ],
)
def test_ready_tells_of_the_worst_condition_first(
    role: Verdict, token: Verdict, ready: tuple[str, str, str]
) -> None:
    conditions = texts(pass_of({ROLE: role, TOKEN: token}))
    assert conditions["Ready"] == ready
    assert conditions["Reconciling"] == ("True", *ready[1:])


def test_what_only_informs_does_not_lower_ready() -> None:
    conditions = pass_of({ROLE: OK, TOKEN: OK, INFORMING: NO})
    assert is_true(conditions, ConditionType.READY)
    assert condition(conditions, INFORMING).status is ConditionStatus.FALSE
    assert find_condition(conditions, ConditionType.RECONCILING) is None


def test_a_reason_of_another_release_is_told_as_pending() -> None:
    foreign = condition(CONVERGED, TOKEN).model_copy(
        update={"status": ConditionStatus.FALSE, "reason": "FromTheFuture"}
    )
    previous = tuple(foreign if item.type == TOKEN else item for item in CONVERGED)
    ready = condition(pass_of({ROLE: OK}, previous), ConditionType.READY)
    assert (ready.status, ready.reason) == (ConditionStatus.FALSE, "Pending")


def test_a_terminal_outcome_stalls_and_ends_reconciling() -> None:
    outcome = Terminal(Reason.INVALID_SPEC, "cannot be")
    verdicts = {ROLE: NO, TOKEN: OK, **stalled_by(outcome)}
    stalled = pass_of(verdicts, pass_of({}))
    assert texts(stalled)["Stalled"] == ("True", "InvalidSpec", "cannot be")
    assert find_condition(stalled, ConditionType.RECONCILING) is None
    healed = pass_of({ROLE: OK, TOKEN: OK}, stalled)
    assert find_condition(healed, ConditionType.STALLED) is None


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Blocked(Reason.ACCESS_DENIED, ""),
        Transient(Reason.AWS_UNAVAILABLE, ""),
        Conflict(Reason.CONFLICT, ""),
        Waiting(Reason.PENDING, "", after=1),
    ],
)
def test_nothing_else_stalls(outcome: Outcome | None) -> None:
    assert stalled_by(outcome) == {}


@pytest.mark.parametrize("soft", [SOFT, waiting_for("RoleReady")])
def test_a_soft_verdict_gives_way_to_what_is_true(soft: Verdict) -> None:
    assert pass_of({ROLE: soft, TOKEN: OK}, CONVERGED) == CONVERGED


@pytest.mark.parametrize("before", [NO, UNKNOWN, None])
def test_a_soft_verdict_overrules_all_else(before: Verdict | None) -> None:
    previous = pass_of({ROLE: before} if before else {}, now=EARLIER)
    told = condition(pass_of({ROLE: SOFT}, previous), ROLE)
    assert (told.status, told.reason) == (ConditionStatus.UNKNOWN, "AwsThrottled")


def test_what_was_true_of_another_spec_says_nothing_of_this_one() -> None:
    changed = pass_of({ROLE: SOFT, TOKEN: OK}, CONVERGED, generation=2)
    assert condition(changed, ROLE).status is ConditionStatus.UNKNOWN
    assert condition(changed, ConditionType.READY).status is ConditionStatus.UNKNOWN


def test_a_verdict_on_ready_overrules_the_others_and_ends_reconciling() -> None:
    paused = {ConditionType.READY: Verdict.unknown(Reason.PAUSED, "paused")}
    for previous in (CONVERGED, pass_of({ROLE: NO}, now=EARLIER)):
        conditions = pass_of(paused, previous)
        assert texts(conditions)["Ready"] == ("Unknown", "Paused", "paused")
        assert find_condition(conditions, ConditionType.RECONCILING) is None
        assert pass_of(paused, conditions, now=NOW + timedelta(hours=1)) == conditions


def test_the_generation_is_the_one_that_was_looked_at() -> None:
    conditions = pass_of({ROLE: OK}, CONVERGED, generation=7)
    generations = {item.type: item.observed_generation for item in conditions}
    assert generations == {"RoleReady": 7, "JoinTokenReady": 1, "Ready": 7, "Reconciling": 7}
    assert texts(conditions)["Ready"] == (
        "Unknown",
        "Pending",
        "JoinTokenReady: Not looked at since the spec changed.",
    )


def test_the_time_moves_with_the_status_alone() -> None:
    same = pass_of({ROLE: Verdict.ok("still there"), TOKEN: OK}, CONVERGED)
    assert {item.last_transition_time for item in same} == {EARLIER}
    assert condition(same, ROLE).message == "still there"
    lowered = pass_of({ROLE: NO, TOKEN: OK}, same)
    assert {item.type: item.last_transition_time for item in lowered} == {
        "RoleReady": NOW.replace(microsecond=0),
        "JoinTokenReady": EARLIER,
        "Ready": NOW.replace(microsecond=0),
        "Reconciling": NOW.replace(microsecond=0),
    }
