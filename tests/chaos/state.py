"""What is there, read past the operator: the whole of AWS, Teleport and Kubernetes that a workload can change.

A state is plain JSON: system -> kind of thing -> the things, each as its API shows it. It is compared as a whole, so
that a leaked, duplicated or differing thing of any kind shows.
"""

import base64
import json
from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain
from typing import Any

from google.protobuf.json_format import MessageToDict
from rds_enrollment.plan.agent_config import CONFIG_FLAG

from hack.sandbox.aws.world import World
from hack.sandbox.teleport.server import TeleportSandbox
from tests.cluster.kubernetes_api import Namespace

State = dict[str, dict[str, list[Any]]]

# Of Kubernetes' bookkeeping, and of answers: these tell when and how often something was written. The digest is one of
# names that have to be masked; all that it sums up is compared itself.
_VOLATILE = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "creationTimestamp",
        "uid",
        "Revision",
        "ResponseMetadata",
        "settledDigest",
    }
)


def read_state(world: World, region: str, teleport: TeleportSandbox, namespace: Namespace) -> State:
    """Unmasked."""
    return {
        "aws": dict(chain(_iam(world, region), _ecs(world, region), _others(world, region))),
        "teleport": dict(_teleport(teleport)),
        "kubernetes": {"objects": [_stable(obj) for obj in namespace.objects()]},
    }


def difference(expected: State, actual: State) -> str:
    """Empty when they are equal; else the differing lines, - for what was expected."""
    before, after = (json.dumps(state, indent=1, sort_keys=True).splitlines() for state in (expected, actual))
    return "\n".join(unified_diff(before, after, "reference", "this run", lineterm="", n=8))


def without_idle_revisions(state: State) -> State:
    """Without the task definitions that no service names."""
    aws = state["aws"]
    used = {service["taskDefinition"] for service in aws["ECS services"]}
    kept = [
        each for each in aws["ECS task definitions"] if each["taskDefinition"]["taskDefinitionArn"] in used
    ]
    return {**state, "aws": {**aws, "ECS task definitions": kept}}


def _iam(world: World, region: str) -> Iterator[tuple[str, list[Any]]]:
    iam = world.client("iam", region)
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    yield (
        "identity providers",
        [
            _stable(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"]))
            for each in providers
        ],
    )
    yield "roles", [_role(iam, role["RoleName"]) for role in iam.list_roles()["Roles"]]


def _role(iam: Any, name: str) -> Any:
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        **_stable(iam.get_role(RoleName=name)["Role"]),
        "RoleId": "",
        "inline policies": [
            _stable(iam.get_role_policy(RoleName=name, PolicyName=policy)) for policy in policies
        ],
        "attached policies": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
    }


def _ecs(world: World, region: str) -> Iterator[tuple[str, list[Any]]]:
    ecs = world.client("ecs", region)
    arns = ecs.list_clusters()["clusterArns"]
    yield (
        "ECS clusters",
        _stable(ecs.describe_clusters(clusters=arns, include=["TAGS"])["clusters"]) if arns else [],
    )
    yield "ECS services", [service for arn in arns for service in _services(ecs, arn)]
    yield "ECS tasks", [task for arn in arns for task in _tasks(ecs, arn)]
    # Only ACTIVE revisions: what was deregistered is on its way out.
    revisions = ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    yield (
        "ECS task definitions",
        [
            _readable(_stable(ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])))
            for arn in revisions
        ],
    )


def _readable(revision: dict[str, Any]) -> dict[str, Any]:
    """With the agent's configuration, the last part of the command, decoded: it names what has to be masked."""
    for container in revision["taskDefinition"]["containerDefinitions"]:
        *command, config = container["command"]
        if CONFIG_FLAG in command:
            container["command"] = [*command, base64.b64decode(config, validate=True).decode()]
    return revision


def _services(ecs: Any, cluster: str) -> Iterator[Any]:
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    if not arns:
        return
    for service in ecs.describe_services(cluster=cluster, services=arns, include=["TAGS"])["services"]:
        yield _stable({**service, "events": []})


def _tasks(ecs: Any, cluster: str) -> Iterator[Any]:
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else ():
        yield {key: task[key] for key in ("group", "lastStatus", "desiredStatus", "taskDefinitionArn")}


def _others(world: World, region: str) -> Iterator[tuple[str, list[Any]]]:
    ec2 = world.client("ec2", region)
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    yield "network interfaces", [{key: each[key] for key in ("VpcId", "Status")} for each in interfaces]
    yield "security groups", _stable(ec2.describe_security_groups()["SecurityGroups"])
    groups = world.client("logs", region).describe_log_groups()["logGroups"]
    yield "log groups", [{"name": group["logGroupName"]} for group in groups]


def _teleport(teleport: TeleportSandbox) -> Iterator[tuple[str, list[Any]]]:
    resources = teleport.resources
    for name, collection in (
        ("integrations", resources.integrations),
        ("join tokens", resources.tokens),
        ("databases", resources.databases),
        ("db_service heartbeats", resources.database_services),
        ("db_server heartbeats", resources.database_servers),
    ):
        listed: Any = collection.list()
        yield name, [_stable(MessageToDict(each, preserving_proto_field_name=True)) for each in listed]


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_stable(item) for item in value]
    return value
