"""The AWS permissions of the operator: the product's table; and the calls in aws/, which alone imports boto3."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session
from rds_enrollment.plan.permissions.table import NEEDS, actions

from hack.docsgen.markdown import code, escape, page, table

SOURCES = Path(__file__).resolve().parents[2] / "operator" / "rds_enrollment" / "aws"

SERVICES = ("ec2", "ecs", "iam", "logs", "rds", "service-quotas", "sts")

_CLIENT = re.compile(r"client\(\s*\"([a-z0-9-]+)\"")
_PASS_ROLE = {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": "*",
    "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
}
_INTRODUCTION = (
    "`rds-enrollment policy` prints the policy that your manifests need, narrowed to the names, tags and regions in "
    "them ([the command line](../command-line.md#policy)). The one at the end of this page is for all manifests: it "
    "names no resources, and allows every call that the operator makes."
)


def render() -> dict[str, str]:
    """Text of the page by file name."""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": sorted(actions() - {_PASS_ROLE["Action"]}), "Resource": "*"},
                _PASS_ROLE,
            ],
        },
        indent=2,
    )
    asked = table(("Operation", "IAM actions", "On", "Because"), _rows())
    source = "operator/rds_enrollment/plan/permissions/table.py"
    text = page("AWS permissions", source, _INTRODUCTION, asked, f"```json\n{policy}\n```")
    return {"aws-actions.md": text}


def operations() -> frozenset[str]:
    """`service:Operation` of every call in the code."""
    return frozenset(action for path in SOURCES.glob("*.py") for action in _of(path))


def _rows() -> Iterator[tuple[str, ...]]:
    for operation, needs in sorted(NEEDS.items()):
        for number, need in enumerate(needs):
            first = code(operation) if number == 0 else ""
            yield first, code(need.action), need.on.value, escape(need.because)


def _of(path: Path) -> Iterator[str]:
    text = path.read_text()
    here = set(_CLIENT.findall(text))
    for name in set(_words(ast.parse(text))):
        having = {service for service in SERVICES if name in _operations(service)}
        # A name that only one service has needs no client beside it.
        for service in having if len(having) == 1 else having & here:
            yield f"{_prefix(service)}:{_operations(service)[name]}"


def _words(tree: ast.AST) -> Iterator[str]:
    """Names of called methods, and what a paginator or a listing is made for."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(name))]):
                yield name
            case ast.Call(func=ast.Name(id="_Listing"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Call(func=ast.Attribute(attr=name)):
                yield name
            case _:
                pass


@cache
def _prefix(service: str) -> str:
    """What IAM calls a service."""
    return str(get_session().get_service_model(service).endpoint_prefix)


@cache
def _operations(service: str) -> dict[str, str]:
    """Operation by its own name and by that of boto3's method."""
    names = get_session().get_service_model(service).operation_names
    return {xform_name(name): name for name in names} | {name: name for name in names}
