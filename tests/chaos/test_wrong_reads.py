"""Whatever the first read of each kind is answered, the operator comes to the same end, and makes nothing twice."""

from collections.abc import Callable

import pytest

from hack.sandbox.gate import Fault
from tests.chaos.arena import Arena
from tests.chaos.misreads import READ_FAULTS, misread
from tests.chaos.runs import Run
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus

pytestmark = pytest.mark.slow

IN_AWS = {"ecs", "iam", "rds", "sts"}
"""Query and JSON; EC2's own protocol is among the others, but for denials."""
OPERATIONS = 15
"""That the main job reads with, at least."""
PLANS = chosen(READ_FAULTS, lambda fault: fault in (Fault.DENIED, Fault.CUT_SHORT))


@pytest.mark.parametrize("fault", PLANS, ids=str)
def test_a_wrong_answer_to_each_read_changes_nothing_in_the_end(
    arena: Arena, reference: Run, fault: Fault | None, record_property: Callable[[str, object], None]
) -> None:
    run, misled = misread(arena, CREATE, fault, reference)
    record_property("answered wrongly", ", ".join(sorted(misled)))
    assert len(misled) >= OPERATIONS, misled
    assert {operation.partition(":")[0] for operation in misled} >= IN_AWS
    extra = [write for write in surplus(run.writes, reference.writes) if write.system != "kubernetes"]
    assert extra == []
