"""The collector of cycles: asked rarely, and not about what lives as long as the process."""

import gc
from collections.abc import Iterator

import pytest
from rds_enrollment.runtime.garbage import spare_the_event_loop


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_is_there_is_looked_at_no_more() -> None:
    spare_the_event_loop()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 10_000


def test_a_hundred_thousand_objects_cost_no_look_at_everything() -> None:
    spare_the_event_loop()
    before = gc.get_stats()[2]["collections"]
    kept = [[number] for number in range(100_000)]
    assert gc.get_stats()[2]["collections"] == before
    assert len(kept) == 100_000


def test_cycles_still_go() -> None:
    spare_the_event_loop()
    before = gc.get_stats()[0]["collections"]
    for _ in range(50_000):
        cycle: list[object] = []
        cycle.append(cycle)
    assert gc.get_stats()[0]["collections"] > before
