"""Rules for a join token of version v2 (Teleport api/types/provisioning.go, CheckAndSetDefaults)."""

from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, TokenRule

from hack.sandbox.teleport.errors import bad_parameter, not_implemented
from hack.sandbox.teleport.validation.metadata import check_metadata

IAM = "iam"
SYSTEM_ROLES = frozenset(
    {
        "AccessGraphPlugin",
        "Admin",
        "App",
        "Auth",
        "Bot",
        "Db",
        "Discovery",
        "Instance",
        "Kube",
        "MDM",
        "Node",
        "Nop",
        "Okta",
        "Proxy",
        "ProvisionToken",
        "RemoteProxy",
        "Signup",
        "Trusted_cluster",
        "WindowsDesktop",
    }
)
"""Teleport api/types/system_role.go. The API takes this spelling only."""


def check_token(token: ProvisionTokenV2) -> None:
    """Raises INVALID_ARGUMENT; sets kind and version."""
    token.Kind, token.Version = "token", "v2"
    check_metadata(token.Metadata)
    _check_roles(list(token.Spec.Roles))
    if token.Spec.JoinMethod != IAM:
        raise not_implemented(
            f"join method {token.Spec.JoinMethod!r}: the sandbox has the rules of {IAM!r} only"
        )
    if not token.Spec.Allow:
        raise bad_parameter("a token of join method iam needs an allow rule")
    for rule in token.Spec.Allow:
        _check_rule(rule)


def _check_roles(roles: list[str]) -> None:
    if not roles:
        raise bad_parameter("the token has no roles")
    unknown = sorted(set(roles) - SYSTEM_ROLES)
    if unknown:
        raise bad_parameter(f"role {unknown[0]!r} is not known")
    if len(set(roles)) != len(roles):
        raise bad_parameter("the token names a role twice")
    if "Bot" in roles:
        raise not_implemented("the sandbox has no tokens for bots")


def _check_rule(rule: TokenRule) -> None:
    if rule.AWSRole:
        raise bad_parameter("an allow rule of join method iam must not set aws_role")
    if rule.AWSRegions:
        raise bad_parameter("an allow rule of join method iam must not set aws_regions")
    if not rule.AWSAccount and not rule.AWSARN:
        raise bad_parameter("an allow rule of join method iam must set aws_account or aws_arn")
