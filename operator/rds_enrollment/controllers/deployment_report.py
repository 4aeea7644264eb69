"""One deployment, looked at now as a pass looks at it; nothing is written."""

import asyncio
from dataclasses import dataclass

from rds_enrollment.api.conditions import ConditionStatus, find_condition
from rds_enrollment.api.database_service_deployment import (
    DatabaseServiceDeployment,
    DatabaseServiceDeploymentStatus,
    StoppedTask,
)
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.controllers.base import Standing
from rds_enrollment.controllers.database_service_deployment import DatabaseServiceDeploymentController
from rds_enrollment.controllers.ground import Ground
from rds_enrollment.controllers.report import finished_status
from rds_enrollment.plan.deployment.database_ways import DatabaseWay, database_ways
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.network.paths import Way
from rds_enrollment.plan.network.verdict import Verdict
from rds_enrollment.plan.part import outcomes_of, verdicts_of
from rds_enrollment.runtime.fatal import FatalError

_HEALTHY = "healthy"
"""types.TargetHealth.status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One condition, as it stands now."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """One of the last tasks that failed."""

    id: str
    stopped_at: str
    reason: str
    message: str
    hint: str
    console_url: str
    logs_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """What one agent reports of a database: a TCP check. `status` is empty when it reports none."""

    host: str
    status: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HopView:
    """One thing that a connection passes, or, `blocks`, the one that it does not."""

    id: str
    detail: str
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseView:
    """The way to one database. `way`: open, blocked, ambiguous, or unknown where the network was not seen."""

    name: str
    address: str
    way: str
    message: str
    agents: tuple[AgentView, ...]
    hops: tuple[HopView, ...]
    assumptions: tuple[str, ...]
    reached: bool
    """As the agents say; as the model of the VPC says where none reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentReport:
    """Everything now. `healthy`: it is Ready, and the databases that were asked about are reached."""

    namespace: str
    name: str
    region: str
    vpc_id: str
    healthy: bool
    wanted: int
    running: int | None
    connected: int | None
    agent_version: str
    console_url: str
    logs_url: str
    conditions: tuple[Statement, ...]
    tasks: tuple[FailedTask, ...]
    databases: tuple[DatabaseView, ...]


async def reports_on(
    controller: DatabaseServiceDeploymentController, namespace: str, name: str, database: str | None
) -> tuple[DeploymentReport, ...]:
    """Of a deployment, or of those of an enrolment; of one `database` or (None) of all.

    Raises FatalError where there is nothing of that name that can be read, Outcome where AWS or Teleport cannot be
    asked at all.
    """
    names = await _deployments(controller, namespace, name)
    found = [await _report(controller, namespace, item, database) for item in names]
    if database is not None and not any(report.databases for report in found):
        raise FatalError(f"agents of {namespace}/{name} serve no database {database}")
    return tuple(report for report in found if database is None or report.databases)


async def _deployments(
    controller: DatabaseServiceDeploymentController, namespace: str, name: str
) -> tuple[str, ...]:
    objects = controller.adapters.objects
    if await objects.get(DATABASE_SERVICE_DEPLOYMENT.kind, namespace, name) is not None:
        return (name,)
    enrollment = await objects.get(RDS_ENROLLMENT.kind, namespace, name)
    if enrollment is None:
        raise FatalError(f"there is no DatabaseServiceDeployment and no RdsEnrollment {namespace}/{name}")
    vpcs = enrollment.get("status", {}).get("vpcs", ())
    found = tuple(vpc["deployment"] for vpc in vpcs if vpc.get("deployment"))
    if not found:
        raise FatalError(f"RdsEnrollment {namespace}/{name} has no deployment: read its conditions")
    return found


async def _report(
    controller: DatabaseServiceDeploymentController, namespace: str, name: str, database: str | None
) -> DeploymentReport:
    resource = await controller.named(namespace, name)
    standing = await controller.stand(resource)
    ground = standing if isinstance(standing, Ground) else standing.ground
    status, verdicts, outcomes = resource.status, dict(ground.verdicts), tuple(ground.outcomes)
    ways: tuple[DatabaseWay, ...] = ()
    if isinstance(standing, Standing):
        world = await standing.observe()
        parts = await asyncio.to_thread(controller.plan, standing.wanted, world, 1)
        verdicts.update(verdicts_of(parts, {}, 1))
        outcomes = outcomes_of(parts, {})
        status = observed_status(status, standing.wanted, world)
        ways = await asyncio.to_thread(database_ways, standing.wanted, world, database)
    now = finished_status(
        resource,
        status,
        verdicts,
        outcomes,
        required=controller.required,
        adapters=controller.adapters,
    )
    return _assembled(resource, now, tuple(map(_database, ways)))


def _assembled(
    resource: DatabaseServiceDeployment,
    status: DatabaseServiceDeploymentStatus,
    databases: tuple[DatabaseView, ...],
) -> DeploymentReport:
    ready = find_condition(status.conditions, ConditionType.READY)
    is_ready = ready is not None and ready.status is ConditionStatus.TRUE
    return DeploymentReport(
        namespace=resource.metadata.namespace,
        name=resource.metadata.name,
        region=resource.spec.region,
        vpc_id=resource.spec.vpc_id,
        healthy=is_ready and all(item.reached for item in databases),
        wanted=resource.spec.replicas,
        running=status.running_replicas,
        connected=status.connected_replicas,
        agent_version=status.agent_version or "",
        console_url=status.console_url or "",
        logs_url=status.logs_url or "",
        conditions=tuple(
            Statement(type=item.type, status=item.status.value, reason=item.reason, message=item.message)
            for item in status.conditions
        ),
        tasks=tuple(map(_task, status.tasks)),
        databases=databases,
    )


def _task(task: StoppedTask) -> FailedTask:
    return FailedTask(
        id=task.id,
        stopped_at=task.stopped_at.isoformat(),
        reason=task.reason,
        message=task.message,
        hint=task.hint,
        console_url=task.console_url or "",
        logs_url=task.logs_url or "",
    )


def _database(way: DatabaseWay) -> DatabaseView:
    verdict = way.connection.verdict if way.connection else Verdict(())
    path, told = way.path, {server.health.status for server in way.agents if server.health.status}
    return DatabaseView(
        name=way.database.name,
        address=way.database.uri,
        way=path.way.value if path else "unknown",
        message=path.message if path else "",
        agents=tuple(
            AgentView(host=item.hostname, status=item.health.status, error=item.health.error)
            for item in way.agents
        ),
        hops=_hops(verdict),
        assumptions=verdict.assumptions,
        reached=told == {_HEALTHY} if told else path is not None and path.way is Way.OPEN,
    )


def _hops(verdict: Verdict) -> tuple[HopView, ...]:
    passed = tuple(HopView(id=hop.id, detail=hop.detail) for hop in verdict.path)
    blocker = verdict.blocker
    if blocker is None:
        return passed
    return (*passed, HopView(id=blocker.id, detail=blocker.sentence, blocks=True))
