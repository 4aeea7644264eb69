"""Requests to AWS in a second: bounded in each account and region, and nowhere else."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.aws.assumed_role import AssumedRole
from rds_enrollment.aws.ec2 import get_subnets
from rds_enrollment.aws.rate import BURST_SECONDS, RateLimit
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.plan.outcome import Transient

from hack.sandbox.aws.wire import error_reply
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import StubAws, xml

NO_SUBNETS = xml("<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>")


class Time:
    """A clock, which only those who sleep move on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def limit(per_second: float, time: Time) -> RateLimit:
    return RateLimit(per_second, clock=time, sleep=time.sleep)


def test_those_of_one_second_come_at_once_and_the_others_one_by_one() -> None:
    time = Time()
    rate = limit(4, time)
    came = []
    for _ in range(7):
        rate.wait("1", REGION)
        came.append(time.now - 1000.0)
    assert came == pytest.approx([0, 0, 0, 0, 0.25, 0.5, 0.75])


def test_less_than_one_in_a_second() -> None:
    time = Time()
    rate = limit(0.5, time)
    for _ in range(3):
        rate.wait("1", REGION)
    assert time.now - 1000.0 == pytest.approx(4.0)


def test_each_account_and_region_has_its_own() -> None:
    time = Time()
    rate = limit(1, time)
    for account, region in (("1", REGION), ("1", "eu-west-1"), ("2", REGION)):
        rate.wait(account, region)
    assert time.now == 1000.0


def test_without_a_limit_nobody_waits() -> None:
    time = Time()
    rate = limit(0, time)
    for _ in range(1000):
        rate.wait("1", REGION)
    assert time.now == 1000.0


@given(per_second=st.floats(1, 50), pauses=st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_in_no_span_of_time_are_there_more(per_second: float, pauses: list[float]) -> None:
    """However they come: a full bucket, and what comes into it meanwhile."""
    time = Time()
    rate = limit(per_second, time)
    sent = []
    for pause in pauses:
        time.now += pause
        rate.wait("1", REGION)
        sent.append(time.now)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            most = per_second * (sent[last] - start + BURST_SECONDS)
            assert last - first + 1 <= most + 1e-6 * per_second + 1e-6


def test_every_attempt_of_a_call_takes_a_token(
    stub: StubAws, static_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[str, str]] = []
    monkeypatch.setattr(RateLimit, "wait", lambda _, account, region: waits.append((account, region)))
    stub.answer = lambda request: error_reply(request.service, "InternalError", "Try again.", 500)

    with pytest.raises(Transient):
        get_subnets(AwsClients(attempts=2, calls_per_second=1).own(), REGION, ["subnet-1"])

    assert waits == [("", REGION)] * 2


def test_the_account_is_that_of_the_role_or_our_own(
    stub: StubAws, static_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[str, str]] = []
    monkeypatch.setattr(RateLimit, "wait", lambda _, account, region: waits.append((account, region)))
    stub.answer = lambda request: _ANSWERS[request.operation]
    clients = AwsClients(calls_per_second=1)

    clients.own().identity()
    get_subnets(clients.own(), REGION, ["subnet-1"])
    get_subnets(clients.assumed(AssumedRole("arn:aws:iam::222222222222:role/x")), REGION, ["subnet-1"])

    accounts = [account for account, region in waits if region == REGION]
    assert accounts == ["111111111111", "222222222222"]


_IDENTITY = xml(
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/me</Arn>"
    "<Account>111111111111</Account><UserId>me</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
_ROLE = xml(
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>unit-test</SecretAccessKey><SessionToken>unit-test</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
_ANSWERS: Mapping[str, Any] = {
    "GetCallerIdentity": _IDENTITY,
    "AssumeRole": _ROLE,
    "DescribeSubnets": NO_SUBNETS,
}
