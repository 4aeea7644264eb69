from contextvars import copy_context
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.aws.ec2 import get_subnets
from rds_enrollment.aws.metrics import AwsCallMetrics
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.runtime import logging as logs
from rds_enrollment.runtime.reconciler import Key

from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import CutError, Refusal, StubAws, xml

NO_SUBNETS = xml("<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>")


class Observed:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **call: Any) -> None:
        self.calls.append(call)


class Ticks:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def observed() -> Observed:
    return Observed()


def describe(observed: Observed, attempts: int = 1) -> None:
    account = AwsClients(observe=observed, attempts=attempts, monotonic=Ticks()).own()
    get_subnets(account, REGION, ["subnet-1"])


def expected(**changes: Any) -> dict[str, Any]:
    call = {
        "service": "ec2",
        "region": REGION,
        "operation": "DescribeSubnets",
        "status_code": 200,
        "error_code": "",
        "seconds": 1.0,
        "retries": 0,
    }
    return {**call, **changes}


def test_a_success_is_reported(stub: StubAws, static_credentials: None, observed: Observed) -> None:
    stub.answer = lambda _: NO_SUBNETS

    describe(observed)

    assert observed.calls == [expected()]


def test_a_refusal_is_reported_with_its_code(
    stub: StubAws, static_credentials: None, observed: Observed
) -> None:
    stub.answer = Refusal("UnauthorizedOperation", status=403)

    with pytest.raises(Blocked):
        describe(observed)

    assert observed.calls == [expected(status_code=403, error_code="UnauthorizedOperation")]


def test_retries_are_one_call(stub: StubAws, static_credentials: None, observed: Observed) -> None:
    def answer(request: AwsRequest) -> Reply:
        if len(stub.requests) < 3:
            return error_reply(request.service, "InternalError", "Try again.", 500)
        return NO_SUBNETS

    stub.answer = answer

    describe(observed, attempts=4)

    assert observed.calls == [expected(retries=2)]


def test_a_call_without_an_answer_is_reported(
    stub: StubAws, static_credentials: None, observed: Observed
) -> None:
    def answer(_: AwsRequest) -> Reply:
        raise CutError

    stub.answer = answer

    with pytest.raises(Transient):
        describe(observed, attempts=2)

    assert observed.calls == [expected(status_code=0, error_code="ConnectionClosedError", retries=1)]


def test_calls_are_counted_by_controller_and_answer(stub: StubAws, static_credentials: None) -> None:
    registry = CollectorRegistry()
    account = AwsClients(observe=AwsCallMetrics(registry), attempts=2).own()
    call = {"service": "ec2", "region": REGION, "operation": "DescribeSubnets"}

    def answer(request: AwsRequest) -> Reply:
        if len(stub.requests) < 2:
            return error_reply(request.service, "RequestLimitExceeded", "Slow down.", 503)
        return NO_SUBNETS

    stub.answer = answer

    def describe_in_a_pass() -> None:
        logs.about(Key("RdsEnrollment", "team", "prod"))
        get_subnets(account, REGION, ["subnet-1"])

    copy_context().run(describe_in_a_pass)

    labels = {"controller": "rdsenrollment", **call}
    answered = {**labels, "status_code": "200", "error_code": ""}
    assert registry.get_sample_value("aws_api_requests_total", answered) == 1
    assert registry.get_sample_value("aws_api_call_retries_sum", labels) == 1
    assert registry.get_sample_value("aws_api_request_duration_seconds_count", labels) == 1


def test_with_debug_each_answer_is_a_line_with_its_request_id(
    stub: StubAws, static_credentials: None, observed: Observed, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answer = Refusal("UnauthorizedOperation", status=403)
    with caplog.at_level("DEBUG", "rds_enrollment.aws.calls"), pytest.raises(Blocked) as refused:
        describe(observed)
    (record,) = [record for record in caplog.records if record.name == "rds_enrollment.aws.calls"]
    assert record.getMessage() == "ec2:DescribeSubnets answered UnauthorizedOperation"
    fields = vars(record)
    assert (fields["region"], fields["status_code"]) == (REGION, 403)
    assert fields["request_id"]
    assert fields["request_id"] not in refused.value.message, "what repeats must read the same"
