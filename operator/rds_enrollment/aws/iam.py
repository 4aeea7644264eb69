"""AWS IAM: the OIDC identity provider, and roles with their inline policies. IAM is global in its partition."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import capitalised_tags, read_tags
from rds_enrollment.plan.observed.aws import Document, IdentityProvider, Role
from rds_enrollment.plan.policies import trusts
from rds_enrollment.plan.steps import iam as steps

if TYPE_CHECKING:
    from types_boto3_iam.client import IAMClient


_OF_AWS = "/aws-service-role/"
"""Path of service-linked roles (IAM User Guide, "IAM identifiers")."""


def get_identity_provider(account: AwsAccount, url: str) -> IdentityProvider | None:
    """iam:GetOpenIDConnectProvider of the issuer `url`, found by the ARN that IAM derives from it."""
    identity = account.identity()
    arn = f"arn:{identity.partition}:iam::{identity.account}:oidc-provider/{_without_scheme(url)}"
    with translated("iam:GetOpenIDConnectProvider", f"IAM identity provider {arn}"):
        client = account.client("iam")
        try:
            answer = client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except client.exceptions.NoSuchEntityException:
            return None
    return IdentityProvider(
        arn=arn,
        url=_without_scheme(answer["Url"]),
        audiences=frozenset(answer.get("ClientIDList", ())),
        tags=read_tags(answer.get("Tags")),
        thumbprints=tuple(answer.get("ThumbprintList", ())),
    )


def get_role(account: AwsAccount, name: str, policies: Iterable[str] = ()) -> Role | None:
    """iam:GetRole, and iam:GetRolePolicy of each inline policy named in `policies`."""
    role = _get_role(account, name)
    if role is None:
        return None
    return with_policies(role, {policy: get_inline_policy(account, name, policy) for policy in policies})


def with_policies(role: Role, found: Mapping[str, Document | None]) -> Role:
    """`role` with those of the policies that exist."""
    return replace(
        role, policies={name: document for name, document in found.items() if document is not None}
    )


def get_inline_policy(account: AwsAccount, role: str, policy: str) -> Document | None:
    """iam:GetRolePolicy; None where the role or the policy does not exist."""
    with translated("iam:GetRolePolicy", f"policy {policy} of IAM role {role}"):
        client = account.client("iam")
        try:
            return _document(client.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
        except client.exceptions.NoSuchEntityException:
            return None


def get_marked_role(account: AwsAccount, name: str) -> Role | None:
    """A role with anybody's owner mark and all of its inline policies (iam:ListRolePolicies); None for any other."""
    role = _get_role(account, name)
    if role is None or OWNER_MARK not in role.tags:
        return None
    return get_role(account, name, _inline_policies(account, name))


def get_role_with_all_policies(account: AwsAccount, name: str) -> Role | None:
    """iam:GetRole with every inline policy (iam:ListRolePolicies, iam:GetRolePolicy), every attached one
    (iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion) and the permissions boundary."""
    role = _get_role(account, name)
    if role is None:
        return None
    client, inline = account.client("iam"), _inline_policies(account, name)
    with translated("iam:ListAttachedRolePolicies", f"IAM role {name}"):
        attached_pages = client.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        attached = [policy["PolicyArn"] for page in attached_pages for policy in page["AttachedPolicies"]]
    found = {policy: get_inline_policy(account, name, policy) for policy in inline}
    found |= {arn: _get_managed_policy(client, arn) for arn in attached}
    boundary = role.permissions_boundary
    return replace(
        with_policies(role, found), boundary=_get_managed_policy(client, boundary) if boundary else None
    )


def list_role_names(account: AwsAccount) -> tuple[str, ...]:
    """iam:ListRoles without those that AWS services made for themselves, sorted. It tells no tags."""
    with translated("iam:ListRoles", "the roles of the account"):
        pages = account.client("iam").get_paginator("list_roles").paginate()
        return tuple(
            sorted(
                role["RoleName"]
                for page in pages
                for role in page["Roles"]
                if not role["Path"].startswith(_OF_AWS)
            )
        )


def list_federated_roles(account: AwsAccount, provider_arn: str) -> tuple[str, ...]:
    """ARNs of the roles that an identity provider may be used to assume: iam:ListRoles, which tells their trust."""
    with translated("iam:ListRoles", f"the roles that trust {provider_arn}"):
        pages = account.client("iam").get_paginator("list_roles").paginate()
        return tuple(
            role["Arn"]
            for page in pages
            for role in page["Roles"]
            if trusts(_document(role.get("AssumeRolePolicyDocument")), provider_arn)
        )


def _inline_policies(account: AwsAccount, role: str) -> list[str]:
    with translated("iam:ListRolePolicies", f"IAM role {role}"):
        pages = account.client("iam").get_paginator("list_role_policies").paginate(RoleName=role)
        return [policy for page in pages for policy in page["PolicyNames"]]


def _get_role(account: AwsAccount, name: str) -> Role | None:
    with translated("iam:GetRole", f"IAM role {name}"):
        client = account.client("iam")
        try:
            role = client.get_role(RoleName=name)["Role"]
        except client.exceptions.NoSuchEntityException:
            return None
    return Role(
        name=role["RoleName"],
        arn=role["Arn"],
        path=role["Path"],
        trust=_document(role.get("AssumeRolePolicyDocument")),
        tags=read_tags(role.get("Tags")),
        policies={},
        permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
    )


def _get_managed_policy(client: "IAMClient", arn: str) -> Document | None:
    with translated("iam:GetPolicy", f"IAM policy {arn}"):
        try:
            version = client.get_policy(PolicyArn=arn)["Policy"].get("DefaultVersionId", "")
        except client.exceptions.NoSuchEntityException:
            return None
    with translated("iam:GetPolicyVersion", f"IAM policy {arn}"):
        answer = client.get_policy_version(PolicyArn=arn, VersionId=version)
    return _document(answer["PolicyVersion"].get("Document"))


def _document(value: Any) -> Document:
    """A policy as botocore decoded it. A text that is not a JSON object differs from any wanted document: empty."""
    return value if isinstance(value, Mapping) else {}


def _without_scheme(url: str) -> str:
    return url.removeprefix("https://").rstrip("/")


def create_identity_provider(account: AwsAccount, step: steps.CreateIdentityProvider) -> None:
    """iam:CreateOpenIDConnectProvider. Without a thumbprint IAM looks at the issuer's certificates itself."""
    with translated("iam:CreateOpenIDConnectProvider", step.target):
        client: Any = account.client("iam")
        client.create_open_id_connect_provider(
            Url=f"https://{_without_scheme(step.url)}",
            ClientIDList=list(step.audiences),
            Tags=capitalised_tags(step.tags),
            **({"ThumbprintList": list(step.thumbprints)} if step.thumbprints else {}),
        )


def update_thumbprints(account: AwsAccount, step: steps.UpdateThumbprints) -> None:
    """iam:UpdateOpenIDConnectProviderThumbprint. Replaces the list."""
    with translated("iam:UpdateOpenIDConnectProviderThumbprint", step.target):
        account.client("iam").update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=step.arn, ThumbprintList=list(step.thumbprints)
        )


def add_client_id(account: AwsAccount, step: steps.AddClientId) -> None:
    """iam:AddClientIDToOpenIDConnectProvider. One that is there already is done."""
    with translated("iam:AddClientIDToOpenIDConnectProvider", step.target):
        account.client("iam").add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=step.arn, ClientID=step.client_id
        )


def tag_identity_provider(account: AwsAccount, step: steps.TagIdentityProvider) -> None:
    """iam:TagOpenIDConnectProvider. Tags that are not named stay."""
    with translated("iam:TagOpenIDConnectProvider", step.target):
        account.client("iam").tag_open_id_connect_provider(
            OpenIDConnectProviderArn=step.arn, Tags=capitalised_tags(step.tags)
        )


def untag_identity_provider(account: AwsAccount, step: steps.UntagIdentityProvider) -> None:
    """iam:UntagOpenIDConnectProvider."""
    with translated("iam:UntagOpenIDConnectProvider", step.target):
        account.client("iam").untag_open_id_connect_provider(
            OpenIDConnectProviderArn=step.resource, TagKeys=list(step.keys)
        )


def untag_role(account: AwsAccount, step: steps.UntagRole) -> None:
    """iam:UntagRole."""
    with translated("iam:UntagRole", step.target):
        account.client("iam").untag_role(RoleName=step.resource, TagKeys=list(step.keys))


def delete_identity_provider(account: AwsAccount, step: steps.DeleteIdentityProvider) -> None:
    """iam:DeleteOpenIDConnectProvider."""
    with translated("iam:DeleteOpenIDConnectProvider", step.target):
        client = account.client("iam")
        with suppress(client.exceptions.NoSuchEntityException):
            client.delete_open_id_connect_provider(OpenIDConnectProviderArn=step.arn)


def create_role(account: AwsAccount, step: steps.CreateRole) -> None:
    """iam:CreateRole."""
    with translated("iam:CreateRole", step.target):
        client: Any = account.client("iam")
        boundary = {"PermissionsBoundary": step.permissions_boundary} if step.permissions_boundary else {}
        client.create_role(
            RoleName=step.role,
            Path=step.path,
            Description=step.description,
            AssumeRolePolicyDocument=json.dumps(step.trust),
            Tags=capitalised_tags(step.tags),
            **boundary,
        )


def put_role_permissions_boundary(account: AwsAccount, step: steps.PutRolePermissionsBoundary) -> None:
    """iam:PutRolePermissionsBoundary."""
    with translated("iam:PutRolePermissionsBoundary", step.target):
        account.client("iam").put_role_permissions_boundary(
            RoleName=step.role, PermissionsBoundary=step.policy_arn
        )


def update_role_trust(account: AwsAccount, step: steps.UpdateRoleTrust) -> None:
    """iam:UpdateAssumeRolePolicy."""
    with translated("iam:UpdateAssumeRolePolicy", step.target):
        account.client("iam").update_assume_role_policy(
            RoleName=step.role, PolicyDocument=json.dumps(step.trust)
        )


def tag_role(account: AwsAccount, step: steps.TagRole) -> None:
    """iam:TagRole. Tags that are not named stay."""
    with translated("iam:TagRole", step.target):
        account.client("iam").tag_role(RoleName=step.role, Tags=capitalised_tags(step.tags))


def put_role_policy(account: AwsAccount, step: steps.PutRolePolicy) -> None:
    """iam:PutRolePolicy."""
    with translated("iam:PutRolePolicy", step.target):
        account.client("iam").put_role_policy(
            RoleName=step.role, PolicyName=step.policy, PolicyDocument=json.dumps(step.document)
        )


def delete_role_policy(account: AwsAccount, step: steps.DeleteRolePolicy) -> None:
    """iam:DeleteRolePolicy."""
    with translated("iam:DeleteRolePolicy", step.target):
        client = account.client("iam")
        with suppress(client.exceptions.NoSuchEntityException):
            client.delete_role_policy(RoleName=step.role, PolicyName=step.policy)


def delete_role(account: AwsAccount, step: steps.DeleteRole) -> None:
    """iam:DeleteRole."""
    with translated("iam:DeleteRole", step.target):
        client = account.client("iam")
        with suppress(client.exceptions.NoSuchEntityException):
            client.delete_role(RoleName=step.role)
