"""Rules for an `aws-oidc` integration (Teleport api/types/integration.go; lib/auth/integration/integrationv1)."""

import re

from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1

from hack.sandbox.teleport.errors import bad_parameter, not_implemented
from hack.sandbox.teleport.unknown import undeclared, undeclared_text
from hack.sandbox.teleport.validation.metadata import check_metadata

AWS_OIDC = "aws-oidc"
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_ROLE_ARN = re.compile(r"arn:[^:]+:iam:[^:]*:[0-9]{12}:role/.+")
_ISSUER_S3_URI, _AUDIENCE = 2, 3  # fields of types.AWSOIDCIntegrationSpecV1
_AUDIENCES = ("", "aws-identity-center")


def check_new_name(integration: IntegrationV1) -> None:
    """Creates only: raises INVALID_ARGUMENT when the name of an aws-oidc integration is no DNS label."""
    name = integration.Header.Metadata.Name
    if integration.Header.SubKind == AWS_OIDC and not _DNS_1035.fullmatch(name):
        raise bad_parameter(f"integration name {name!r} is no DNS-1035 label")


def check_integration(integration: IntegrationV1) -> None:
    """Raises INVALID_ARGUMENT; sets kind and version.

    The form of the role's ARN is checked here although Teleport's API takes any text: only its web UI and AWS
    would find a wrong one.
    """
    integration.Header.Kind, integration.Header.Version = "integration", "v1"
    check_metadata(integration.Header.Metadata)
    spec = integration.Spec
    if not spec.HasField("AWSOIDC"):
        if undeclared(spec):
            raise not_implemented(f"the sandbox has the rules of {AWS_OIDC} integrations only")
        raise bad_parameter("the integration's spec is missing")
    if not spec.AWSOIDC.RoleARN:
        raise bad_parameter("aws_oidc.role_arn is missing")
    if not _ROLE_ARN.fullmatch(spec.AWSOIDC.RoleARN):
        raise bad_parameter(f"aws_oidc.role_arn {spec.AWSOIDC.RoleARN!r} is not the ARN of an IAM role")
    if undeclared_text(spec.AWSOIDC, _AUDIENCE) not in _AUDIENCES:
        raise bad_parameter("aws_oidc.audience is not known")
    if undeclared_text(spec.AWSOIDC, _ISSUER_S3_URI):
        raise not_implemented("the sandbox has no issuers in S3")
