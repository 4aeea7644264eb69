"""Without the Lease nothing is sent to AWS, not even the second attempt of a call that began with it."""

import pytest
from rds_enrollment.aws.ec2 import get_subnets
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.runtime.fence import Fence, NotLeadingError

from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import StubAws


def describe(fence: Fence) -> None:
    get_subnets(AwsClients(guard=fence.check).own(), REGION, ["subnet-1"])


def test_nothing_is_sent_through_a_closed_fence(stub: StubAws, static_credentials: None) -> None:
    with pytest.raises(NotLeadingError):
        describe(Fence())
    assert not stub.requests


def test_a_call_is_not_tried_again_through_a_closed_fence(stub: StubAws, static_credentials: None) -> None:
    fence = Fence(lambda: 0.0)
    fence.open_until(1.0)

    def answer(request: AwsRequest) -> Reply:
        fence.close()
        return error_reply(request.service, "InternalError", "Try again.", 500)

    stub.answer = answer
    with pytest.raises(NotLeadingError):
        describe(fence)
    assert len(stub.requests) == 1
