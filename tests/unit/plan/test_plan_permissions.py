"""What IAM policies allow: AWS IAM User Guide, policy evaluation logic."""

from typing import Any

import pytest
from rds_enrollment.plan.permissions.evaluation import Grant, allows, grants, lacking, matches, policy_of


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


ROLE = "arn:aws:iam::123456789012:role/teams/agents"
ROLES = "arn:aws:iam::123456789012:role/Teleport*"
HERE = {"StringEquals": {"aws:RequestedRegion": "us-west-1"}}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow("iam:PassRole")], True),
        ([allow("IAM:passrole")], True),
        ([allow("iam:Pass*")], True),
        ([allow("*")], True),
        ([allow("iam:PassRol")], False),
        ([allow(["iam:GetRole", "iam:Pass????"])], True),
        ([allow("iam:PassRole", ROLE)], True),
        ([allow("iam:PassRole", "arn:aws:iam::123456789012:role/teams/*")], True),
        ([allow("iam:PassRole", "arn:aws:iam::123456789012:role/TEAMS/*")], False),
        ([allow("iam:PassRole", ["other", ROLE])], True),
        ([allow("iam:PassRole", Condition=HERE)], True),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ROLE}], False),
        ([allow("*"), {"Effect": "Deny", "Action": "iam:*", "Resource": ROLE}], False),
        ([allow("*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "other"}], True),
        ([allow("*"), {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": HERE}], True),
    ],
)
def test_an_action_on_a_resource(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert allows([document(*statements)], Grant("iam:PassRole", ROLE)) is allowed


def test_a_pattern_is_allowed_by_what_takes_in_all_of_it() -> None:
    assert allows([document(allow("iam:PassRole", "arn:aws:iam::*"))], Grant("iam:PassRole", ROLES))
    one = document(allow("iam:PassRole", ROLES.replace("*", "Agents")))
    assert not allows([one], Grant("iam:PassRole", ROLES))
    assert not matches("a?", "a*b", ignore_case=False)


def test_a_single_statement_needs_no_list() -> None:
    assert allows([{"Statement": allow("s3:*")}], Grant("s3:GetObject", "*"))


def test_what_is_lacking_is_what_its_policy_would_add() -> None:
    needed = [document(allow(["b:Two", "a:One"]), allow("c:Three", ROLE))]
    assert grants(needed) == (Grant("a:One", "*"), Grant("b:Two", "*"), Grant("c:Three", ROLE))
    had = [document(allow("a:*"))]
    missing = lacking(had, needed)
    assert missing == (Grant("b:Two", "*"), Grant("c:Three", ROLE))
    assert lacking([*had, policy_of(missing)], needed) == ()
