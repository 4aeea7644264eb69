"""The operator, killed before and after each external write of the main job, comes to the same end."""

from collections.abc import Callable

import pytest

from tests.chaos.arena import Arena
from tests.chaos.bounds import EXTRA_WRITES, most_reports
from tests.chaos.gates import Crash, Moment
from tests.chaos.golden import crashes, read_golden
from tests.chaos.runs import Run, crashed
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus
from tests.quick import some_quick


def in_slice(crash: Crash) -> bool:
    """Where a lost answer leaves most behind, and where a status is the only memory."""
    if crash.moment is Moment.AFTER:
        return any(verb in crash.write.operation for verb in (":Create", ":Register", "/Create"))
    return crash.write.operation.endswith("/status") and "Ready=" not in crash.write.target


def is_quick(crash: Crash) -> bool:
    """One of each system."""
    return any(
        name in f"{crash.write}" for name in ("CreateService", "CreateIntegration", "rdsenrollments/status")
    )


PLANS = chosen(crashes(CREATE), in_slice)


def test_the_main_job_costs_exactly_these_writes(reference: Run) -> None:
    assert sorted(reference.writes) == read_golden(CREATE)


@pytest.mark.parametrize("crash", some_quick(PLANS, is_quick), ids=str)
def test_a_killed_operator_comes_to_the_same_end(
    arena: Arena, reference: Run, crash: Crash, record_property: Callable[[str, object], None]
) -> None:
    run = crashed(arena, CREATE, crash, reference)
    extra = surplus(run.writes, reference.writes)
    record_property("extra writes", ", ".join(map(str, extra)))
    record_property("reports", f"{run.reports}, without a crash {reference.reports}")
    assert len(extra) <= EXTRA_WRITES, extra
    assert run.reports <= most_reports(reference.reports)
