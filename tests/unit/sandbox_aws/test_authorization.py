"""What the sandbox's IAM allows: patterns, conditions, refusals."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hack.sandbox.aws.authorization import Check, allowed
from hack.sandbox.aws.patterns import fits, statements_of

ROLE = "arn:aws:iam::123456789012:role/teams/agents"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "iam:*Role", "Resource": "arn:aws:iam::*:role/*", **elements}


@given(pattern=st.text("ab*?", max_size=8), text=st.text("ab", max_size=8))
def test_patterns_mean_what_shells_mean(pattern: str, text: str) -> None:
    assert fits(pattern, text) == fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow()], True),
        ([allow(Action="IAM:getrole")], True),
        ([allow(Action=["sts:AssumeRole", "iam:TagRole"])], False),
        ([allow(Resource=ROLE.upper())], False),
        ([allow(Resource=["arn:aws:iam::*:role/other", ROLE])], True),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}})], True),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-*"}})], False),
        ([allow(Condition={"StringLike": {"aws:RequestedRegion": "eu-*"}})], True),
        ([allow(Condition={"StringLike": {"aws:RequestTag/team": "*"}})], False),
        ([allow(), allow(Effect="Deny")], False),
        ([], False),
    ],
)
def test_a_call_needs_an_allow_and_no_deny(statements: list[dict[str, Any]], expected: bool) -> None:
    check = Check("iam:GetRole", ROLE, {"aws:RequestedRegion": "eu-west-1"})
    assert allowed(policy(*statements), check) is expected


def test_what_is_not_understood_is_not_passed_over() -> None:
    with pytest.raises(LookupError, match="NotAction"):
        statements_of(policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}))
    odd = allow(Condition={"Bool": {"aws:SecureTransport": "true"}})
    with pytest.raises(LookupError, match="Bool"):
        allowed(policy(odd), Check("iam:GetRole", ROLE, {"aws:SecureTransport": "true"}))
