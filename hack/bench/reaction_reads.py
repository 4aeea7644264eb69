"""What a pass over a converged object asks AWS for, and what each call waits for: for a loop that asks the same."""

from typing import Any

from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT

from hack.bench.bare_loop import Call, Chains
from hack.bench.world import REGION, BenchWorld


def reads_of_integration(world: BenchWorld) -> Chains:
    """The identity provider, the role and its two policies: four calls, side by side."""
    iam = world.stack.world.client("iam", REGION)
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    (found,) = world.all(AWS_OIDC_INTEGRATION.plural)
    return [
        [("iam", "get_open_id_connect_provider", {"OpenIDConnectProviderArn": provider["Arn"]})],
        *_role(iam, found["spec"]["role"]["name"]),
    ]


def reads_of_deployment(world: BenchWorld) -> Chains:
    """The role and its policy, the cluster, the service and the task definition, beside the tasks, which are listed by
    status and then described: eight calls, three of them one after the other."""
    iam, ecs = world.stack.world.client("iam", REGION), world.stack.world.client("ecs", REGION)
    (found,) = world.all(DATABASE_SERVICE_DEPLOYMENT.plural)
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (arn,) = ecs.list_services(cluster=cluster)["serviceArns"]
    (service,) = ecs.describe_services(cluster=cluster, services=[arn])["services"]
    tasks = {"cluster": cluster, "serviceName": service["serviceName"]}
    arns = ecs.list_tasks(**tasks)["taskArns"]
    tags = {"include": ["TAGS"]}
    return [
        *_role(iam, found["status"]["taskRoleArn"].rpartition("/")[2]),
        [("ecs", "describe_clusters", {"clusters": [cluster], **tags})],
        [("ecs", "describe_services", {"cluster": cluster, "services": [arn], **tags})],
        [("ecs", "describe_task_definition", {"taskDefinition": service["taskDefinition"], **tags})],
        [
            ("ecs", "list_tasks", {**tasks, "desiredStatus": "RUNNING"}),
            ("ecs", "list_tasks", {**tasks, "desiredStatus": "STOPPED"}),
            ("ecs", "describe_tasks", {"cluster": cluster, "tasks": arns}),
        ],
    ]


def _role(iam: Any, role: str) -> list[list[Call]]:
    policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
    calls: list[Call] = [("iam", "get_role", {"RoleName": role})]
    calls += [("iam", "get_role_policy", {"RoleName": role, "PolicyName": policy}) for policy in policies]
    return [[call] for call in calls]
