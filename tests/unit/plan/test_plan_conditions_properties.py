"""Rules that hold for every history of verdicts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.api.conditions import Conditions, ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict, merge

START = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
REQUIRED = (ConditionType.ROLE_READY, ConditionType.JOIN_TOKEN_READY, ConditionType.NETWORK_READY)
INFORMING = (ConditionType.IAM_AUTHENTICATION_ENABLED, ConditionType.DATABASES_REACHABLE)

statuses = st.sampled_from(ConditionStatus)
reasons = st.sampled_from([Reason.SUCCEEDED, Reason.ACCESS_DENIED, Reason.IN_PROGRESS])
verdicts = st.one_of(
    st.builds(Verdict, statuses, reasons, st.sampled_from(["a", "b"])),
    st.builds(lambda: Verdict.unknown(Reason.AWS_THROTTLED, "slow", soft=True)),
)
stalled = st.builds(lambda: Verdict(ConditionStatus.TRUE, Reason.INVALID_SPEC, "cannot be"))
passes = st.tuples(
    st.integers(min_value=0, max_value=1),
    st.builds(
        lambda ordinary, terminal: (
            ordinary if terminal is None else ordinary | {ConditionType.STALLED: terminal}
        ),
        st.dictionaries(st.sampled_from([*REQUIRED, *INFORMING]), verdicts),
        st.one_of(st.none(), stalled),
    ),
)
Pass = tuple[int, Mapping[ConditionType, Verdict]]
histories = st.lists(passes, min_size=1, max_size=6)


def told(history: Sequence[Pass]) -> list[tuple[datetime, int, Conditions]]:
    """Time, generation and conditions after each pass, one minute apart."""
    conditions: Conditions = ()
    generation = 1
    ends = []
    for index, (changes, said) in enumerate(history):
        generation += changes
        now = START + timedelta(minutes=index)
        conditions = merge(conditions, said, required=REQUIRED, generation=generation, now=now)
        ends.append((now, generation, conditions))
    return ends


def statuses_of(conditions: Conditions) -> dict[str, ConditionStatus]:
    return {condition.type: condition.status for condition in conditions}


@settings(deadline=None)
@given(history=histories)
def test_each_type_stands_once_and_all_required_ones_stand(history: list[Pass]) -> None:
    for _, _, conditions in told(history):
        types = [condition.type for condition in conditions]
        assert len(types) == len(set(types))
        assert {*REQUIRED, ConditionType.READY} <= set(types)


@settings(deadline=None)
@given(history=histories)
def test_ready_is_the_worst_of_the_required_ones(history: list[Pass]) -> None:
    for _, generation, conditions in told(history):
        found = {condition.type: condition for condition in conditions}
        below = {found[kind].status.value for kind in REQUIRED}
        if any(found[kind].observed_generation != generation for kind in REQUIRED):
            below |= {"Unknown"}
        worst = next(status for status in ("False", "Unknown", "True") if status in below)
        assert found[ConditionType.READY].status == worst


@settings(deadline=None)
@given(history=histories)
def test_an_object_reconciles_until_it_is_ready_or_stalled(history: list[Pass]) -> None:
    for (_, said), (_, _, conditions) in zip(history, told(history), strict=True):
        found = statuses_of(conditions)
        assert (ConditionType.STALLED in found) == (ConditionType.STALLED in said)
        settled = found[ConditionType.READY] == "True" or ConditionType.STALLED in found
        assert (ConditionType.RECONCILING in found) == (not settled)


@settings(deadline=None)
@given(history=histories)
def test_the_time_moves_exactly_when_the_status_does(history: list[Pass]) -> None:
    ends = told(history)
    for (_, _, before), (now, _, after) in pairwise([(START, 1, ()), *ends]):
        known = {condition.type: condition for condition in before}
        for condition in after:
            if condition.type in known and known[condition.type].status == condition.status:
                assert condition.last_transition_time == known[condition.type].last_transition_time
            else:
                assert condition.last_transition_time == now


@settings(deadline=None)
@given(history=histories)
def test_the_same_pass_again_changes_nothing(history: list[Pass]) -> None:
    again = [*history, (0, history[-1][1])]
    ends = told(again)
    assert ends[-1][2] == ends[-2][2]


@settings(deadline=None)
@given(history=histories)
def test_ready_is_never_true_before_this_generation_was_looked_at(history: list[Pass]) -> None:
    looked: dict[ConditionType, int] = {}
    for (_, said), (_, generation, conditions) in zip(history, told(history), strict=True):
        looked |= {kind: generation for kind, verdict in said.items() if not verdict.soft}
        found = {condition.type: condition for condition in conditions}
        for kind in REQUIRED:
            if found[kind].status == "True":
                assert found[kind].observed_generation == looked[kind]
