"""The model as the ECS API shows it (botocore's shapes Service, Deployment and Task)."""

from collections.abc import Sequence
from typing import Any

from hack.sandbox.aws.ecs.launch import platform_version
from hack.sandbox.aws.ecs.model import Deployment, Service, Task
from hack.sandbox.aws.ecs.render_history import capacity, current_revisions, render_summary


def render_service(service: Service, tasks: Sequence[Task], include_tags: bool) -> dict[str, Any]:
    """`tasks` are those of the service that are not stopped."""
    shown = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": sum(task.is_running for task in tasks),
        "pendingCount": sum(task.is_pending for task in tasks),
        **capacity(service),
        "platformVersion": service.platform_version,
        "platformFamily": "Linux",
        "taskDefinition": service.primary.task_definition_arn,
        "networkConfiguration": service.primary.network.to_api(),
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "deployments": [_render_deployment(service, d, tasks) for d in service.deployments],
        "events": [
            {"id": event.id, "createdAt": event.created_at, "message": event.message}
            for event in service.events
        ],
        "createdAt": service.created_at,
        "enableECSManagedTags": service.enable_ecs_managed_tags,
        "propagateTags": service.propagate_tags,
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        **{key: value for key, value in service.passthrough.items() if value is not None},
    }
    shown["deploymentConfiguration"] = service.deployment_configuration
    if record := service.history.current:
        shown["currentServiceDeployment"] = record.arn
        shown["currentServiceRevisions"] = [
            render_summary(service, revision, tasks) for revision in current_revisions(service)
        ]
    if include_tags:
        shown["tags"] = service.tags
    return shown


def _render_deployment(service: Service, deployment: Deployment, tasks: Sequence[Task]) -> dict[str, Any]:
    own = [task for task in tasks if task.deployment_id == deployment.id]
    is_primary = deployment.status == "PRIMARY"
    return {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.task_definition_arn,
        "desiredCount": service.desired_count if is_primary else sum(task.is_wanted for task in own),
        "runningCount": sum(task.is_running for task in own),
        "pendingCount": sum(task.is_pending for task in own),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        **capacity(service),
        "platformVersion": platform_version(deployment),
        "platformFamily": "Linux",
        "networkConfiguration": deployment.network.to_api(),
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.rollout_state_reason,
    }


def render_task(task: Task, include_tags: bool) -> dict[str, Any]:
    shown = {
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "group": f"service:{task.service_name}",
        "startedBy": task.deployment_id,
        "lastStatus": task.status,
        "desiredStatus": task.desired_status,
        "connectivity": "CONNECTED",
        "launchType": "FARGATE",
        "healthStatus": task.health,
        "platformVersion": task.platform_version,
        "platformFamily": "Linux",
        "availabilityZone": task.availability_zone,
        "cpu": task.cpu,
        "memory": task.memory,
        "createdAt": task.created_at,
        "pullStartedAt": task.pull_started_at,
        "startedAt": task.started_at,
        "stoppingAt": task.stopping_at,
        "stoppedAt": task.stopped_at,
        "stopCode": task.stop_code or None,
        "stoppedReason": task.stopped_reason or None,
        "attachments": [_render_attachment(task)],
        "containers": [_render_container(task, container) for container in task.containers],
        "overrides": {"containerOverrides": [{"name": c["name"]} for c in task.containers]},
    }
    if include_tags:
        shown["tags"] = task.tags
    return {key: value for key, value in shown.items() if value is not None}


def _render_attachment(task: Task) -> dict[str, Any]:
    details = {
        "subnetId": task.interface.subnet_id,
        "networkInterfaceId": task.interface.id,
        "macAddress": task.interface.mac_address,
        "privateDnsName": task.interface.private_dns_name,
        "privateIPv4Address": task.interface.private_ip,
    }
    statuses = {"PROVISIONING": "ATTACHING", "STOPPED": "DELETED"}
    return {
        "id": task.attachment_id,
        "type": "ElasticNetworkInterface",
        "status": statuses.get(task.status, "ATTACHED"),
        "details": [{"name": name, "value": value} for name, value in details.items() if value],
    }


def _render_container(task: Task, container: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "containerArn": task.arn.replace(":task/", ":container/") + f"/{container['name']}",
        "taskArn": task.arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": task.status if task.status in ("RUNNING", "STOPPED") else "PENDING",
        "healthStatus": task.health if container.get("healthCheck") else "UNKNOWN",
        "networkInterfaces": [
            {"attachmentId": task.attachment_id, "privateIpv4Address": task.interface.private_ip}
        ],
    }
    if task.stop_code == "TaskFailedToStart":
        shown["reason"] = task.stopped_reason
    elif task.status == "STOPPED":
        # dumb-init rewrites ECS's SIGTERM to a graceful SIGQUIT.
        shown["exitCode"] = task.exit_code or 0
        if task.container_reason:
            shown["reason"] = task.container_reason
    return shown
