"""The rules by which two runs of a workload can be compared at all."""

from datetime import UTC, datetime

import pytest

from hack.sandbox.gate import Cut, Write
from tests.chaos.gates import Crash, Moment, Recorder, killing
from tests.chaos.masks import Mask
from tests.chaos.state import difference
from tests.chaos.writes import Namer, WriteName, surplus

CREATE_ROLE = Write("aws", "iam:CreateRole", "agents-vpc-0")
EVENTS = "post events"
STATUS = "put rdsenrollments/status"


def masked(text: str) -> str:
    return text.replace("vpc-0", "<vpc>")


def unmasked(text: str) -> str:
    return text


def test_a_write_is_known_by_its_masked_target_and_its_number() -> None:
    namer = Namer(masked)
    names = [name for _ in range(2) for name in namer.names_of(CREATE_ROLE)]
    assert names == [WriteName("aws", "iam:CreateRole", "agents-<vpc>", number) for number in (1, 2)]


def test_of_statuses_the_first_and_the_first_ready_one_have_names() -> None:
    namer = Namer(unmasked)
    named = [
        namer.names_of(Write("kubernetes", STATUS, target))
        for target in ("a Ready=Unknown", "a Ready=False", "a Ready=True", "a Ready=True", "b Ready=True")
    ]
    first, second = (WriteName("kubernetes", STATUS, obj, 1) for obj in "ab")
    first_ready, second_ready = (WriteName("kubernetes", STATUS, f"{obj} Ready=True", 1) for obj in "ab")
    assert named == [(first,), (), (first_ready,), (), (second, second_ready)]


def test_of_events_the_first_that_says_ready_has_a_name() -> None:
    namer = Namer(unmasked)
    targets = ("K a RoleReady", "K a Ready", "K a Ready", "K a NotReady")
    named = [namer.names_of(Write("kubernetes", EVENTS, target)) for target in targets]
    assert named == [(), (WriteName("kubernetes", EVENTS, "K a Ready", 1),), (), ()]


def test_a_second_write_of_a_name_is_surplus_and_reports_are_not() -> None:
    once, twice = (WriteName("aws", "ecs:CreateService", "a", number) for number in (1, 2))
    status = WriteName("kubernetes", STATUS, "a", 1)
    assert surplus([once, status, twice], [once]) == [twice]


@pytest.mark.parametrize(("moment", "kept"), [(Moment.BEFORE, []), (Moment.AFTER, [CREATE_ROLE])])
def test_the_planned_write_is_cut_at_its_moment(moment: Moment, kept: list[Write]) -> None:
    name = WriteName("aws", CREATE_ROLE.operation, CREATE_ROLE.target, 1)
    killed: list[str] = []
    recorder = Recorder(unmasked, Crash(name, moment), killing(lambda: killed.append("operator")))
    with pytest.raises(Cut):
        pass_gate(recorder, CREATE_ROLE)
    assert recorder.crashed.is_set()
    assert killed == ["operator"]
    assert recorder.names == [name for _ in kept]


def test_the_repetition_of_a_cut_write_has_its_name_and_lives() -> None:
    name = WriteName("aws", CREATE_ROLE.operation, CREATE_ROLE.target, 1)
    recorder = Recorder(unmasked, Crash(name, Moment.BEFORE), killing(lambda: None))
    with pytest.raises(Cut):
        pass_gate(recorder, CREATE_ROLE)
    pass_gate(recorder, CREATE_ROLE)
    assert recorder.names == [name]


def pass_gate(recorder: Recorder, write: Write) -> None:
    recorder.before(write)
    recorder.after(write)


def test_a_mask_takes_out_what_differs_and_keeps_what_does_not() -> None:
    mask = Mask({"vpc-0a": "<vpc>", "team-1": "<namespace>"})
    assert mask.value(
        {
            "vpc-0a": ["team-1/b", "a"],
            "groups": ["vpc-0a", "team-1"],
            "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "tasks": [{"id": "b" * 32, "host": "ip-10-0-0-4.internal"}, {"id": "a" * 32, "count": 2}],
            "cidr": "10.0.0.0/16",
        }
    ) == {
        "<vpc>": ["<namespace>/b", "a"],
        "groups": ["<namespace>", "<vpc>"],
        "at": "<time>",
        "tasks": [{"count": 2, "id": "<task>"}, {"host": "<host>.internal", "id": "<task>"}],
        "cidr": "10.0.0.0/16",
    }


def test_a_thing_that_is_there_twice_is_a_difference() -> None:
    role = {"RoleName": "agents"}
    expected = {"aws": {"roles": [role]}}
    assert difference(expected, {"aws": {"roles": [role]}}) == ""
    assert '+    "RoleName": "agents"' in difference(expected, {"aws": {"roles": [role, role]}})
