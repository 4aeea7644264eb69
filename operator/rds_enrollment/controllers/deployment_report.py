"""One deployment, looked at now as a pass looks at it; nothing is written."""

import asyncio
from collections.abc import Sequence
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
from rds_enrollment.controllers.deployment_views import (
    AgentView,
    DatabaseView,
    DeploymentReport,
    FailedTask,
    HopView,
    LoginView,
    Statement,
)
from rds_enrollment.controllers.ground import Ground
from rds_enrollment.controllers.report import finished_status
from rds_enrollment.plan.deployment.database_ways import DatabaseWay, database_ways
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.diagnosis.login import LoginResult
from rds_enrollment.plan.network.paths import Way
from rds_enrollment.plan.network.verdict import Verdict
from rds_enrollment.plan.part import outcomes_of, verdicts_of
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.teleport.logins import Logins

_HEALTHY = "healthy"
"""types.TargetHealth.status."""
_LOGINS_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Login:
    """Whom to log in as: `user` to the database `name` of each server."""

    user: str
    name: str


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked: about one `database`, by its name in Teleport, or (None) about all; with a login or without."""

    database: str | None = None
    login: Login | None = None


async def reports_on(
    controller: DatabaseServiceDeploymentController, namespace: str, name: str, asked: Inquiry
) -> tuple[DeploymentReport, ...]:
    """Of a deployment, or of those of an enrolment.

    Raises FatalError where there is nothing of that name that can be read, or nothing to log in to; Outcome where AWS
    or Teleport cannot be asked at all.
    """
    names = await _deployments(controller, namespace, name)
    found = [await _report(controller, namespace, item, asked) for item in names]
    databases = [view for report in found for view in report.databases]
    if asked.database is not None and not databases:
        raise FatalError(f"agents of {namespace}/{name} serve no database {asked.database}")
    if asked.login is not None and not any(map(_was_tried, databases)):
        raise FatalError(
            f"logins are tried at PostgreSQL databases alone, of which {asked.database or name} is none"
        )
    return tuple(report for report in found if asked.database is None or report.databases)


def _was_tried(view: DatabaseView) -> bool:
    return view.login is not None and view.login.result != LoginResult.NOT_TRIED


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
    controller: DatabaseServiceDeploymentController, namespace: str, name: str, asked: Inquiry
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
        ways = await asyncio.to_thread(database_ways, standing.wanted, world, asked.database)
    views = await _logins(controller.adapters.logins, ways, asked.login)
    now = finished_status(
        resource,
        status,
        verdicts,
        outcomes,
        required=controller.required,
        adapters=controller.adapters,
    )
    return _assembled(resource, now, tuple(map(_database, ways, views)))


async def _logins(
    logins: Logins, ways: Sequence[DatabaseWay], login: Login | None
) -> tuple[LoginView | None, ...]:
    """One for each way, a few at a time."""
    if login is None:
        return (None,) * len(ways)
    turns = asyncio.Semaphore(_LOGINS_AT_A_TIME)

    async def attempt(way: DatabaseWay) -> LoginView:
        async with turns:
            verdict = await logins.attempt(way.database, login.user, login.name)
        return LoginView(
            user=login.user,
            name=login.name,
            result=verdict.result.value,
            said=verdict.said,
            advice=verdict.advice,
        )

    return tuple(await asyncio.gather(*map(attempt, ways)))


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
        healthy=is_ready and all(item.is_well for item in databases),
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


def _database(way: DatabaseWay, login: LoginView | None) -> DatabaseView:
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
        login=login,
    )


def _hops(verdict: Verdict) -> tuple[HopView, ...]:
    passed = tuple(HopView(id=hop.id, detail=hop.detail) for hop in verdict.path)
    blocker = verdict.blocker
    if blocker is None:
        return passed
    return (*passed, HopView(id=blocker.id, detail=blocker.sentence, blocks=True))
