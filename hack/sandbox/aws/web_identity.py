"""sts:AssumeRoleWithWebIdentity by Teleport's auth service: what the trust of a role says of Teleport's tokens.

Signatures are not checked: the tokens are Teleport's own by construction.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

AUDIENCE = "discover.teleport"
"""Teleport lib/integrations/awsoidc/token_generator.go."""


def refusal(role_arn: str, issuer: str) -> str | None:
    """Why AWS would not let the issuer's tokens assume a role; None when it would. `issuer` has no scheme."""
    _, partition, _, _, account, resource = role_arn.split(":", 5)
    backend = iam_backends[account][partition]
    denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
    try:
        role = backend.get_role(resource.rpartition("/")[2])
    except NotFoundException:
        return denied
    provider = f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"
    known = backend.open_id_providers.get(provider)
    if known is None:
        return f"InvalidIdentityToken: No OpenIDConnect provider found in your account for https://{issuer}"
    if AUDIENCE not in known.client_id_list:
        return "InvalidIdentityToken: Incorrect token audience"
    statements = json.loads(role.assume_role_policy_document)["Statement"]
    if any(_admits(statement, provider, issuer) for statement in statements):
        return None
    return denied


def _admits(statement: Mapping[str, Any], provider: str, issuer: str) -> bool:
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or principal.get("Federated") != provider:
        return False
    wanted = {f"{issuer}:aud": AUDIENCE}
    return bool(
        statement["Effect"] == "Allow"
        and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        and statement.get("Condition", {}).get("StringEquals", wanted) == wanted
    )
