"""DatabaseServiceDeployment: observe, plan, apply, report."""

from functools import partial

from rds_enrollment.api.database_service_deployment import (
    DatabaseServiceDeployment,
    DatabaseServiceDeploymentStatus,
)
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.api.network import SecurityGroups, Subnets
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.controllers.apply import applier
from rds_enrollment.controllers.base import Controller, Pass
from rds_enrollment.controllers.converge import converge
from rds_enrollment.controllers.deployment_observer import DeploymentObserver
from rds_enrollment.controllers.ground import Ground, establish, referred_integration
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.part import all_done, outcomes_of, verdicts_of
from rds_enrollment.plan.scope import Scope


class DatabaseServiceDeploymentController(
    Controller[DatabaseServiceDeployment, DatabaseServiceDeploymentStatus]
):
    """Keeps the agents of one VPC as they are wanted."""

    kind = DATABASE_SERVICE_DEPLOYMENT
    required = REQUIRED

    async def manage(
        self, resource: DatabaseServiceDeployment, attempts: int
    ) -> Pass[DatabaseServiceDeploymentStatus]:
        return await self._pass(resource, attempts, removing=False)

    async def tear_down(
        self, resource: DatabaseServiceDeployment, attempts: int
    ) -> Pass[DatabaseServiceDeploymentStatus]:
        return await self._pass(resource, attempts, removing=True)

    def status_of(self, resource: DatabaseServiceDeployment) -> DatabaseServiceDeploymentStatus:
        return resource.status

    def resync_seconds(self, resource: DatabaseServiceDeployment) -> float:
        return resource.spec.resync_seconds

    async def _pass(
        self, resource: DatabaseServiceDeployment, attempts: int, *, removing: bool
    ) -> Pass[DatabaseServiceDeploymentStatus]:
        ground = await self._ground(resource, attempts)
        if ground.scope is None or ground.account is None:
            return Pass(resource.status, ground.verdicts, ground.outcomes)
        wanted = self._wanted(resource, ground.scope)
        observer = DeploymentObserver(self.adapters, ground.account, wanted)
        planner = partial(teardown if removing else plan, wanted, attempts=attempts)
        end = await converge(observer.observe, planner, applier(self.adapters, ground.account))
        return Pass(
            observed_status(resource.status, wanted, end.world),
            {**ground.verdicts, **verdicts_of(end.parts, end.failures, attempts)},
            outcomes_of(end.parts, end.failures),
            gone=removing and all_done(end.parts, end.failures),
        )

    async def _ground(self, resource: DatabaseServiceDeployment, attempts: int) -> Ground:
        name = resource.spec.integration_ref.name
        return await establish(
            self.adapters,
            await referred_integration(self.adapters, resource.metadata.namespace, name),
            pinned_cluster=resource.status.teleport_cluster,
            teleport_condition=ConditionType.JOIN_TOKEN_READY,
            attempts=attempts,
        )

    def _wanted(self, resource: DatabaseServiceDeployment, scope: Scope) -> WantedDeployment:
        spec = resource.spec
        return WantedDeployment(
            scope=scope,
            owner=self.owner(resource),
            region=spec.region,
            vpc_id=spec.vpc_id,
            subnets=_choice(spec.subnets),
            security_groups=_choice(spec.security_groups),
            replicas=spec.replicas,
            task_role=resource.task_role_name,
            user_tags=spec.tags,
        )


def _choice(chosen: Subnets | SecurityGroups) -> Choice:
    if chosen.selector is not None:
        return Choice(tags=chosen.selector.tags)
    return Choice(ids=chosen.ids or ())
