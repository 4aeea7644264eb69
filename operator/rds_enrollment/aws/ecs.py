"""Amazon ECS, reading: clusters, services, task definitions and tasks. The writes are in `ecs_writes`.

What ECS reports as a MISSING failure, or refuses because the cluster does not exist, reads as absent. A deleted
cluster or service stays visible for a while as INACTIVE, and is returned so.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import read_tags
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsDeployment,
    EcsService,
    Network,
    ServiceDeployment,
    ServiceEvent,
    Task,
    TaskDefinition,
)

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient
    from types_boto3_ecs.literals import DesiredStatusType, TaskDefinitionStatusType

_NO_ATTACHMENT: Mapping[str, Any] = {}

_ROLLOUTS_READ = 10
"""Enough to count the failures in a row; DescribeServiceRevisions takes up to 20."""

_DESCRIBE_SERVICES_LIMIT = 10
"""ECS API, DescribeServices: up to 10 services in one call."""
_DESCRIBE_TASKS_LIMIT = 100
"""ECS API, DescribeTasks: up to 100 tasks in one call."""


def get_cluster(account: AwsAccount, region: str, name: str) -> EcsCluster | None:
    """ecs:DescribeClusters(include=TAGS)."""
    with translated("ecs:DescribeClusters", f"ECS cluster {name} in {region}"):
        answer = account.client("ecs", region).describe_clusters(clusters=[name], include=["TAGS"])
    return next((_cluster(entry) for entry in answer["clusters"]), None)


def get_service(account: AwsAccount, region: str, cluster: str, service: str) -> EcsService | None:
    """ecs:DescribeServices(include=TAGS)."""
    with translated("ecs:DescribeServices", f"ECS service {cluster}/{service} in {region}"):
        client = account.client("ecs", region)
        try:
            answer = client.describe_services(cluster=cluster, services=[service], include=["TAGS"])
        except client.exceptions.ClusterNotFoundException:
            return None
    return next((_service(entry) for entry in answer["services"]), None)


def list_services(account: AwsAccount, region: str, cluster: str) -> tuple[EcsService, ...]:
    """ecs:ListServices and ecs:DescribeServices(include=TAGS): all services of a cluster, by name."""
    resource = f"services of ECS cluster {cluster} in {region}"
    client = account.client("ecs", region)
    with translated("ecs:ListServices", resource):
        try:
            pages = client.get_paginator("list_services").paginate(cluster=cluster)
            arns = [arn for page in pages for arn in page["serviceArns"]]
        except client.exceptions.ClusterNotFoundException:
            return ()
    found: list[EcsService] = []
    for start in range(0, len(arns), _DESCRIBE_SERVICES_LIMIT):
        batch = arns[start : start + _DESCRIBE_SERVICES_LIMIT]
        with translated("ecs:DescribeServices", resource):
            answer = client.describe_services(cluster=cluster, services=batch, include=["TAGS"])
        found += map(_service, answer["services"])
    return tuple(sorted(found, key=lambda service: service.name))


def list_families(account: AwsAccount, region: str, prefix: str) -> tuple[str, ...]:
    """ecs:ListTaskDefinitionFamilies: families that begin so and have a revision that is not deleted, sorted."""
    with translated("ecs:ListTaskDefinitionFamilies", f"ECS task families {prefix}* in {region}"):
        paginator = account.client("ecs", region).get_paginator("list_task_definition_families")
        pages = paginator.paginate(familyPrefix=prefix, status="ALL")
        return tuple(sorted(family for page in pages for family in page["families"]))


def list_rollouts(
    account: AwsAccount, region: str, cluster: str, service: str
) -> tuple[ServiceDeployment, ...]:
    """ecs:ListServiceDeployments and ecs:DescribeServiceRevisions: the last few, newest first."""
    resource = f"deployments of ECS service {cluster}/{service} in {region}"
    client = account.client("ecs", region)
    with translated("ecs:ListServiceDeployments", resource):
        try:
            answer = client.list_service_deployments(
                cluster=cluster, service=service, maxResults=_ROLLOUTS_READ
            )
        except (client.exceptions.ClusterNotFoundException, client.exceptions.ServiceNotFoundException):
            return ()
    entries = sorted(answer["serviceDeployments"], key=lambda entry: entry["createdAt"], reverse=True)
    targets = [entry["targetServiceRevisionArn"] for entry in entries]
    if not targets:
        return ()
    with translated("ecs:DescribeServiceRevisions", resource):
        revisions = client.describe_service_revisions(serviceRevisionArns=targets)["serviceRevisions"]
    by_arn = {revision["serviceRevisionArn"]: revision for revision in revisions}
    return tuple(_rollout(entry, by_arn.get(entry["targetServiceRevisionArn"])) for entry in entries)


def get_task_definition(account: AwsAccount, region: str, name: str) -> TaskDefinition | None:
    """ecs:DescribeTaskDefinition(include=TAGS).

    Args:
        account: whose.
        region: where.
        name: an ARN or `family:revision`, INACTIVE ones included, or a family for its newest ACTIVE revision.
    """
    with translated("ecs:DescribeTaskDefinition", f"ECS task definition {name} in {region}"):
        client = account.client("ecs", region)
        try:
            answer = client.describe_task_definition(taskDefinition=name, include=["TAGS"])
        except client.exceptions.ClientException as error:
            if not _is_unknown_task_definition(error):
                raise
            return None
    body = answer["taskDefinition"]
    return TaskDefinition(
        arn=body["taskDefinitionArn"],
        family=body["family"],
        revision=body["revision"],
        status=body["status"],
        body=body,
        tags=read_tags(answer.get("tags")),
    )


def list_active_task_definitions(account: AwsAccount, region: str, family: str) -> tuple[str, ...]:
    """ecs:ListTaskDefinitions: ARNs of the ACTIVE revisions of exactly this family, newest first."""
    return _list_task_definitions(account, region, family, "ACTIVE")


def list_inactive_task_definitions(account: AwsAccount, region: str, family: str) -> tuple[str, ...]:
    """ecs:ListTaskDefinitions: ARNs of the INACTIVE revisions of exactly this family, newest first."""
    return _list_task_definitions(account, region, family, "INACTIVE")


def list_family(account: AwsAccount, region: str, family: str) -> tuple[TaskDefinition, ...]:
    """Every revision of exactly this family that is not deleted, ACTIVE and INACTIVE, with its tags."""
    arns = (
        *list_active_task_definitions(account, region, family),
        *list_inactive_task_definitions(account, region, family),
    )
    found = (get_task_definition(account, region, arn) for arn in arns)
    return tuple(item for item in found if item is not None and item.status != "DELETE_IN_PROGRESS")


def _list_task_definitions(
    account: AwsAccount, region: str, family: str, status: "TaskDefinitionStatusType"
) -> tuple[str, ...]:
    with translated("ecs:ListTaskDefinitions", f"ECS task definitions of {family} in {region}"):
        paginator = account.client("ecs", region).get_paginator("list_task_definitions")
        pages = paginator.paginate(familyPrefix=family, status=status, sort="DESC")
        arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
    mine = [arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family]
    return tuple(sorted(mine, key=lambda arn: int(arn.rpartition(":")[2]), reverse=True))


def list_tasks(account: AwsAccount, region: str, cluster: str, service: str) -> tuple[str, ...]:
    """ecs:ListTasks: ARNs of a service's tasks, those that shall run and then those that shall not and are still known.

    One after the other, in this order: a task that stops meanwhile is in both, where it would be in neither otherwise.
    """
    with translated("ecs:ListTasks", _tasks_of(cluster, service, region)):
        client = account.client("ecs", region)
        listed: list[str] = []
        wishes: tuple[DesiredStatusType, ...] = ("RUNNING", "STOPPED")
        try:
            for desired in wishes:
                pages = client.get_paginator("list_tasks").paginate(
                    cluster=cluster, serviceName=service, desiredStatus=desired
                )
                listed += (arn for page in pages for arn in page["taskArns"])
        except (client.exceptions.ClusterNotFoundException, client.exceptions.ServiceNotFoundException):
            return ()
        return tuple(dict.fromkeys(listed))


def describe_tasks(
    account: AwsAccount, region: str, cluster: str, service: str, arns: Sequence[str]
) -> tuple[Task, ...]:
    """ecs:DescribeTasks of tasks of a service. A task that ECS does not know any more is missing from the result."""
    with translated("ecs:DescribeTasks", _tasks_of(cluster, service, region)):
        client = account.client("ecs", region)
        return tuple(_task(entry) for entry in _described_tasks(client, cluster, arns))


def _tasks_of(cluster: str, service: str, region: str) -> str:
    return f"tasks of ECS service {cluster}/{service} in {region}"


def _described_tasks(client: "ECSClient", cluster: str, arns: Sequence[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(arns), _DESCRIBE_TASKS_LIMIT):
        batch = arns[start : start + _DESCRIBE_TASKS_LIMIT]
        found += client.describe_tasks(cluster=cluster, tasks=batch)["tasks"]
    return found


def _is_unknown_task_definition(error: ClientError) -> bool:
    """ECS has no code of its own for it: ClientException, "Unable to describe task definition."."""
    return "unable to describe task definition" in str(error).lower()


def _cluster(entry: Mapping[str, Any]) -> EcsCluster:
    return EcsCluster(
        arn=entry["clusterArn"],
        name=entry["clusterName"],
        status=entry["status"],
        capacity_providers=frozenset(entry.get("capacityProviders", ())),
        active_services=entry.get("activeServicesCount", 0),
        tags=read_tags(entry.get("tags")),
    )


def _service(entry: Mapping[str, Any]) -> EcsService:
    deployment = entry.get("deploymentConfiguration", {})
    breaker = deployment.get("deploymentCircuitBreaker", {})
    return EcsService(
        arn=entry["serviceArn"],
        name=entry["serviceName"],
        status=entry["status"],
        launch_type=entry.get("launchType", ""),
        desired_count=entry.get("desiredCount", 0),
        running_count=entry.get("runningCount", 0),
        task_definition_arn=entry.get("taskDefinition", ""),
        network=_network(entry.get("networkConfiguration", {}).get("awsvpcConfiguration", {})),
        minimum_healthy_percent=deployment.get("minimumHealthyPercent", 100),
        maximum_percent=deployment.get("maximumPercent", 200),
        circuit_breaker=breaker.get("enable", False),
        circuit_breaker_rollback=breaker.get("rollback", False),
        availability_zone_rebalancing=entry.get("availabilityZoneRebalancing") == "ENABLED",
        propagate_tags=entry.get("propagateTags", "NONE"),
        execute_command=entry.get("enableExecuteCommand", False),
        deployments=tuple(_deployment(item) for item in entry.get("deployments", ())),
        events=tuple(
            ServiceEvent(id=item["id"], created_at=item["createdAt"], message=item["message"])
            for item in sorted(entry.get("events", ()), key=lambda item: item["createdAt"], reverse=True)
        ),
        tags=read_tags(entry.get("tags")),
    )


def _rollout(entry: Mapping[str, Any], revision: Mapping[str, Any] | None) -> ServiceDeployment:
    network = (revision or {}).get("networkConfiguration", {}).get("awsvpcConfiguration")
    return ServiceDeployment(
        arn=entry["serviceDeploymentArn"],
        status=entry["status"],
        status_reason=entry.get("statusReason", ""),
        created_at=entry["createdAt"],
        finished_at=entry.get("finishedAt"),
        task_definition_arn=(revision or {}).get("taskDefinition", ""),
        network=_network(network) if network else None,
    )


def _network(entry: Mapping[str, Any]) -> Network:
    return Network(
        subnets=frozenset(entry.get("subnets", ())),
        security_groups=frozenset(entry.get("securityGroups", ())),
        assign_public_ip=entry.get("assignPublicIp") == "ENABLED",
    )


def _deployment(entry: Mapping[str, Any]) -> EcsDeployment:
    return EcsDeployment(
        id=entry["id"],
        status=entry["status"],
        rollout_state=entry.get("rolloutState", ""),
        rollout_state_reason=entry.get("rolloutStateReason", ""),
        task_definition_arn=entry.get("taskDefinition", ""),
        desired=entry.get("desiredCount", 0),
        running=entry.get("runningCount", 0),
        failed=entry.get("failedTasks", 0),
        created_at=entry["createdAt"],
        updated_at=entry["updatedAt"],
    )


def _task(entry: Mapping[str, Any]) -> Task:
    interface = _interface(entry)
    container: Mapping[str, Any] = next(iter(entry.get("containers", ())), {})
    return Task(
        arn=entry["taskArn"],
        task_definition_arn=entry.get("taskDefinitionArn", ""),
        last_status=entry.get("lastStatus", ""),
        desired_status=entry.get("desiredStatus", ""),
        health=entry.get("healthStatus", "UNKNOWN"),
        private_ip=interface.get("privateIPv4Address", ""),
        private_dns_name=interface.get("privateDnsName", ""),
        network_interface_id=interface.get("networkInterfaceId", ""),
        subnet_id=interface.get("subnetId", ""),
        stop_code=entry.get("stopCode", ""),
        stopped_reason=entry.get("stoppedReason", ""),
        stopping_at=entry.get("stoppingAt"),
        stopped_at=entry.get("stoppedAt"),
        container_reason=container.get("reason", ""),
        exit_code=container.get("exitCode"),
    )


def _interface(task: Mapping[str, Any]) -> dict[str, str]:
    """The details of a task's ElasticNetworkInterface attachment by name; empty before it is attached."""
    attachments = (a for a in task.get("attachments", ()) if a.get("type") == "ElasticNetworkInterface")
    details = next(attachments, _NO_ATTACHMENT).get("details", ())
    return {item["name"]: item.get("value", "") for item in details}
