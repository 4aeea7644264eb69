"""The AWS actions that the operator calls: read from aws/, the only package that imports boto3."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from hack.docsgen.markdown import page

SOURCES = Path(__file__).resolve().parents[2] / "operator" / "rds_enrollment" / "aws"

SERVICES = ("ec2", "ecs", "iam", "logs", "rds", "sts")

_CLIENT = re.compile(r"client\(\s*\"([a-z0-9]+)\"")
_IMPLIED = {
    "ecs:TagResource": "services, clusters and task definitions are made with their tags",
    "iam:CreateServiceLinkedRole": "ECS makes its role at its first use in an account",
    "iam:TagOpenIDConnectProvider": "identity providers are made with their tags",
    "iam:TagRole": "roles are made with their tags",
    "logs:TagResource": "log groups are made with their tags",
}
"""Actions that AWS asks for on top of a call (Service Authorization Reference, dependent actions)."""
_PASS_ROLE = {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": "*",
    "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
}
_INTRODUCTION = (
    "A policy for the operator's own role that allows every call it makes, taken from its code. It names no resources, "
    "because their names come from your manifests: narrow it where you know them, such as `iam:*Role*` to the names of "
    "your roles, and forbid what is not yours by a permissions boundary."
)


def render() -> dict[str, str]:
    """Text of the page by file name."""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions(), "Resource": "*"}, _PASS_ROLE],
        },
        indent=2,
    )
    source = "the calls in operator/rds_enrollment/aws"
    return {"aws-actions.md": page("AWS permissions", source, _INTRODUCTION, f"```json\n{policy}\n```")}


def actions() -> list[str]:
    """`service:Operation` of every call, and what AWS asks for on top; sorted."""
    called = {action for path in SOURCES.glob("*.py") for action in _of(path)}
    return sorted(called | _IMPLIED.keys())


def _of(path: Path) -> Iterator[str]:
    text = path.read_text()
    here = set(_CLIENT.findall(text))
    for name in set(_words(ast.parse(text))):
        having = {service for service in SERVICES if name in _operations(service)}
        # A name that only one service has needs no client beside it.
        for service in having if len(having) == 1 else having & here:
            yield f"{service}:{_operations(service)[name]}"


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
def _operations(service: str) -> dict[str, str]:
    """Operation by its own name and by that of boto3's method."""
    names = get_session().get_service_model(service).operation_names
    return {xform_name(name): name for name in names} | {name: name for name in names}
