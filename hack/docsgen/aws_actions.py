"""The AWS permissions of the operator: the product's table; and the calls in aws/, which alone imports boto3."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session
from rds_enrollment.plan.permissions.table import NEEDS, On, actions

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
_LEGEND = (
    "The words under *On* name statements (`Sid`) of the printed policy, and stand for these resources and conditions. "
    "A statement is left out where the manifests ask for nothing of its kind; further ones of a kind get a number."
)
_MEANINGS = {
    On.ANYTHING: "`*`: IAM knows neither a resource nor a condition that narrows it",
    On.REGIONS: "`*`, in the regions of the manifests (`aws:RequestedRegion`): IAM knows no resource",
    On.DATABASES: "DB instances and clusters of the account in these regions",
    On.PROVIDERS: "the IAM identity provider of the Teleport cluster, also one that is only observed",
    On.OWN_PROVIDERS: "the same, where the operator makes and keeps it",
    On.ROLES: "all roles that the manifests name or have made",
    On.OWN_ROLES: "the roles among them that the operator makes and keeps",
    On.NEW_ROLES: "the same, with the permissions boundary that they have to get (`iam:PermissionsBoundary`)",
    On.OBSERVED_ROLES: "roles with `managementPolicy: Observe`, at any path",
    On.ATTACHED_POLICIES: "managed policies of the account and of AWS, where roles are observed",
    On.PASSED_ROLES: "task roles and execution roles, passed to `ecs-tasks.amazonaws.com` alone",
    On.LINKED_ROLE: "ECS's service-linked role",
    On.CLUSTERS: "the ECS cluster of the Teleport cluster, in each region",
    On.IN_CLUSTERS: "`*` within these clusters (`ecs:cluster`)",
    On.SERVICES: "the ECS services of the deployments",
    On.SERVICE_REVISIONS: "revisions of these services",
    On.TASKS: "tasks in these clusters",
    On.TASK_DEFINITIONS: "all revisions of the deployments' task definitions",
    On.LOG_GROUPS: "log groups that a deployment has of its own",
    On.LOG_STREAMS: "log streams of all agents",
    On.NETWORKS: "the VPCs in which security groups are made",
    On.NEW_GROUPS: "security groups that are made with an owner mark",
    On.NEW_RULES: "inbound rules that are made with an owner mark",
    On.OWN_GROUPS: "security groups and rules that carry an owner mark",
    On.OPENED_GROUPS: "security groups in the VPCs of deployments with `databaseAccess: Manage`",
    On.ADOPTED_GROUPS: "security groups and rules (these with Teleport's tags) that may be adopted (`adoptionPolicy`)",
    On.TAGS_OF_NEW: "security groups and rules, in the call that makes them (`ec2:CreateAction`)",
    On.PREFIX_LISTS: "managed prefix lists in these regions, whoever shares them",
    On.INSIGHTS: "`*`, in these regions: paths and analyses of the Reachability Analyzer, which are listed",
    On.NEW_INSIGHTS: "paths and analyses that are made with an owner mark",
    On.OWN_INSIGHTS: "paths and analyses that carry an owner mark",
    On.TAGS_OF_INSIGHTS: "paths and analyses, in the call that makes them (`ec2:CreateAction`)",
    On.ANALYZER: "`*`, in these regions: what the analyzer reads with the rights of who asks it",
    On.ASSUMED_ROLES: "the roles in `assumeRoleArn`, for the operator's own role",
    On.BY_HAND: "nothing of the operator's policy: whoever calls the command needs it, on `*`",
}
"""By each word of the table."""
_SIZES = (
    "IAM takes at most 6,144 characters in a managed policy and 10,240 in all inline policies of a role together, "
    "without white space (IAM User Guide, *IAM and AWS STS quotas*). What is printed comes in as many pieces as that "
    "takes: make a managed policy of each, and attach them all. `identities` has one entry for each role that the "
    "operator acts with, and where `spec.diagnostics` asks for it an `analyzer_policy` beside its `policies`:"
)
_RECIPE = """```sh
rds-enrollment policy -f manifests/ --teleport-cluster example.teleport.sh --output json > permissions.json
jq '.identities[] | {identity, pieces: (.policies | length)}' permissions.json
jq --compact-output '.identities[0].policies[0]' permissions.json > operator-1.json
aws iam create-policy --policy-name rds-enrollment-operator-1 --policy-document file://operator-1.json
aws iam attach-role-policy --role-name rds-enrollment-operator \\
  --policy-arn arn:aws:iam::123456789012:policy/rds-enrollment-operator-1
```"""


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
    legend = table(("On", "Means"), ((word.value, _MEANINGS[word]) for word in On))
    headings = ("## Which call needs what", "## What the words stand for", "## How long a policy may be")
    text = page(
        "AWS permissions",
        source,
        *(_INTRODUCTION, headings[0], asked, headings[1], _LEGEND, legend, headings[2], _SIZES, _RECIPE),
        *("## The policy for all manifests", f"```json\n{policy}\n```"),
    )
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
