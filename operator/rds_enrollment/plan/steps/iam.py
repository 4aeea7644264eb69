"""Writes to AWS IAM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.steps.aws import AwsStep, UntagStep


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIdentityProvider(AwsStep):
    """iam:CreateOpenIDConnectProvider. The role that trusts it is made after it, as Teleport's wizard does (Teleport
    lib/integrations/awsoidc/idp_iam_config.go)."""

    awaited: ClassVar[bool] = True
    shows_late: ClassVar[Reason | None] = Reason.IAM_PROPAGATING

    url: str
    audiences: tuple[str, ...]
    tags: Mapping[str, str]
    thumbprints: tuple[str, ...] = ()
    """Empty: IAM looks at the issuer's certificates itself."""

    @property
    def target(self) -> str:
        return f"IAM identity provider {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddClientId(AwsStep):
    """iam:AddClientIDToOpenIDConnectProvider: one more audience."""

    arn: str
    client_id: str

    @property
    def target(self) -> str:
        return f"audience {self.client_id} of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateThumbprints(AwsStep):
    """iam:UpdateOpenIDConnectProviderThumbprint. Replaces the list."""

    arn: str
    thumbprints: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"thumbprints of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagIdentityProvider(AwsStep):
    """iam:TagOpenIDConnectProvider. Tags that are not named stay."""

    arn: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagIdentityProvider(UntagStep):
    """iam:UntagOpenIDConnectProvider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagRole(UntagStep):
    """iam:UntagRole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIdentityProvider(AwsStep):
    """iam:DeleteOpenIDConnectProvider."""

    arn: str

    @property
    def target(self) -> str:
        return f"IAM identity provider {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRole(AwsStep):
    """iam:CreateRole."""

    shows_late: ClassVar[Reason | None] = Reason.IAM_PROPAGATING

    role: str
    description: str
    trust: Document
    tags: Mapping[str, str]
    path: str = "/"
    permissions_boundary: str = ""
    """ARN of a policy; empty for none."""

    @property
    def target(self) -> str:
        return f"IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRolePermissionsBoundary(AwsStep):
    """iam:PutRolePermissionsBoundary."""

    role: str
    policy_arn: str

    @property
    def target(self) -> str:
        return f"permissions boundary of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoleTrust(AwsStep):
    """iam:UpdateAssumeRolePolicy."""

    role: str
    trust: Document

    @property
    def target(self) -> str:
        return f"trust policy of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRole(AwsStep):
    """iam:TagRole. Tags that are not named stay."""

    role: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRolePolicy(AwsStep):
    """iam:PutRolePolicy: an inline policy."""

    role: str
    policy: str
    document: Document

    @property
    def target(self) -> str:
        return f"policy {self.policy} of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRolePolicy(AwsStep):
    """iam:DeleteRolePolicy."""

    role: str
    policy: str

    @property
    def target(self) -> str:
        return f"policy {self.policy} of IAM role {self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRole(AwsStep):
    """iam:DeleteRole. Its inline policies must be gone."""

    role: str

    @property
    def target(self) -> str:
        return f"IAM role {self.role}"
