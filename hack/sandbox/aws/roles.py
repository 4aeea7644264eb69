"""IAM roles as ECS sees them. The only reader of moto's IAM internals outside `iam.py`."""

import json
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

TASKS_PRINCIPAL = "ecs-tasks.amazonaws.com"


@dataclass(frozen=True)
class Role:
    arn: str
    trusts_ecs_tasks: bool


def find_role(account: str, region: str, name_or_arn: str) -> Role | None:
    """The role of a full ARN (its path must be right) or of a short name, as ECS accepts both."""
    backend: Any = iam_backends[account][get_partition(region)]
    for role in list(backend.roles.values()):
        if name_or_arn in (role.arn, role.name):
            return Role(str(role.arn), _trusts_ecs_tasks(role.assume_role_policy_document))
    return None


def has_linked_role(account: str, region: str, service: str) -> bool:
    """Whether the account has the service-linked role of a service such as `ecs.amazonaws.com`, whatever its name."""
    backend: Any = iam_backends[account][get_partition(region)]
    return any(role.path == f"/aws-service-role/{service}/" for role in list(backend.roles.values()))


def _trusts_ecs_tasks(document: str) -> bool:
    statements = json.loads(document)["Statement"]
    allowed = [s for s in _as_list(statements) if s.get("Effect") == "Allow"]
    return any(TASKS_PRINCIPAL in _services(statement) for statement in allowed)


def _services(statement: dict[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return _as_list(principal.get("Service", [])) if isinstance(principal, dict) else []


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
