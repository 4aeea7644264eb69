"""A valid manifest of each kind, and what a case of a refused one says."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.common import API_VERSION
from rds_enrollment.api.kinds import KINDS

Manifest = dict[str, Any]

ABSENT = object()

VPC = "vpc-0123456789abcdef0"
BY_ID = {
    "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
    "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
}
SPECS: Mapping[str, Manifest] = {
    "AwsOidcIntegration": {"accountId": "123456789012", "role": {"name": "teleport-prod-aws"}},
    "RdsEnrollment": {
        "integrationRef": {"name": "prod-aws"},
        "regions": ["us-west-1"],
        "databases": {"all": {}},
        "deployment": BY_ID,
    },
    "DatabaseServiceDeployment": {
        "integrationRef": {"name": "prod-aws"},
        "region": "us-west-1",
        "vpcId": VPC,
    }
    | BY_ID,
}


def manifest(kind: str, changes: Mapping[str, Any] | None = None) -> Manifest:
    """A valid object with the fields at dotted paths replaced, or removed where the value is ABSENT."""
    result: Manifest = {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": "some"},
        "spec": copy.deepcopy(SPECS[kind]),
    }
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        target = result
        for parent in parents:
            target = target.setdefault(parent, {})
        if value is ABSENT:
            target.pop(last, None)
        else:
            target[last] = value
    return result


@dataclass(frozen=True)
class Case:
    """A field with a value that is refused, what the API server then says, and the nearest one it accepts."""

    kind: str
    path: str
    refused: Any
    message: str
    accepted: Any


def tags(count: int) -> dict[str, str]:
    return {f"key-{number}": "value" for number in range(count)}


def identifiers(region: str) -> dict[str, Any]:
    return {"identifiers": [{"kind": "Instance", "name": "orders", "region": region}]}


INTEGRATION, ENROLLMENT, DEPLOYMENT = KINDS
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
