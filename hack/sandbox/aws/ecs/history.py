"""Service revisions and service deployments: what a service was told to run, and how that went.

Source: Amazon ECS API Reference, ServiceDeployment, ServiceRevision, Rollback; Amazon ECS Developer Guide, "View
service history using Amazon ECS service deployments". The texts of a deployment that another one overtakes, and of
one that stops without a rollback, are not documented and are the sandbox's own.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hack.sandbox.aws.ecs.network_configuration import AwsvpcConfiguration

ServiceDeploymentStatus = Literal[
    "PENDING",
    "IN_PROGRESS",
    "SUCCESSFUL",
    "STOPPED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
]
BreakerStatus = Literal["TRIGGERED", "MONITORING", "MONITORING_COMPLETE", "DISABLED"]

THRESHOLD_EXCEEDED = "the circuit breaker threshold was exceeded."


@dataclass(frozen=True)
class ServiceRevision:
    """An immutable record of what the tasks of a deployment are made from."""

    arn: str
    deployment_id: str
    task_definition_arn: str
    network: AwsvpcConfiguration
    platform_version: str
    container_images: tuple[tuple[str, str], ...]
    """(container name, image)"""
    created_at: datetime


@dataclass(frozen=True)
class Rollback:
    reason: str
    started_at: datetime
    service_revision_arn: str


@dataclass
class ServiceDeployment:
    """One roll-out of a service revision, from CreateService or UpdateService to its end."""

    arn: str
    target: ServiceRevision
    sources: tuple[ServiceRevision, ...]
    created_at: datetime
    updated_at: datetime
    configuration: dict[str, Any]
    breaker: BreakerStatus
    threshold: int
    status: ServiceDeploymentStatus = "PENDING"
    status_reason: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    failure_count: int = 0
    rollback: Rollback | None = None

    @property
    def is_open(self) -> bool:
        return self.status in ("PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

    def start(self, now: datetime) -> None:
        """PENDING -> IN_PROGRESS; no effect later."""
        if self.status == "PENDING":
            self.status = "IN_PROGRESS"
            self.started_at = self.updated_at = now

    def succeed(self, now: datetime) -> None:
        """The tasks are steady: those of the target, or those of the rollback."""
        rolled_back = self.status == "ROLLBACK_IN_PROGRESS"
        self._finish("ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL", self.status_reason, now)
        if self.breaker == "MONITORING":
            self.breaker = "MONITORING_COMPLETE"

    def roll_back(self, revision_arn: str, now: datetime) -> None:
        reason = f"Service deployment rolled back because {THRESHOLD_EXCEEDED}"
        self.breaker = "TRIGGERED"
        self.status, self.status_reason, self.updated_at = "ROLLBACK_IN_PROGRESS", reason, now
        self.rollback = Rollback(reason, now, revision_arn)

    def fail_to_roll_back(self, now: datetime) -> None:
        """No completed deployment is left to return to."""
        self.breaker = "TRIGGERED"
        reason = "No rollback candidate was found to run the rollback."
        self._finish("ROLLBACK_FAILED", reason, now)

    def stop(self, reason: str, now: datetime) -> None:
        """It ends without success, and nothing is rolled back."""
        if not self.is_open:
            return
        if self.status == "ROLLBACK_IN_PROGRESS":
            self._finish("ROLLBACK_FAILED", reason, now)
            return
        self._finish("STOPPED", reason, now)
        self.stopped_at = now

    def _finish(self, status: ServiceDeploymentStatus, reason: str, now: datetime) -> None:
        self.status, self.status_reason = status, reason
        self.finished_at = self.updated_at = now


@dataclass
class History:
    """Everything of one service, oldest first."""

    deployments: list[ServiceDeployment] = field(default_factory=list)

    @property
    def current(self) -> ServiceDeployment | None:
        """The one under way, or the last one."""
        return self.deployments[-1] if self.deployments else None

    @property
    def rollback_started_at(self) -> datetime | None:
        """None when none is under way."""
        current = self.current
        if current is None or current.rollback is None or current.status != "ROLLBACK_IN_PROGRESS":
            return None
        return current.rollback.started_at

    @property
    def revisions(self) -> list[ServiceRevision]:
        return [deployment.target for deployment in self.deployments]

    def revision_of(self, deployment_id: str) -> ServiceRevision | None:
        return next((r for r in self.revisions if r.deployment_id == deployment_id), None)

    def begin(self, deployment: ServiceDeployment) -> None:
        """Ends the one under way: a service has one at a time."""
        if self.current is not None:
            self.current.stop("Service deployment was replaced by a newer one.", deployment.created_at)
        self.deployments.append(deployment)


def revision_arn(service_arn: str) -> str:
    """`…:service-revision/cluster/service/number`"""
    number = secrets.randbelow(9 * 10**18) + 10**18
    return f"{service_arn.replace(':service/', ':service-revision/', 1)}/{number}"


def service_deployment_arn(service_arn: str) -> str:
    """`…:service-deployment/cluster/service/21 characters`"""
    return f"{service_arn.replace(':service/', ':service-deployment/', 1)}/{secrets.token_urlsafe(16)[:21]}"
