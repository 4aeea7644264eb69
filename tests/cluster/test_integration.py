"""One integration: its role moves, its provider is shared, Teleport proves it, observed things stay as they are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION

from tests.cluster import inventory
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.public_proxy import PublicProxy, public_proxy
from tests.cluster.scene import ACCOUNT, INTEGRATION, Scene, example

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
TEAMS = f"arn:aws:iam::{ACCOUNT}:role/teams/data/moved"


def apply(scene: Scene, **spec: Any) -> Object:
    document = example(10)
    document["spec"].update(spec)
    return scene.namespace.create(document)


def change(scene: Scene, **spec: Any) -> None:
    scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": spec})


def ready(scene: Scene) -> Object:
    scene.wait_all_ready(1)
    return scene.integration


def role_in_teleport(scene: Scene) -> str:
    return str(scene.teleport.resources.integrations.get(INTEGRATION).Spec.AWSOIDC.RoleARN)


def trust_of(scene: Scene, role: str) -> list[dict[str, Any]]:
    document: dict[str, Any] = inventory.roles(scene)[role]["AssumeRolePolicyDocument"]
    return list(document["Statement"])


def test_role_moves_and_drift_is_mended(scene: Scene) -> None:
    iam = scene.client("iam")
    iam.create_policy(PolicyName="boundary", PolicyDocument=policy("s3:*"))
    scene.start()
    apply(scene)
    assert "acted through it" in condition(ready(scene), "IntegrationRegistered")["message"]
    scene.aws.calls.clear()

    change(scene, role={"name": "moved", "path": "/teams/data/", "permissionsBoundary": BOUNDARY})
    status = ready(scene)["status"]
    assert status["roleArn"] == TEAMS == role_in_teleport(scene)
    assert "formerRoleArns" not in status
    assert inventory.roles(scene).keys() == {"moved"}
    assert inventory.roles(scene)["moved"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert [call.operation for call in scene.aws.calls.writes] == [
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
    ]

    theirs = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    iam.update_assume_role_policy(
        RoleName="moved", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [theirs]})
    )
    iam.delete_role_permissions_boundary(RoleName="moved")
    iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=PROVIDER, ClientID="discover.teleport"
    )
    scene.reconcile(scene.integration)
    ready(scene)
    assert trust_of(scene, "moved")[0] == theirs
    assert len(trust_of(scene, "moved")) == 2
    assert "PermissionsBoundary" in inventory.roles(scene)["moved"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert provider["ClientIDList"] == ["discover.teleport"]

    scene.delete_all()
    scene.wait_gone()
    assert inventory.in_aws(scene) == []


@pytest.fixture
def proxy(scene: Scene) -> Iterator[PublicProxy]:
    """The certificates of the issuer can be looked at."""
    with public_proxy(scene.teleport) as running:
        yield running


def test_what_is_observed_is_named_and_never_written(scene: Scene, proxy: PublicProxy) -> None:
    iam = scene.client("iam")
    scene.start(**proxy.settings)
    observe = {"managementPolicy": "Observe"}
    apply(scene, identityProvider=observe, role={"name": "theirs", **observe})
    for type_, reason in (
        ("IdentityProviderReady", "IdentityProviderNotFound"),
        ("RoleReady", "RoleNotFound"),
    ):
        scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, type_, "False", reason)

    iam.create_open_id_connect_provider(
        Url="https://teleport.example.com",
        ClientIDList=["discover.teleport"],
        ThumbprintList=["f" * 40],
    )
    trust = condition(scene.integration, "RoleReady")["message"].partition("with trust policy ")[2]
    iam.create_role(RoleName="theirs", Path="/security/", AssumeRolePolicyDocument=trust.removesuffix("."))
    listing = iam.create_policy(PolicyName="listing", PolicyDocument=policy("rds:Describe*"))
    iam.attach_role_policy(RoleName="theirs", PolicyArn=listing["Policy"]["Arn"])
    scene.reconcile(scene.integration)
    lacks = condition(scene.integration, "RoleReady")
    assert lacks["reason"] == "RoleLacksPermissions"
    assert "ecs:CreateService on *" in lacks["message"]
    assert "rds:DescribeDBInstances" not in lacks["message"]

    iam.put_role_policy(RoleName="theirs", PolicyName="all", PolicyDocument=policy("*"))
    iam.create_policy(PolicyName="boundary", PolicyDocument=policy("rds:*"))
    iam.put_role_permissions_boundary(RoleName="theirs", PermissionsBoundary=BOUNDARY)
    scene.reconcile(scene.integration)
    barred = condition(scene.integration, "RoleReady")
    assert barred["reason"] == "RoleLacksPermissions"
    assert f"Permissions boundary {BOUNDARY} of IAM role" in barred["message"]
    assert "does not allow ec2:DescribeSecurityGroups on *" in barred["message"]

    iam.create_policy_version(PolicyArn=BOUNDARY, PolicyDocument=policy("*"), SetAsDefault=True)
    scene.reconcile(scene.integration)
    assert ready(scene)["status"]["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/security/theirs"
    assert role_in_teleport(scene) == f"arn:aws:iam::{ACCOUNT}:role/security/theirs"
    differs = condition(scene.integration, "IdentityProviderReady")
    assert differs["reason"] == "ThumbprintDiffers"
    assert f"--thumbprint-list {'f' * 40} {proxy.thumbprint}" in differs["message"]

    scene.delete_all()
    scene.wait_gone()
    assert scene.aws.calls.writes == []
    assert inventory.roles(scene).keys() == {"theirs"}
    assert inventory.identity_providers(scene) == [PROVIDER]


def policy(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def test_provider_stays_while_a_role_in_aws_trusts_it_and_an_unusable_one_is_told(scene: Scene) -> None:
    scene.start()
    apply(scene)
    ready(scene)
    trust = json.dumps({"Version": "2012-10-17", "Statement": trust_of(scene, "teleport-prod-aws")})
    scene.client("iam").create_role(RoleName="wizards", AssumeRolePolicyDocument=trust)

    scene.teleport.assume_role = lambda role, issuer: (
        "InvalidIdentityToken: Couldn't retrieve verification key"
    )
    scene.reconcile(scene.integration)
    entry = scene.wait_condition(
        AWS_OIDC_INTEGRATION, INTEGRATION, "IntegrationRegistered", "False", "IntegrationUnusable"
    )
    assert "Couldn't retrieve verification key" in entry["message"]
    scene.teleport.role = scene.teleport.role.without("integration", "use")
    scene.reconcile(scene.integration)
    assert "was not tried" in condition(ready(scene), "IntegrationRegistered")["message"]

    scene.delete_all()
    scene.wait_gone()
    assert inventory.roles(scene).keys() == {"wizards"}
    assert inventory.identity_providers(scene) == [PROVIDER]
