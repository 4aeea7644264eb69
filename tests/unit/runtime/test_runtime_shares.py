"""What each of those who share a number of places may hold."""

import pytest
from rds_enrollment.runtime.shares import SLOW_SECONDS, Shares


def room(shares: Shares[str], holder: str) -> int:
    """How many places the holder can take, one after the other; it has none of them afterwards."""
    taken = 0
    while shares.has_room(holder):
        shares.take(holder)
        taken += 1
    for _ in range(taken):
        shares.give_back(holder, 0)
    return taken


@pytest.mark.parametrize(("places", "share"), [(0, 1), (1, 1), (7, 1), (8, 2), (64, 16)])
def test_a_quarter_of_the_places_and_one_at_least(places: int, share: int) -> None:
    assert room(Shares(places), "a") == share


def test_who_holds_a_share_takes_nothing_from_the_others() -> None:
    shares: Shares[str] = Shares(8)
    for _ in range(2):
        shares.take("a")
    assert not shares.has_room("a")
    assert room(shares, "b") == 2
    shares.give_back("a", 0)
    assert shares.has_room("a")


def test_who_was_slow_gets_one_place_until_quick_again() -> None:
    shares: Shares[str] = Shares(16)
    for _ in range(3):
        shares.take("a")
    shares.give_back("a", SLOW_SECONDS + 1)
    assert shares.slow == {"a"}
    assert not shares.has_room("a")  # two are held still
    shares.give_back("a", SLOW_SECONDS + 1)
    assert not shares.has_room("a")
    assert room(shares, "b") == 4
    shares.give_back("a", SLOW_SECONDS)
    assert shares.slow == frozenset()
    assert room(shares, "a") == 4
