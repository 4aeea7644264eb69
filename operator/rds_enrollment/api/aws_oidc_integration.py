"""AwsOidcIntegration: trust between one AWS account and Teleport."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from rds_enrollment.api.base import SpecModel
from rds_enrollment.api.common import NAME_RULE, CommonSpec, CommonStatus, Resource
from rds_enrollment.api.printing import AGE, MESSAGE, READY, REASON, Column
from rds_enrollment.api.roles import IamRole, ManagementPolicy
from rds_enrollment.api.rules import Rule, immutable, immutable_optional, list_set, validations
from rds_enrollment.api.types import DNS_1035, AccountId, AppliedTags, Arn, RoleArn, Text, Url

IntegrationName = Annotated[str, Field(pattern=DNS_1035, max_length=63)]
"""Teleport takes DNS-1035 labels only for AWS OIDC integrations (Teleport api/types/integration.go)."""


class IdentityProvider(SpecModel):
    """The IAM OpenID Connect identity provider of Teleport's address."""

    management_policy: ManagementPolicy = ManagementPolicy.MANAGE
    """Manage or Observe. AWS allows one identity provider per URL in an account: objects share it, and one that
    somebody else made is used as it is. Observe: it is never made, changed or deleted. Default: Manage."""


class From(StrEnum):
    """Gateway API's words for the namespaces of a reference."""

    SAME = "Same"
    ALL = "All"
    SELECTOR = "Selector"


class NamespaceSelector(SpecModel):
    """Chooses namespaces by their labels."""

    match_labels: Annotated[
        Mapping[str, Annotated[str, Field(max_length=63)]], Field(min_length=1, max_length=20)
    ]
    """Labels that a namespace must all carry, with exactly these values. Every namespace carries its name as
    kubernetes.io/metadata.name."""


class AllowedNamespaces(SpecModel):
    """From where an object may be referred to, in Gateway API's form."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "(self.from == 'Selector') == has(self.selector)",
                "selector goes with from Selector, and only with it",
                ".selector",
            )
        )
    )

    from_: Annotated[From, Field(alias="from")] = From.SAME
    """Same, All or Selector: this object's namespace, every one, or those that the selector chooses. Default: Same."""
    selector: NamespaceSelector | None = None
    """Namespaces to allow, with from Selector. Default: none."""


class AwsOidcIntegrationSpec(CommonSpec):
    """What is wanted."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            immutable_optional("integrationName"),
            Rule(
                "!has(self.assumeRoleArn) || self.assumeRoleArn.contains(':' + self.accountId + ':')",
                "assumeRoleArn names a role of accountId",
                ".assumeRoleArn",
            ),
        )
    )

    integration_name: IntegrationName | None = None
    """Name of the integration in Teleport: up to 63 lower-case letters, digits and hyphens, beginning with a
    letter. Immutable. Default: metadata.name."""
    account_id: Annotated[AccountId, Field(json_schema_extra=immutable("accountId"))]
    """The AWS account, as 12 digits in quotes. The operator's credentials must belong to it. Immutable."""
    assume_role_arn: RoleArn | None = None
    """ARN of a role of the account, which the operator assumes to act there. The operator's administrator has to allow
    it for this namespace (--assume-roles), and keeps its external id. Default: the operator's own credentials."""
    allowed_namespaces: AllowedNamespaces | None = None
    """From where enrolments and deployments may refer to this object. Default: its own namespace."""
    identity_provider: IdentityProvider | None = None
    """The IAM OpenID Connect identity provider. Default: made if it does not exist."""
    role: IamRole
    """The IAM role that Teleport assumes to list databases and to see deployments."""


class AwsOidcIntegrationStatus(CommonStatus):
    """What was observed."""

    applied_tags: AppliedTags = Field(default_factory=dict)
    """Tags of spec.tags that resources in AWS may carry. One that spec.tags has no more is taken off them."""
    integration_name: Text | None = None
    """Name of the integration in Teleport."""
    issuer: Url | None = None
    """URL of the OpenID Connect issuer: Teleport's public address, which AWS must reach from the internet."""
    identity_provider_arn: Arn | None = None
    """ARN of the IAM OpenID Connect identity provider."""
    role_arn: Arn | None = None
    """ARN of the role that Teleport assumes."""
    former_role_arns: Annotated[tuple[Arn, ...], Field(max_length=10, json_schema_extra=list_set())] = ()
    """Roles that spec.role named before. Each goes once Teleport acts through the new one."""


class AwsOidcIntegration(Resource):
    """Lets Teleport act in one AWS account: the IAM identity provider, the role that Teleport assumes, and
    the integration object in Teleport."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            NAME_RULE,
            Rule(
                f"has(self.spec.integrationName) || self.metadata.name.matches('{DNS_1035}')",
                "metadata.name is no name that Teleport takes for an integration (lower-case letters, digits"
                " and hyphens, beginning with a letter): set spec.integrationName",
            ),
        )
    )
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        READY,
        REASON,
        Column("Account", ".spec.accountId"),
        Column("Integration", ".status.integrationName"),
        AGE,
        Column("ARN", ".status.roleArn", wide=True),
        MESSAGE,
    )

    kind: Literal["AwsOidcIntegration"] = "AwsOidcIntegration"
    spec: AwsOidcIntegrationSpec
    """What is wanted."""
    status: AwsOidcIntegrationStatus = Field(default_factory=AwsOidcIntegrationStatus)
    """What was observed; written by the operator only."""

    @property
    def manages_identity_provider(self) -> bool:
        """Whether the identity provider is made where it does not exist."""
        chosen = self.spec.identity_provider
        return chosen is None or chosen.management_policy is ManagementPolicy.MANAGE

    @property
    def integration_name(self) -> str:
        """Name of the integration in Teleport."""
        return self.spec.integration_name or self.metadata.name
