"""set_condition: one condition a type, order kept, lastTransitionTime moved by status alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.api.base import clip
from rds_enrollment.api.conditions import (
    MESSAGE_BYTES,
    Condition,
    Conditions,
    ConditionStatus,
    find_condition,
    remove_condition,
    set_condition,
)
from rds_enrollment.api.reasons import ConditionType, Reason

types = st.sampled_from(ConditionType)
statuses = st.sampled_from(ConditionStatus)
reasons = st.sampled_from(Reason)
generations = st.integers(min_value=0, max_value=2**40)
times = st.datetimes(
    min_value=datetime.fromisoformat("2020-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.just(UTC),
)
updates = st.tuples(types, statuses, reasons, st.text(max_size=3000), generations, times)
Update = tuple[ConditionType, ConditionStatus, Reason, str, int, datetime]


def after(history: list[Update]) -> Conditions:
    conditions: Conditions = ()
    for update in history:
        conditions = set_condition(conditions, *update)
    return conditions


@given(st.lists(updates), updates)
def test_says_what_was_set(history: list[Update], update: Update) -> None:
    type_, status, reason, message, generation, _ = update
    condition = find_condition(after([*history, update]), type_)
    assert condition is not None
    assert (condition.status, condition.reason, condition.observed_generation) == (status, reason, generation)
    assert condition.message == clip(message, MESSAGE_BYTES)


@given(st.lists(updates), updates)
def test_leaves_the_others_and_the_order_alone(history: list[Update], update: Update) -> None:
    before = after(history)
    changed = set_condition(before, *update)
    assert remove_condition(changed, update[0]) == remove_condition(before, update[0])
    names = [condition.type for condition in changed]
    assert len(names) == len(set(names))
    assert names[: len(before)] == [condition.type for condition in before]


@given(st.lists(updates), updates, updates)
def test_transition_time_moves_with_the_status_only(
    history: list[Update], first: Update, second: Update
) -> None:
    before = set_condition(after(history), *first)
    old = find_condition(before, first[0])
    new = find_condition(set_condition(before, first[0], *second[1:]), first[0])
    assert old is not None
    assert new is not None
    if old.status == second[1]:
        assert new.last_transition_time == old.last_transition_time
    else:
        assert new.last_transition_time == second[5].replace(microsecond=0)


@given(st.lists(updates, min_size=1))
def test_setting_the_same_again_changes_nothing(history: list[Update]) -> None:
    conditions = after(history)
    type_, status, reason, message, generation, now = history[-1]
    later = now + timedelta(days=1)
    assert set_condition(conditions, type_, status, reason, message, generation, later) == conditions


@given(st.lists(updates))
def test_survives_the_api_server(history: list[Update]) -> None:
    for condition in after(history):
        assert Condition.model_validate_json(condition.model_dump_json()) == condition


@given(st.lists(updates), types)
def test_removed_is_absent(history: list[Update], type_: ConditionType) -> None:
    assert find_condition(remove_condition(after(history), type_), type_) is None


@given(st.text(), st.integers(min_value=3, max_value=64))
def test_clip_keeps_within_bytes(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped.encode()) <= limit
    assert clipped == text or (clipped.endswith("…") and text.startswith(clipped[:-1]))
