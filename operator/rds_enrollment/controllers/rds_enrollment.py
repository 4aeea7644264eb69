"""RdsEnrollment: observe, plan, apply, report."""

from functools import partial

from rds_enrollment.api.kinds import RDS_ENROLLMENT
from rds_enrollment.api.rds_enrollment import RdsEnrollment, RdsEnrollmentStatus
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.controllers.apply import applier
from rds_enrollment.controllers.base import Controller, Pass
from rds_enrollment.controllers.converge import converge
from rds_enrollment.controllers.enrollment_observer import EnrollmentObserver
from rds_enrollment.controllers.ground import establish, referred_integration
from rds_enrollment.plan.enrollment.plan import REQUIRED, plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.teardown import teardown
from rds_enrollment.plan.enrollment.world import WantedEnrollment
from rds_enrollment.plan.part import all_done, outcomes_of, verdicts_of
from rds_enrollment.plan.scope import Scope


class RdsEnrollmentController(Controller[RdsEnrollment, RdsEnrollmentStatus]):
    """Keeps the chosen databases of one account in Teleport, and a deployment in each of their VPCs."""

    kind = RDS_ENROLLMENT
    required = REQUIRED

    async def manage(self, resource: RdsEnrollment, attempts: int) -> Pass[RdsEnrollmentStatus]:
        return await self._pass(resource, attempts, removing=False)

    async def tear_down(self, resource: RdsEnrollment, attempts: int) -> Pass[RdsEnrollmentStatus]:
        return await self._pass(resource, attempts, removing=True)

    def status_of(self, resource: RdsEnrollment) -> RdsEnrollmentStatus:
        return resource.status

    def resync_seconds(self, resource: RdsEnrollment) -> float:
        return resource.spec.resync_seconds

    async def _pass(
        self, resource: RdsEnrollment, attempts: int, *, removing: bool
    ) -> Pass[RdsEnrollmentStatus]:
        namespace, reference = resource.metadata.namespace, resource.spec.integration_ref.name
        ground = await establish(
            self.adapters,
            await referred_integration(self.adapters, namespace, reference),
            pinned_cluster=resource.status.teleport_cluster,
            teleport_condition=ConditionType.DATABASES_ENROLLED,
            attempts=attempts,
        )
        if ground.scope is None or ground.account is None:
            return Pass(resource.status, ground.verdicts, ground.outcomes)
        wanted = self._wanted(resource, ground.scope)
        regions = () if removing else resource.spec.regions
        observer = EnrollmentObserver(self.adapters, ground.account, namespace, regions)
        planner = partial(teardown if removing else plan, wanted, attempts=attempts)
        end = await converge(observer.observe, planner, applier(self.adapters, ground.account))
        return Pass(
            observed_status(resource.status, wanted, end.world, end.failures),
            {**ground.verdicts, **verdicts_of(end.parts, end.failures, attempts)},
            outcomes_of(end.parts, end.failures),
            gone=removing and all_done(end.parts, end.failures),
        )

    def _wanted(self, resource: RdsEnrollment, scope: Scope) -> WantedEnrollment:
        return WantedEnrollment(
            owner=self.owner(resource),
            uid=resource.metadata.uid,
            spec=resource.spec,
            teleport_cluster=scope.cluster.name,
        )
