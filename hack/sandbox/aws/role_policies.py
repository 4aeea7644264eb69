"""What the policies of a role in moto's IAM allow."""

import json
from typing import Any

from moto.iam.models import iam_backends

from hack.sandbox.aws.authorization import Check, allowed
from hack.sandbox.aws.patterns import statements_of


def role_allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether the inline and attached policies of a role allow an action on a resource; not, where it is gone."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    backend: Any = iam_backends[account][partition]
    role = next((item for item in list(backend.roles.values()) if item.arn == role_arn), None)
    if role is None:
        return False
    attached = [policy.document for policy in role.managed_policies.values()]
    documents = [json.loads(document) for document in (*role.policies.values(), *attached)]
    statements = [statement for document in documents for statement in statements_of(document)]
    return allowed({"Statement": statements}, Check(action, resource))
