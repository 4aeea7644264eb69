"""Reads that show an earlier state for a while lead to the same end, and nothing is made twice for them."""

import pytest

from tests.chaos.arena import Arena
from tests.chaos.lags import Lag, lagged
from tests.chaos.runs import Run
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import WriteName, surplus

pytestmark = pytest.mark.slow

ALL = [
    *(Lag("aws", operations, reads) for operations in ("", "iam:", "ecs:") for reads in range(1, 6)),
    *(Lag(system, "", reads) for system in ("kubernetes", "teleport") for reads in range(1, 6)),
]
SLICE = (Lag("aws", "", 1), Lag("kubernetes", "", 1), Lag("teleport", "", 1))
PLANS = chosen(ALL, lambda lag: lag in SLICE)


@pytest.mark.parametrize("lag", PLANS, ids=str)
def test_what_is_not_shown_yet_is_not_made_again(arena: Arena, reference: Run, lag: Lag) -> None:
    run, stale = lagged(arena, CREATE, lag, reference)
    assert stale > 0
    assert [write for write in surplus(run.writes, reference.writes) if not _comes_to_nothing(write)] == []


def _comes_to_nothing(write: WriteName) -> bool:
    """The API server is asked again for finalizers that are there, and for fields that are applied. Teleport refuses a
    second object of a name."""
    return write.system == "kubernetes" or (write.system == "teleport" and "/Create" in write.operation)
