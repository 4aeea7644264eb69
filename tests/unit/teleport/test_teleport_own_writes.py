"""When a write of ours needs no more reading back, and when its event is news. No I/O."""

from rds_enrollment.teleport.kinds import ABSENT, Kind
from rds_enrollment.teleport.own_writes import OwnWrites

ADDRESS = (Kind.DATABASE, "orders")


def written(replaced: str | None = "r0") -> OwnWrites:
    own = OwnWrites()
    own.begin(ADDRESS)
    own.end(ADDRESS, replaced)
    return own


def test_it_is_read_back_until_the_stream_has_delivered_what_was_read() -> None:
    own = written()
    assert own.names(Kind.DATABASE) == ["orders"]
    assert own.names(Kind.TOKEN) == []
    assert not own.read_back(ADDRESS, "r1", held="r0")
    assert own.has(ADDRESS)
    assert own.deliver(ADDRESS, "r1")
    assert not own.has(ADDRESS)


def test_an_event_that_was_faster_than_the_look_ends_it() -> None:
    own = written()
    assert own.deliver(ADDRESS, "r1")
    assert own.read_back(ADDRESS, "r1", held="r1")
    assert not own.has(ADDRESS)


def test_an_event_before_the_answer_of_the_write_counts() -> None:
    own = OwnWrites()
    own.begin(ADDRESS)
    assert own.deliver(ADDRESS, "r1")
    own.end(ADDRESS, "r0")
    assert own.read_back(ADDRESS, "r1", held="r1")


def test_somebody_elses_look_during_the_write_ends_nothing() -> None:
    own = OwnWrites()
    own.begin(ADDRESS)
    own.deliver(ADDRESS, "r0")
    assert own.read_back(ADDRESS, "r0", held="r0")
    assert own.has(ADDRESS)
    own.end(ADDRESS, "r0")
    assert own.is_outdated(ADDRESS, "r0")


def test_a_slow_look_that_the_stream_has_overtaken_ends_it() -> None:
    """The memory has r2 by then: it is newer than what was read."""
    own = written()
    own.deliver(ADDRESS, "r1")
    own.deliver(ADDRESS, "r2")
    assert own.read_back(ADDRESS, "r1", held="r2")
    assert not own.has(ADDRESS)


def test_a_foreign_change_after_the_look_is_news() -> None:
    own = written()
    assert not own.read_back(ADDRESS, "r1", held="r0")
    assert not own.deliver(ADDRESS, "r2")
    assert own.has(ADDRESS)


def test_an_equal_revision_in_memory_proves_nothing_while_its_event_may_still_come() -> None:
    """It may be from a listing, and an older event be on its way."""
    own = written()
    assert not own.read_back(ADDRESS, "r1", held="r1")


def test_a_listing_of_a_later_stream_proves_it() -> None:
    own = written()
    own.stream_begins()
    assert own.read_back(ADDRESS, "r1", held="r1")
    assert not own.has(ADDRESS)


def test_the_state_from_before_is_known_by_its_revision() -> None:
    assert written("r0").is_outdated(ADDRESS, "r0")
    assert not written("r0").is_outdated(ADDRESS, "r1")
    assert written(ABSENT).is_outdated(ADDRESS, ABSENT)
    assert not written(None).is_outdated(ADDRESS, ABSENT)


def test_what_was_not_written_is_never_read_back() -> None:
    own = OwnWrites()
    assert not own.has(ADDRESS)
    assert not own.deliver(ADDRESS, "r1")
    assert own.read_back(ADDRESS, "r1", held="r1")
    assert not own.is_outdated(ADDRESS, "r1")
