"""What the operator makes in AWS, as the requests that make it again: read from one account, written into another."""

import base64
import json
from typing import Any

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.plan.agent_config import CONFIG_FLAG

from tests.cluster import inventory
from tests.cluster.scene import Scene

State = dict[str, Any]

_REGISTERED = (
    *("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "cpu", "memory"),
    *("requiresCompatibilities", "runtimePlatform"),
)
_CREATED = (
    *("serviceName", "taskDefinition", "desiredCount", "launchType", "deploymentConfiguration"),
    *("networkConfiguration", "availabilityZoneRebalancing", "propagateTags", "enableECSManagedTags", "tags"),
)
_OPENED = ("IpProtocol", "FromPort", "ToPort")


def read(scene: Scene) -> State:
    """Everything with a mark, or that is used by what has one, but for ids that AWS gives."""
    ecs, logs = scene.client("ecs"), scene.client("logs")
    return {
        "security groups": _groups(scene),
        "inbound rules": _rules(scene),
        "log groups": [
            {**_only(group, "logGroupName", "retentionInDays"), "tags": _log_tags(logs, group)}
            for group in logs.describe_log_groups()["logGroups"]
        ],
        "identity providers": [_provider(scene, arn) for arn in inventory.identity_providers(scene)],
        "roles": [
            {
                **_only(role, "RoleName", "Path", "Description", "AssumeRolePolicyDocument", "Tags"),
                "policies": inventory.policies(scene, name),
            }
            for name, role in inventory.roles(scene).items()
        ],
        "clusters": [
            _only(cluster, "clusterName", "capacityProviders", "defaultCapacityProviderStrategy", "tags")
            for cluster in inventory.clusters(scene)
        ],
        "task definitions": [_revision(ecs, arn) for arn in inventory.task_definitions(scene)],
        "services": [
            {**_only(service, *_CREATED), "cluster": service["clusterArn"].rpartition("/")[2]}
            for service in inventory.services(scene)
        ],
    }


def write_groups(scene: Scene, state: State, vpc: str) -> dict[str, str]:
    """Make the security groups; their ids by name."""
    ec2 = scene.client("ec2")
    return {
        group["GroupName"]: ec2.create_security_group(
            **_only(group, "GroupName", "Description"),
            VpcId=vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": group["Tags"]}],
        )["GroupId"]
        for group in state["security groups"]
    }


def write(scene: Scene, state: State) -> None:
    """Make everything but the security groups, each after what it refers to."""
    ec2, ecs, iam, logs = (scene.client(name) for name in ("ec2", "ecs", "iam", "logs"))
    for rule in state["inbound rules"]:
        tags = [{"ResourceType": "security-group-rule", "Tags": rule.pop("Tags")}]
        ec2.authorize_security_group_ingress(
            GroupId=rule.pop("GroupId"), IpPermissions=[rule], TagSpecifications=tags
        )
    for group in state["log groups"]:
        logs.create_log_group(logGroupName=group["logGroupName"], tags=group["tags"])
        if "retentionInDays" in group:
            logs.put_retention_policy(**_only(group, "logGroupName", "retentionInDays"))
    for provider in state["identity providers"]:
        iam.create_open_id_connect_provider(**provider)
    for role in state["roles"]:
        policies = role.pop("policies")
        trust = json.dumps(role.pop("AssumeRolePolicyDocument"))
        iam.create_role(**role, AssumeRolePolicyDocument=trust)
        for policy, document in policies.items():
            iam.put_role_policy(
                RoleName=role["RoleName"], PolicyName=policy, PolicyDocument=json.dumps(document)
            )
    for cluster in state["clusters"]:
        ecs.create_cluster(**cluster)
    for revision in state["task definitions"]:
        ecs.register_task_definition(**_packed(revision))
    for service in state["services"]:
        ecs.create_service(**service)


def managed_groups(scene: Scene) -> dict[str, str]:
    """Ids of the security groups that the operator made, by name."""
    found = scene.client("ec2").describe_security_groups(Filters=_MARKED)["SecurityGroups"]
    return {group["GroupName"]: group["GroupId"] for group in found}


_MARKED = [{"Name": "tag-key", "Values": [OWNER_MARK]}]


def _groups(scene: Scene) -> list[State]:
    found = scene.client("ec2").describe_security_groups(Filters=_MARKED)["SecurityGroups"]
    return [_only(group, "GroupName", "Description", "Tags") for group in found]


def _rules(scene: Scene) -> list[State]:
    """Rules of ours in groups of others."""
    found = scene.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    return [
        {
            **_only(rule, "GroupId", *_OPENED, "Tags"),
            "UserIdGroupPairs": [
                {
                    "GroupId": rule["ReferencedGroupInfo"]["GroupId"],
                    "Description": rule.get("Description", ""),
                }
            ],
        }
        for rule in found
        if not rule["IsEgress"] and any(tag["Key"] == OWNER_MARK for tag in rule.get("Tags", ()))
    ]


def _log_tags(logs: Any, group: State) -> Any:
    return logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]


def _provider(scene: Scene, arn: str) -> State:
    found = scene.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return {**_only(found, "ClientIDList", "ThumbprintList", "Tags"), "Url": f"https://{found['Url']}"}


def _revision(ecs: Any, arn: str) -> State:
    """With the agents' configuration in clear: it names what differs from place to place."""
    answer = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    body = _only(answer["taskDefinition"], *_REGISTERED)
    for container in body["containerDefinitions"]:
        at = container["command"].index(CONFIG_FLAG) + 1
        container["command"][at] = base64.b64decode(container["command"][at], validate=True).decode()
    return {**body, "tags": answer["tags"]}


def _packed(revision: State) -> State:
    for container in revision["containerDefinitions"]:
        at = container["command"].index(CONFIG_FLAG) + 1
        container["command"][at] = base64.b64encode(container["command"][at].encode()).decode()
    return revision


def _only(found: State, *keys: str) -> State:
    return {key: found[key] for key in keys if key in found}
