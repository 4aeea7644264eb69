"""Back-off: its bounds, its spread, its memory."""

import random

import pytest
from rds_enrollment.runtime.backoff import Backoff


class Highest(random.Random):
    """Always draws the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0
        return b


def test_the_upper_bound_doubles_up_to_the_cap() -> None:
    backoff: Backoff[str] = Backoff(Highest(), base=1, cap=10)
    assert [backoff.next("a") for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    assert backoff.failures("a") == 6


def test_keys_fail_apart_and_forgetting_starts_anew() -> None:
    backoff: Backoff[str] = Backoff(Highest(), base=1, cap=10)
    for _ in range(3):
        backoff.next("a")
    assert backoff.next("b") == 1
    backoff.forget("a")
    assert backoff.failures("a") == 0
    assert backoff.next("a") == 1


def test_the_delay_is_spread_over_the_whole_range() -> None:
    backoff: Backoff[int] = Backoff(random.Random(7), base=8, cap=300)  # noqa: S311 - jitter
    delays = [backoff.next(key) for key in range(1000)]
    assert min(delays) < 0.5
    assert max(delays) > 7.5
    assert max(delays) <= 8
    assert sum(delays) / len(delays) == pytest.approx(4, abs=0.3)


def test_a_key_that_fails_for_months_stays_at_the_cap() -> None:
    backoff: Backoff[str] = Backoff(Highest(), base=1, cap=300)
    for _ in range(2000):
        delay = backoff.next("a")
    assert delay == 300
