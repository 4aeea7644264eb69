"""Whatever a write of the main job is answered once, the operator comes to the same end."""

from collections.abc import Callable

import pytest
from rds_enrollment.api.reasons import Reason

from hack.sandbox.gate import Fault
from tests.chaos.arena import Arena
from tests.chaos.bounds import EXTRA_WRITES
from tests.chaos.gates import Moment
from tests.chaos.runs import Run
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus
from tests.chaos.wrong_answers import WrongAnswer, misled, wrong_answers

pytestmark = pytest.mark.slow

SLICE = {
    (Moment.BEFORE, Fault.THROTTLED, "ecs:CreateService"),
    (Moment.BEFORE, Fault.DENIED, "proto.AuthService/CreateTokenV2"),
    (Moment.BEFORE, Fault.CONFLICT, "patch rdsenrollments"),
    (Moment.AFTER, Fault.UNAVAILABLE, "iam:CreateOpenIDConnectProvider"),
    (Moment.AFTER, Fault.CUT_SHORT, "ecs:RegisterTaskDefinition"),
    (Moment.AFTER, None, "teleport.integration.v1.IntegrationService/CreateIntegration"),
}
"""One of each kind of answer, and each system."""

DENIED = {"aws": Reason.ACCESS_DENIED, "teleport": Reason.TELEPORT_ACCESS_DENIED}
"""What a condition says of a refusal until the write is done. The API server may refuse the very report."""


def in_slice(plan: WrongAnswer) -> bool:
    return (plan.at.moment, plan.fault, plan.at.write.operation) in SLICE


PLANS = chosen(wrong_answers(CREATE), in_slice)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_a_wrong_answer_changes_nothing_in_the_end(
    arena: Arena, reference: Run, plan: WrongAnswer, record_property: Callable[[str, object], None]
) -> None:
    run, said = misled(arena, CREATE, plan, reference)
    extra = surplus(run.writes, reference.writes)
    record_property("extra writes", ", ".join(map(str, extra)))
    assert len(extra) <= EXTRA_WRITES, extra
    if plan.fault is Fault.DENIED and plan.at.write.system in DENIED:
        operation = plan.at.write.operation.rpartition("/")[2]
        assert any(each.reason == DENIED[plan.at.write.system] and operation in each.message for each in said)
