from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.iam import get_identity_provider, get_role
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.outcome import Blocked, Conflict
from rds_enrollment.plan.steps import iam as steps

from hack.sandbox.aws.server import AwsSandbox

READY = ConditionType.ROLE_READY
TAGS = {"teleport.dev/cluster": "example.com", "rds-enrollment.dev/owner": "one/awsoidc/ns/a b+c"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    ],
}
OTHER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["rds:Describe*"], "Resource": "*"},
}


def create_role(**changes: Any) -> steps.CreateRole:
    wanted = {"role": "teleport-prod", "description": "For tests.", "trust": TRUST, "tags": TAGS}
    return steps.CreateRole(condition=READY, **{**wanted, **changes})


def put_policy(name: str) -> steps.PutRolePolicy:
    return steps.PutRolePolicy(condition=READY, role="teleport-prod", policy=name, document=POLICY)


def create_provider(url: str) -> steps.CreateIdentityProvider:
    return steps.CreateIdentityProvider(condition=READY, url=url, audiences=("discover.teleport",), tags=TAGS)


@pytest.mark.parametrize(
    "issuer", ["proxy.example.com", "proxy.example.com:3080", "bucket.example.com/prefix"]
)
def test_an_identity_provider_reads_back_as_created(account: AwsAccount, issuer: str) -> None:
    apply(account, create_provider(f"https://{issuer}"))

    provider = get_identity_provider(account, f"https://{issuer}")

    assert provider is not None
    assert provider.arn == f"arn:aws:iam::123456789012:oidc-provider/{issuer}"
    assert provider.url == issuer
    assert provider.audiences == {"discover.teleport"}
    assert provider.tags == TAGS


def test_a_second_provider_of_one_url_is_a_conflict(account: AwsAccount) -> None:
    apply(account, create_provider("https://proxy.example.com"))

    with pytest.raises(
        Conflict, match=r"iam:CreateOpenIDConnectProvider on IAM identity provider https://proxy"
    ):
        apply(account, create_provider("https://proxy.example.com"))


def test_deleting_a_provider_twice_is_done(account: AwsAccount) -> None:
    apply(account, create_provider("https://proxy.example.com"))
    provider = get_identity_provider(account, "https://proxy.example.com")
    assert provider is not None

    for _ in range(2):
        apply(account, steps.DeleteIdentityProvider(condition=READY, arn=provider.arn))

    assert get_identity_provider(account, "https://proxy.example.com") is None


def test_a_role_reads_back_with_the_policies_asked_for(account: AwsAccount) -> None:
    apply(account, create_role())
    apply(account, put_policy("ListDatabases"))
    apply(account, put_policy("NotAskedFor"))

    role = get_role(account, "teleport-prod", ["ListDatabases", "DeployService"])

    assert role is not None
    assert role.arn == "arn:aws:iam::123456789012:role/teleport-prod"
    assert role.path == "/"
    assert role.trust == TRUST
    assert role.tags == TAGS
    assert role.policies == {"ListDatabases": POLICY}


def test_an_absent_role_is_none(account: AwsAccount) -> None:
    assert get_role(account, "absent", ["ListDatabases"]) is None


def test_a_second_role_of_one_name_is_a_conflict(account: AwsAccount) -> None:
    apply(account, create_role())

    with pytest.raises(Conflict) as caught:
        apply(account, create_role(tags={}))

    assert caught.value.reason == Reason.CONFLICT
    role = get_role(account, "teleport-prod")
    assert role is not None
    assert role.tags == TAGS


def test_trust_and_tags_of_a_role_can_be_changed(account: AwsAccount) -> None:
    apply(account, create_role())

    apply(account, steps.UpdateRoleTrust(condition=READY, role="teleport-prod", trust=OTHER_TRUST))
    apply(account, steps.TagRole(condition=READY, role="teleport-prod", tags={"new": "tag"}))

    role = get_role(account, "teleport-prod")
    assert role is not None
    assert role.trust == OTHER_TRUST
    assert role.tags == {**TAGS, "new": "tag"}


def test_changing_an_absent_role_is_a_conflict(account: AwsAccount) -> None:
    for step in (
        put_policy("ListDatabases"),
        steps.UpdateRoleTrust(condition=READY, role="teleport-prod", trust=TRUST),
        steps.TagRole(condition=READY, role="teleport-prod", tags=TAGS),
    ):
        with pytest.raises(Conflict):
            apply(account, step)


def test_a_role_goes_after_its_policies(account: AwsAccount) -> None:
    apply(account, create_role())
    apply(account, put_policy("ListDatabases"))
    delete = steps.DeleteRole(condition=READY, role="teleport-prod")

    with pytest.raises(Blocked) as caught:
        apply(account, delete)
    assert caught.value.reason == Reason.IN_USE

    for _ in range(2):
        apply(
            account,
            steps.DeleteRolePolicy(condition=READY, role="teleport-prod", policy="ListDatabases"),
        )
    for _ in range(2):
        apply(account, delete)
    assert get_role(account, "teleport-prod") is None


def test_every_step_is_one_write(account: AwsAccount, sandbox: AwsSandbox) -> None:
    apply(account, create_role())
    apply(account, put_policy("ListDatabases"))

    assert [write.operation for write in sandbox.calls.writes] == ["iam:CreateRole", "iam:PutRolePolicy"]


def test_tags_are_added_to_an_identity_provider(account: AwsAccount) -> None:
    apply(account, create_provider("https://proxy.example.com"))
    provider = get_identity_provider(account, "https://proxy.example.com")
    assert provider is not None
    more = {"team": "data", "teleport.dev/cluster": "other.example.com"}

    apply(account, steps.TagIdentityProvider(condition=READY, arn=provider.arn, tags=more))

    provider = get_identity_provider(account, "https://proxy.example.com")
    assert provider is not None
    assert provider.tags == {**TAGS, **more}
