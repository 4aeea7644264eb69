"""What a scene asked of AWS is judged by its manifests: what they do not give a right for is told."""

from typing import Any

import pytest

from hack.sandbox.aws.wire import AwsRequest
from tests.cluster.permitted import Asked

ACCOUNT, REGION = "123456789012", "us-west-1"


def manifest(kind: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "prod", "namespace": "shop", "uid": "of-the-server"}
    return {"apiVersion": "rds-enrollment.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def integration(role: str) -> dict[str, Any]:
    return manifest("AwsOidcIntegration", accountId=ACCOUNT, role={"name": role})


ENROLLMENT = manifest(
    "RdsEnrollment", integrationRef={"name": "prod"}, regions=[REGION], databases={"all": {}}
)


def get_role(name: str) -> AwsRequest:
    return AwsRequest("iam", "GetRole", "us-east-1", "key", {"RoleName": name})


def describe(region: str) -> AwsRequest:
    return AwsRequest("rds", "DescribeDBInstances", region, "key")


def test_every_call_needs_a_manifest_that_gives_the_right() -> None:
    asked = Asked()
    for request in (get_role("before"), get_role("after"), describe(REGION)):
        asked(request, ACCOUNT)
    both = [integration("before"), integration("after")]
    asked.judge([*both, ENROLLMENT])

    with pytest.raises(AssertionError, match=r"rds:DescribeDBInstances on .*:us-west-1:123456789012:db"):
        asked.judge(both)
    with pytest.raises(AssertionError, match=r"iam:GetRole on .*role/before"):
        asked.judge([both[1], ENROLLMENT])
    asked(describe("us-east-1"), ACCOUNT)
    with pytest.raises(AssertionError, match="us-east-1"):
        asked.judge([*both, ENROLLMENT])


def test_an_account_of_no_manifest_and_an_unknown_call_are_told() -> None:
    asked = Asked()
    asked(AwsRequest("sts", "GetCallerIdentity", REGION, "key"), "222222222222")
    asked.judge([])
    asked(describe(REGION), "222222222222")
    with pytest.raises(AssertionError, match="in 222222222222"):
        asked.judge([integration("prod"), ENROLLMENT])


def test_what_the_sandbox_cannot_judge_is_told() -> None:
    asked = Asked()
    asked(AwsRequest("ec2", "RunInstances", REGION, "key"), ACCOUNT)
    with pytest.raises(AssertionError, match=r"ec2:RunInstances.*not known"):
        asked.judge([integration("prod")])
