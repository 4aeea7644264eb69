"""The operator, killed before and after each write to a security group, comes to the same end: no group is made twice,
no rule is added twice or forgotten."""

import pytest

from tests.chaos.arena import Arena
from tests.chaos.bounds import EXTRA_WRITES
from tests.chaos.gates import Crash
from tests.chaos.golden import crashes, read_golden
from tests.chaos.runs import Run, crashed, undisturbed
from tests.chaos.workloads import ACCESS
from tests.chaos.writes import surplus

pytestmark = pytest.mark.slow

OF_GROUPS = [crash for crash in crashes(ACCESS) if crash.write.operation.startswith("ec2:")]


@pytest.fixture(scope="module")
def reference(arena: Arena) -> Run:
    """Left alone."""
    return undisturbed(arena, ACCESS)


def test_the_job_costs_exactly_these_writes(reference: Run) -> None:
    assert sorted(reference.writes) == read_golden(ACCESS)


@pytest.mark.parametrize("crash", OF_GROUPS, ids=str)
def test_a_killed_operator_comes_to_the_same_end(arena: Arena, reference: Run, crash: Crash) -> None:
    run = crashed(arena, ACCESS, crash, reference)
    extra = surplus(run.writes, reference.writes)
    assert len(extra) <= EXTRA_WRITES, extra
