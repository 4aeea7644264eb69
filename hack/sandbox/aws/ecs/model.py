"""Services, deployments and tasks as plain data. Names follow the ECS API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hack.sandbox.aws.ecs.breaker import CircuitBreaker
from hack.sandbox.aws.ecs.history import History
from hack.sandbox.aws.ecs.network_configuration import AwsvpcConfiguration
from hack.sandbox.aws.network import NetworkInterface

Tags = list[dict[str, str]]
TaskStatus = Literal["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPED"]
ServiceStatus = Literal["ACTIVE", "DRAINING", "INACTIVE"]
DeploymentStatus = Literal["PRIMARY", "ACTIVE"]
RolloutState = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
HealthStatus = Literal["HEALTHY", "UNHEALTHY", "UNKNOWN"]

EVENTS_KEPT = 100  # as DescribeServices


@dataclass
class Task:
    """One Fargate task. `containers` are the container definitions that it was started with."""

    arn: str
    cluster_arn: str
    cluster_name: str
    service_name: str
    deployment_id: str
    task_definition_arn: str
    task_role_arn: str
    cpu: str
    memory: str
    containers: list[dict[str, Any]]
    tags: Tags
    platform_version: str
    availability_zone: str
    interface: NetworkInterface
    attachment_id: str
    has_public_ip: bool
    created_at: datetime
    status_since: datetime
    status: TaskStatus = "PROVISIONING"
    desired_status: Literal["RUNNING", "STOPPED"] = "RUNNING"
    pull_started_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    exit_code: int | None = None
    """Of a container that ended by itself."""
    container_reason: str = ""
    health: HealthStatus = "UNKNOWN"
    failed_checks: int = 0
    last_check_at: datetime | None = None

    @property
    def task_arn(self) -> str:
        """The name that moto's tagging code asks for."""
        return self.arn

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def is_wanted(self) -> bool:
        return self.desired_status == "RUNNING"

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING" and self.is_wanted

    @property
    def is_pending(self) -> bool:
        return self.status in ("PROVISIONING", "PENDING") and self.is_wanted

    @property
    def health_checked(self) -> list[dict[str, Any]]:
        """The containers whose health checks decide about the task: the essential ones, else all that have one."""
        checked = [container for container in self.containers if container.get("healthCheck")]
        return [container for container in checked if container.get("essential", True)] or checked

    @property
    def counts_as_healthy(self) -> bool:
        """RUNNING, and HEALTHY where there is a health check."""
        return self.is_running and (self.health == "HEALTHY" or not self.health_checked)


@dataclass
class Deployment:
    """One revision of a service being rolled out, or the one that is in place."""

    id: str
    task_definition_arn: str
    network: AwsvpcConfiguration
    created_at: datetime
    updated_at: datetime
    status: DeploymentStatus = "PRIMARY"
    platform_version: str = "LATEST"
    rollout_state: RolloutState = "IN_PROGRESS"
    rollout_state_reason: str = ""
    failed_tasks: int = 0
    next_launch_at: datetime | None = None
    launches: int = 0

    def enter(self, state: RolloutState, reason: str, now: datetime) -> None:
        self.rollout_state, self.rollout_state_reason, self.updated_at = state, reason, now


@dataclass(frozen=True)
class ServiceEvent:
    id: str
    created_at: datetime
    message: str


@dataclass
class Service:
    """An ECS service of launch type FARGATE with the rolling-update controller.

    `passthrough` holds the accepted request fields that change nothing here and are only returned.
    """

    arn: str
    name: str
    cluster_arn: str
    cluster_name: str
    desired_count: int
    platform_version: str
    minimum_healthy_percent: int
    maximum_percent: int
    enable_ecs_managed_tags: bool
    propagate_tags: str
    tags: Tags
    created_at: datetime
    request: Mapping[str, Any]
    passthrough: dict[str, Any]
    status: ServiceStatus = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    events: list[ServiceEvent] = field(default_factory=list)
    is_steady: bool = False
    capacity_provider_strategy: list[dict[str, Any]] = field(default_factory=list)
    """Empty: launch type FARGATE."""
    history: History = field(default_factory=History)
    last_completed: Deployment | None = None
    """What a failed deployment is rolled back to."""
    last_refusal: str = ""

    @property
    def physical_resource_id(self) -> str:
        """The name that moto's tagging code asks for."""
        return self.arn

    @property
    def primary(self) -> Deployment:
        return next(d for d in self.deployments if d.status == "PRIMARY")

    @property
    def deployment_configuration(self) -> dict[str, Any]:
        """As DescribeServices shows it."""
        return {
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            **self.passthrough.get("deploymentConfiguration", {}),
            "minimumHealthyPercent": self.minimum_healthy_percent,
            "maximumPercent": self.maximum_percent,
        }

    @property
    def circuit_breaker(self) -> CircuitBreaker:
        return CircuitBreaker.from_api(self.deployment_configuration)
