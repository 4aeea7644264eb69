"""Writes the history of a service: a revision and a service deployment for each deployment."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hack.sandbox.aws.ecs.history import (
    ServiceDeployment,
    ServiceRevision,
    revision_arn,
    service_deployment_arn,
)
from hack.sandbox.aws.ecs.model import Service, Task


def begin_service_deployment(
    service: Service, tasks: Sequence[Task], find_definition: Callable[[str], Any], now: datetime
) -> None:
    """Of the service's primary deployment, which is new; `tasks` are those that have not stopped."""
    running = {task.deployment_id for task in tasks if task.is_wanted}
    sources = tuple(r for r in service.history.revisions if r.deployment_id in running)
    breaker = service.circuit_breaker
    service.history.begin(
        ServiceDeployment(
            arn=service_deployment_arn(service.arn),
            target=_revision(service, find_definition, now),
            sources=sources,
            created_at=now,
            updated_at=now,
            configuration=service.deployment_configuration,
            breaker="MONITORING" if breaker.enable else "DISABLED",
            threshold=breaker.threshold(service.desired_count),
        )
    )


def _revision(service: Service, find_definition: Callable[[str], Any], now: datetime) -> ServiceRevision:
    deployment = service.primary
    definition = find_definition(deployment.task_definition_arn)
    return ServiceRevision(
        arn=revision_arn(service.arn),
        deployment_id=deployment.id,
        task_definition_arn=deployment.task_definition_arn,
        network=deployment.network,
        platform_version=deployment.platform_version,
        container_images=tuple((c["name"], c["image"]) for c in definition.container_definitions),
        created_at=now,
    )
