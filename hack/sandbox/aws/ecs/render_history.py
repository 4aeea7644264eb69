"""Service deployments and revisions as the ECS API shows them (botocore's shapes of these names)."""

from collections.abc import Sequence
from typing import Any

from hack.sandbox.aws.ecs.history import ServiceDeployment, ServiceRevision
from hack.sandbox.aws.ecs.launch import FARGATE_LATEST
from hack.sandbox.aws.ecs.model import Service, Task


def current_revisions(service: Service) -> list[ServiceRevision]:
    """Those of the deployments that a service has now, the primary one first."""
    found = (service.history.revision_of(deployment.id) for deployment in service.deployments)
    return [revision for revision in found if revision is not None]


def render_summary(service: Service, revision: ServiceRevision, tasks: Sequence[Task]) -> dict[str, Any]:
    """`tasks` are those of the service that are not stopped."""
    own = [task for task in tasks if task.deployment_id == revision.deployment_id]
    is_primary = service.primary.id == revision.deployment_id
    return {
        "arn": revision.arn,
        "requestedTaskCount": service.desired_count if is_primary else sum(task.is_wanted for task in own),
        "runningTaskCount": sum(task.is_running for task in own),
        "pendingTaskCount": sum(task.is_pending for task in own),
    }


def render_brief(service: Service, deployment: ServiceDeployment) -> dict[str, Any]:
    shown = {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": deployment.created_at,
        "startedAt": deployment.started_at,
        "finishedAt": deployment.finished_at,
        "targetServiceRevisionArn": deployment.target.arn,
        "status": deployment.status,
        "statusReason": deployment.status_reason or None,
    }
    return _present(shown)


def render_service_deployment(
    service: Service, deployment: ServiceDeployment, tasks: Sequence[Task]
) -> dict[str, Any]:
    """`tasks` are those of the service that are not stopped."""
    shown = {
        **render_brief(service, deployment),
        "updatedAt": deployment.updated_at,
        "stoppedAt": deployment.stopped_at,
        "sourceServiceRevisions": [render_summary(service, source, tasks) for source in deployment.sources],
        "targetServiceRevision": render_summary(service, deployment.target, tasks),
        "deploymentConfiguration": deployment.configuration,
        "deploymentCircuitBreaker": {
            "status": deployment.breaker,
            "failureCount": deployment.failure_count,
            "threshold": deployment.threshold,
        },
        "alarms": {"status": "DISABLED"},
        "rollback": _rollback(deployment),
    }
    shown.pop("targetServiceRevisionArn")
    return _present(shown)


def render_revision(service: Service, revision: ServiceRevision) -> dict[str, Any]:
    version = revision.platform_version
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": revision.task_definition_arn,
        **capacity(service),
        "platformVersion": FARGATE_LATEST if version == "LATEST" else version,
        "platformFamily": "Linux",
        "networkConfiguration": revision.network.to_api(),
        "containerImages": [
            {"containerName": name, "image": image} for name, image in revision.container_images
        ],
        "loadBalancers": [],
        "serviceRegistries": [],
        "guardDutyEnabled": False,
        "createdAt": revision.created_at,
    }


def capacity(service: Service) -> dict[str, Any]:
    """The launch type, or the strategy in its place."""
    if service.capacity_provider_strategy:
        return {"capacityProviderStrategy": service.capacity_provider_strategy}
    return {"launchType": "FARGATE"}


def _rollback(deployment: ServiceDeployment) -> dict[str, Any] | None:
    if deployment.rollback is None:
        return None
    return {
        "reason": deployment.rollback.reason,
        "startedAt": deployment.rollback.started_at,
        "serviceRevisionArn": deployment.rollback.service_revision_arn,
    }


def _present(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if value is not None}
