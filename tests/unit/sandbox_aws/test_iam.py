"""IAM: trust policies, roles with policies, the OIDC identity provider."""

import json

import pytest

from .support import ACCOUNT, ECS_TRUST, Aws, Shown, refusal

URL = "https://teleport.example.com"
THUMBPRINT = "a" * 40
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}],
}


def statement(**changes: object) -> str:
    base: Shown = ECS_TRUST["Statement"][0]
    changed = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [changed]})


@pytest.mark.parametrize(
    "document",
    [
        "{not json",
        statement(Principal=None),
        statement(Principal={"Robot": "r2d2"}),
        statement(Action="s3:GetObject"),
        statement(Action=None),
        statement(Resource="*"),
    ],
)
def test_a_malformed_trust_policy_is_refused(aws: Aws, document: str) -> None:
    create = lambda: aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)  # noqa: E731
    assert refusal(create)[0] == "MalformedPolicyDocument"
    aws.create_role("r")
    update = lambda: aws.iam.update_assume_role_policy(RoleName="r", PolicyDocument=document)  # noqa: E731
    assert refusal(update)[0] == "MalformedPolicyDocument"


def test_a_federated_trust_policy_is_kept(aws: Aws) -> None:
    trust = statement(
        Principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={"StringEquals": {"teleport.example.com:aud": "discover.teleport"}},
    )
    aws.create_role("integration", json.loads(trust))
    role = aws.iam.get_role(RoleName="integration")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(trust)


def test_a_role_with_inline_policies_is_not_deleted(aws: Aws) -> None:
    aws.create_role("r")
    aws.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    assert refusal(lambda: aws.iam.delete_role(RoleName="r"))[0] == "DeleteConflict"
    aws.iam.delete_role_policy(RoleName="r", PolicyName="p")
    aws.iam.delete_role(RoleName="r")
    assert refusal(lambda: aws.iam.get_role(RoleName="r"))[0] == "NoSuchEntity"


def test_the_life_of_an_identity_provider(aws: Aws) -> None:
    tags = [{"Key": "teleport.dev/cluster", "Value": "example"}]
    request = {
        "Url": URL,
        "ClientIDList": ["discover.teleport"],
        "ThumbprintList": [THUMBPRINT],
        "Tags": tags,
    }
    created = aws.iam.create_open_id_connect_provider(**request)
    arn = created["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
    assert created["Tags"] == tags
    code, message = refusal(lambda: aws.iam.create_open_id_connect_provider(**request))
    assert code == "EntityAlreadyExists"
    assert URL in message
    aws.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    aws.iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40]
    )
    shown = aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert shown["ClientIDList"] == ["discover.teleport", "other"]
    assert shown["ThumbprintList"] == ["b" * 40]
    aws.iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    shown = aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert shown["ClientIDList"] == ["discover.teleport"]
    aws.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    listed = aws.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert listed == []


def test_an_identity_provider_needs_https(aws: Aws) -> None:
    create = lambda: aws.iam.create_open_id_connect_provider(Url="http://a.example")  # noqa: E731
    assert refusal(create)[0] == "InvalidInput"
