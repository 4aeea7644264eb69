"""CreateService, UpdateService, DeleteService: the requests that change services.

Source: Amazon ECS API Reference, the pages of these operations.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hack.sandbox.aws.ecs.capacity import choose_strategy
from hack.sandbox.aws.ecs.errors import (
    client_error,
    invalid_parameter,
    service_not_active,
    service_not_found,
)
from hack.sandbox.aws.ecs.model import Deployment, Service
from hack.sandbox.aws.ecs.network_configuration import AwsvpcConfiguration
from hack.sandbox.aws.ecs.recording import begin_service_deployment
from hack.sandbox.aws.ecs.scheduler import Scheduler
from hack.sandbox.aws.ecs.validation import check_definition, parse_network, refuse_unsimulated

Request = Mapping[str, Any]

_RETURNED_ONLY = {
    "availabilityZoneRebalancing": "ENABLED",
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": None,
}
_UPDATABLE = {
    "desiredCount",
    "taskDefinition",
    "networkConfiguration",
    "deploymentConfiguration",
    "platformVersion",
    "propagateTags",
    "enableECSManagedTags",
    *_RETURNED_ONLY,
}


class ServiceApi:
    """The write side of services in one account and region.

    `find_definition` resolves a family, `family:revision` or ARN to moto's TaskDefinition.
    """

    def __init__(self, scheduler: Scheduler, find_definition: Callable[[str], Any]) -> None:
        self._scheduler = scheduler
        self._find_definition = find_definition

    def find(self, cluster_name: str, name_or_arn: str) -> Service | None:
        name = name_or_arn.rsplit("/", 1)[-1]
        return self._scheduler.services.get(f"{cluster_name}:{name}")

    def create(self, cluster: Any, request: Request, now: datetime) -> Service:
        """A new service, or the existing one when the request is the one that made it.

        `cluster` is moto's Cluster. Raises InvalidParameterException for a different request under the name
        of an ACTIVE or DRAINING service.
        """
        name = request["serviceName"]
        identity = _identity(request)
        existing = self.find(cluster.name, name)
        if existing and existing.status == "DRAINING":
            raise invalid_parameter("Unable to Start a service that is still Draining.")
        if existing and existing.status == "ACTIVE":
            if existing.request == identity:
                return existing
            raise invalid_parameter("Creation of service was not idempotent.")
        refuse_unsimulated(request)
        service = self._build(cluster, request, identity, now)
        self._scheduler.services[f"{cluster.name}:{name}"] = service
        begin_service_deployment(service, [], self._find_definition, now)
        return service

    def update(self, cluster_name: str, request: Request, now: datetime) -> Service:
        service = self.find(cluster_name, request["service"])
        if service is None:
            raise service_not_found()
        if service.status != "ACTIVE":
            raise service_not_active()
        unknown = set(request) - _UPDATABLE - {"cluster", "service", "forceNewDeployment"}
        if unknown:
            raise client_error(
                f"This sandbox does not simulate {', '.join(sorted(unknown))} of UpdateService."
            )
        refuse_unsimulated(request)
        changes = {key: value for key, value in request.items() if key in _UPDATABLE}
        deployment = self._changed_deployment(service, request, now)
        _apply_settings(service, changes)
        service.request = _identity({**service.request, **changes})
        if deployment is not None:
            service.primary.status = "ACTIVE"
            service.deployments.insert(0, deployment)
            service.is_steady = False
            begin_service_deployment(service, self._scheduler.alive(service), self._find_definition, now)
        return service

    def delete(self, cluster_name: str, name_or_arn: str, force: bool, now: datetime) -> Service:
        """ACTIVE -> DRAINING; a service that is draining already is returned as it is."""
        service = self.find(cluster_name, name_or_arn)
        if service is None or service.status == "INACTIVE":
            raise service_not_found()
        if service.status == "ACTIVE":
            if service.desired_count > 0 and not force:
                raise invalid_parameter("The service cannot be stopped while it is scaled above 0.")
            service.status = "DRAINING"
            service.desired_count = 0
            if record := service.history.current:
                record.stop("The service was deleted.", now)
        return service

    def _build(self, cluster: Any, request: Request, identity: Request, now: datetime) -> Service:
        definition = self._find_definition(request["taskDefinition"])
        check_definition(definition)
        network = parse_network(request, self._scheduler.launcher.network)
        launcher = self._scheduler.launcher
        prefix = f"arn:{launcher.partition}:ecs:{launcher.region}:{launcher.account}"
        service = Service(
            arn=f"{prefix}:service/{cluster.name}/{request['serviceName']}",
            name=request["serviceName"],
            cluster_arn=cluster.arn,
            cluster_name=cluster.name,
            desired_count=int(request.get("desiredCount", 0)),
            platform_version="LATEST",
            minimum_healthy_percent=100,
            maximum_percent=200,
            enable_ecs_managed_tags=False,
            propagate_tags="NONE",
            tags=list(request.get("tags") or []),
            created_at=now,
            request=identity,
            passthrough=dict(_RETURNED_ONLY),
            capacity_provider_strategy=choose_strategy(cluster, request),
        )
        _apply_settings(service, request)
        service.deployments = [_deployment(definition.arn, network, service.platform_version, now)]
        return service

    def _changed_deployment(self, service: Service, request: Request, now: datetime) -> Deployment | None:
        """The deployment that an update starts, or None when it changes nothing about the tasks."""
        primary = service.primary
        definition_arn, network = primary.task_definition_arn, primary.network
        if request.get("taskDefinition"):
            definition = self._find_definition(request["taskDefinition"])
            check_definition(definition)
            definition_arn = definition.arn
        if request.get("networkConfiguration"):
            network = parse_network(request, self._scheduler.launcher.network)
        platform_version = request.get("platformVersion") or primary.platform_version
        changed = (
            definition_arn != primary.task_definition_arn
            or network != primary.network
            or platform_version != primary.platform_version
        )
        if not changed and not request.get("forceNewDeployment"):
            return None
        return _deployment(definition_arn, network, platform_version, now)


def _deployment(
    definition_arn: str, network: AwsvpcConfiguration, platform_version: str, now: datetime
) -> Deployment:
    deployment_id = f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"
    return Deployment(
        deployment_id,
        definition_arn,
        network,
        created_at=now,
        updated_at=now,
        platform_version=platform_version,
        rollout_state_reason=f"ECS deployment {deployment_id} in progress.",
    )


def _apply_settings(service: Service, request: Request) -> None:
    """Writes what a request says about the service itself; absent fields stay as they are."""
    service.desired_count = int(request.get("desiredCount", service.desired_count))
    service.platform_version = request.get("platformVersion") or service.platform_version
    service.propagate_tags = request.get("propagateTags") or service.propagate_tags
    service.enable_ecs_managed_tags = bool(
        request.get("enableECSManagedTags", service.enable_ecs_managed_tags)
    )
    configuration = request.get("deploymentConfiguration") or {}
    service.minimum_healthy_percent = configuration.get(
        "minimumHealthyPercent", service.minimum_healthy_percent
    )
    service.maximum_percent = configuration.get("maximumPercent", service.maximum_percent)
    others = {
        key: value
        for key, value in configuration.items()
        if key not in ("minimumHealthyPercent", "maximumPercent")
    }
    if others:
        kept = service.passthrough.get("deploymentConfiguration", {})
        service.passthrough["deploymentConfiguration"] = {**kept, **others}
    service.passthrough.update({key: request[key] for key in _RETURNED_ONLY if key in request})


def _identity(request: Request) -> dict[str, Any]:
    """A request without what does not count when two are compared: the client token, the order of tags."""
    identity = {key: value for key, value in request.items() if key not in ("clientToken", "cluster")}
    if "tags" in identity:
        identity["tags"] = sorted(identity["tags"], key=lambda tag: str(tag["key"]))
    return identity
