"""A leader that is stopped at any write and wakes up after another took over leaves no trace of it."""

from collections.abc import Callable

import pytest

from tests.chaos.arena import Arena
from tests.chaos.bounds import EXTRA_WRITES, most_reports
from tests.chaos.gates import Moment
from tests.chaos.golden import crashes
from tests.chaos.overtakes import Awakening, Overtake, overtaken
from tests.chaos.runs import Run
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus

pytestmark = pytest.mark.slow

ALL = [Overtake(pause, awakening) for awakening in Awakening for pause in crashes(CREATE)]
SLICE = {
    (Awakening.LATE, Moment.BEFORE, "ecs:RegisterTaskDefinition"),
    (Awakening.LATE, Moment.BEFORE, "put databaseservicedeployments/status"),
    (Awakening.AMID, Moment.AFTER, "ecs:CreateService"),
}
"""Writes that nothing refuses when they come late, that the API server refuses, and that others build on."""


def in_slice(plan: Overtake) -> bool:
    write = plan.pause.write
    first = " Ready=" not in write.target and write.occurrence == 1
    return first and (plan.awakening, plan.pause.moment, write.operation) in SLICE


PLANS = chosen(ALL, in_slice)


def test_there_are_enough_interleavings() -> None:
    assert len(ALL) >= 100
    assert len(PLANS) in (len(SLICE), len(ALL))


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_a_leader_that_wakes_up_too_late_changes_nothing(
    arena: Arena, reference: Run, plan: Overtake, record_property: Callable[[str, object], None]
) -> None:
    came = overtaken(arena, CREATE, plan, reference)
    extra = surplus(came.run.writes, reference.writes)
    record_property("extra writes", ", ".join(map(str, extra)))
    record_property("reports", f"{came.run.reports}, of one leader {reference.reports}")
    assert came.exit_code == 1, "it has to end"
    assert len(extra) <= EXTRA_WRITES, extra
    assert came.run.reports <= most_reports(reference.reports)
    assert not surplus(came.after_all, ()), "they take turns"
    if plan.awakening is Awakening.LATE:
        assert len(came.after_waking) <= 1, f"more than the held write: {came.after_waking}"
