"""What IAM knows of an account's resources when it checks a call: paths, tags and VPCs, from moto's own state."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from hack.sandbox.aws.roles import has_linked_role

_KINDS = (
    ("sgr-", "security-group-rule"),
    ("sg-", "security-group"),
    ("nip-", "network-insights-path"),
    ("nia-", "network-insights-analysis"),
)


def role_arn(account: str, partition: str, name: str, path: str) -> str:
    """Of the role that exists, or would have this path."""
    backend: Any = iam_backends[account][partition]
    found = next((role.arn for role in list(backend.roles.values()) if role.name == name), None)
    return str(found or f"arn:{partition}:iam::{account}:role{path}{name}")


def has_ecs_role(account: str, region: str) -> bool:
    """Whether ECS has its service-linked role in the account."""
    return has_linked_role(account, region, "ecs.amazonaws.com")


def ec2_resource(account: str, region: str, identifier: str) -> tuple[str, dict[str, str]]:
    """Its kind in ARNs, and its condition keys."""
    kind = next(name for prefix, name in _KINDS if identifier.startswith(prefix))
    backend: Any = ec2_backends[account][region]
    tags = backend.describe_tags(filters={"resource-id": [identifier]})
    context = {f"aws:ResourceTag/{tag['key']}": str(tag["value"]) for tag in tags}
    group = backend.get_security_group_from_id(identifier) if kind == "security-group" else None
    if group is not None:
        context["ec2:Vpc"] = f"arn:{get_partition(region)}:ec2:{region}:{account}:vpc/{group.vpc_id}"
    return kind, context
