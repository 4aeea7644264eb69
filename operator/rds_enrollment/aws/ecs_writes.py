"""Amazon ECS, writing: one function per step."""

from contextlib import suppress
from typing import Any

from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import ecs_tags
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.plan.steps import ecs as steps


def create_cluster(account: AwsAccount, step: steps.CreateCluster) -> None:
    """ecs:CreateCluster. ECS answers with the cluster when it is ACTIVE already, and changes nothing."""
    with translated("ecs:CreateCluster", step.target):
        account.client("ecs", step.region).create_cluster(
            clusterName=step.cluster,
            capacityProviders=list(step.capacity_providers),
            tags=ecs_tags(step.tags),
        )


def put_cluster_capacity_providers(account: AwsAccount, step: steps.PutClusterCapacityProviders) -> None:
    """ecs:PutClusterCapacityProviders."""
    with translated("ecs:PutClusterCapacityProviders", step.target):
        account.client("ecs", step.region).put_cluster_capacity_providers(
            cluster=step.cluster,
            capacityProviders=list(step.capacity_providers),
            defaultCapacityProviderStrategy=[{"capacityProvider": step.default_provider}],
        )


def delete_cluster(account: AwsAccount, step: steps.DeleteCluster) -> None:
    """ecs:DeleteCluster."""
    with translated("ecs:DeleteCluster", step.target):
        client = account.client("ecs", step.region)
        with suppress(client.exceptions.ClusterNotFoundException):
            client.delete_cluster(cluster=step.cluster)


def tag_resource(account: AwsAccount, step: steps.TagEcsResource) -> None:
    """ecs:TagResource. Tags that are not named stay."""
    with translated("ecs:TagResource", step.target):
        account.client("ecs", step.region).tag_resource(resourceArn=step.arn, tags=ecs_tags(step.tags))


def untag_resource(account: AwsAccount, step: steps.UntagEcsResource) -> None:
    """ecs:UntagResource."""
    with translated("ecs:UntagResource", step.target):
        account.client("ecs", step.region).untag_resource(resourceArn=step.resource, tagKeys=list(step.keys))


def register_task_definition(account: AwsAccount, step: steps.RegisterTaskDefinition) -> None:
    """ecs:RegisterTaskDefinition: a new revision each time, whatever is registered already.

    Where the answer is lost, the next look finds the revision; the same request again would make another.
    """
    with translated("ecs:RegisterTaskDefinition", step.target):
        client = account.once("ecs", step.region)
        client.register_task_definition(**step.body, tags=ecs_tags(step.tags))


def deregister_task_definition(account: AwsAccount, step: steps.DeregisterTaskDefinition) -> None:
    """ecs:DeregisterTaskDefinition. A revision that is not ACTIVE any more is done."""
    with translated("ecs:DeregisterTaskDefinition", step.target):
        client = account.client("ecs", step.region)
        try:
            client.deregister_task_definition(taskDefinition=step.arn)
        except (client.exceptions.ClientException, client.exceptions.InvalidParameterException) as error:
            if not _says_gone(str(error)):
                raise


def delete_task_definition(account: AwsAccount, step: steps.DeleteTaskDefinition) -> None:
    """ecs:DeleteTaskDefinitions: refusals come in the answer's `failures`."""
    with translated("ecs:DeleteTaskDefinitions", step.target):
        answer = account.client("ecs", step.region).delete_task_definitions(taskDefinitions=[step.arn])
    for failure in answer["failures"]:
        reason = " ".join(filter(None, (failure.get("reason"), failure.get("detail"))))
        if not _says_gone(reason):
            raise Blocked(
                Reason.AWS_REQUEST_REFUSED, f"ecs:DeleteTaskDefinitions on {step.target}: {reason[:300]}"
            )


def _says_gone(text: str) -> bool:
    """ECS has no codes for a revision that is absent, INACTIVE or being deleted; it only says so."""
    lowered = text.lower()
    return any(
        words in lowered
        for words in (
            "is inactive",
            "not found",
            "not_found",
            "does not exist",
            "delete_in_progress",
            "unable to describe task definition",
        )
    )


def create_service(account: AwsAccount, step: steps.CreateService) -> None:
    """ecs:CreateService on Fargate."""
    with translated("ecs:CreateService", step.target):
        account.client("ecs", step.region).create_service(
            cluster=step.cluster,
            serviceName=step.service,
            launchType="FARGATE",
            tags=ecs_tags(step.tags),
            **_service_members(step.shape),
        )


def update_service(account: AwsAccount, step: steps.UpdateService) -> None:
    """ecs:UpdateService: unless forced, ECS deploys anew only when the task definition or the network differs."""
    members = _service_members(step.shape)
    if step.keeps_network:
        del members["networkConfiguration"]
    with translated("ecs:UpdateService", step.target):
        account.client("ecs", step.region).update_service(
            cluster=step.cluster, service=step.service, forceNewDeployment=step.force, **members
        )


def delete_service(account: AwsAccount, step: steps.DeleteService) -> None:
    """ecs:DeleteService(force=true). A service that is gone, or drains already, is done."""
    with translated("ecs:DeleteService", step.target):
        client = account.client("ecs", step.region)
        gone = (
            client.exceptions.ServiceNotFoundException,
            client.exceptions.ServiceNotActiveException,
            client.exceptions.ClusterNotFoundException,
        )
        with suppress(*gone):
            client.delete_service(cluster=step.cluster, service=step.service, force=True)


def _service_members(shape: steps.ServiceShape) -> dict[str, Any]:
    return {
        "desiredCount": shape.desired_count,
        "taskDefinition": shape.task_definition_arn,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": sorted(shape.network.subnets),
                "securityGroups": sorted(shape.network.security_groups),
                "assignPublicIp": "ENABLED" if shape.network.assign_public_ip else "DISABLED",
            }
        },
        "deploymentConfiguration": {
            "minimumHealthyPercent": shape.minimum_healthy_percent,
            "maximumPercent": shape.maximum_percent,
            "deploymentCircuitBreaker": {
                "enable": shape.circuit_breaker,
                "rollback": shape.circuit_breaker_rollback,
            },
        },
        "availabilityZoneRebalancing": "ENABLED" if shape.availability_zone_rebalancing else "DISABLED",
        "propagateTags": shape.propagate_tags,
        "enableExecuteCommand": shape.execute_command,
    }
