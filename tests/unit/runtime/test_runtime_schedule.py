"""The state of the queue, on a clock that the test turns."""

from rds_enrollment.runtime.schedule import Schedule


def take(schedule: Schedule[str], now: float = 0) -> str | None:
    taken = schedule.take(now)
    return None if taken is None else taken[0]


def test_a_key_waits_once() -> None:
    schedule: Schedule[str] = Schedule()
    assert schedule.add("a", 0)
    assert not schedule.add("a", 1)
    assert len(schedule.waiting) == 1
    assert take(schedule) == "a"
    assert take(schedule) is None


def test_keys_come_in_the_order_of_their_arrival() -> None:
    schedule: Schedule[str] = Schedule()
    for key in "cab":
        schedule.add(key, 0)
    assert [take(schedule) for _ in range(3)] == ["c", "a", "b"]


def test_a_key_being_processed_is_not_handed_out_but_waits_again_behind_the_others() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", 0)
    assert take(schedule) == "a"
    assert schedule.add("a", 1)
    assert not schedule.add("a", 2)
    schedule.add("b", 3)
    assert len(schedule.waiting) == 2
    schedule.done("a")
    assert [take(schedule), take(schedule)] == ["b", "a"]


def test_a_key_that_was_not_added_meanwhile_does_not_wait_again() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", 0)
    take(schedule)
    schedule.done("a")
    assert take(schedule) is None


def test_taking_tells_how_long_the_key_waited() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", 10)
    assert schedule.take(17) == ("a", 7)
    assert schedule.processing == {"a": 17}


def test_a_delayed_key_waits_from_its_due_time_on() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add_at("a", 10)
    assert schedule.next_due() == 10
    assert schedule.promote(9.9) == []
    assert take(schedule) is None
    assert schedule.promote(10) == ["a"]
    assert take(schedule) == "a"
    assert schedule.next_due() is None


def test_of_several_due_times_the_earliest_wins() -> None:
    schedule: Schedule[str] = Schedule()
    for due in (20, 10, 30):
        schedule.add_at("a", due)
    assert schedule.next_due() == 10
    assert schedule.promote(100) == ["a"]
    assert len(schedule.waiting) == 1


def test_handing_out_drops_the_due_time_as_the_pass_names_a_new_one() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add_at("a", 10)
    schedule.add("a", 5)
    take(schedule, 5)
    assert schedule.next_due() is None
    schedule.add_at("a", 30)
    schedule.done("a")
    assert schedule.promote(10) == []
    assert schedule.promote(30) == ["a"]


def test_a_key_that_comes_due_while_it_is_processed_waits_again_afterwards() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("a", 0)
    take(schedule, 0)
    schedule.add_at("a", 1)
    assert schedule.promote(1) == ["a"]
    assert take(schedule, 1) is None
    schedule.done("a")
    assert take(schedule, 1) == "a"
