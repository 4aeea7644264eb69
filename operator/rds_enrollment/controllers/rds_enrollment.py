"""RdsEnrollment: observe, plan, apply, report."""

from collections.abc import Sequence

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import ANNOTATION_CONFIRM_NAMING, ANNOTATION_CONFIRM_PRUNE, CommonSpec
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.rds_enrollment import RdsEnrollment, RdsEnrollmentStatus
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.base import Controller
from rds_enrollment.controllers.converge import Converged, Observe
from rds_enrollment.controllers.enrollment_observer import EnrollmentObserver
from rds_enrollment.controllers.ground import referred_integration
from rds_enrollment.controllers.report import RESYNC_JITTER
from rds_enrollment.plan.enrollment.aim import aim
from rds_enrollment.plan.enrollment.letting_go import disowned
from rds_enrollment.plan.enrollment.plan import REQUIRED, plan
from rds_enrollment.plan.enrollment.status import empty_since, observed_status
from rds_enrollment.plan.enrollment.teardown import teardown
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.steps import Step
from rds_enrollment.runtime.reconciler import Key


class RdsEnrollmentController(
    Controller[RdsEnrollment, RdsEnrollmentStatus, WantedEnrollment, EnrollmentWorld]
):
    """Keeps the chosen databases of one account in Teleport, and a deployment in each of their VPCs."""

    kind = RDS_ENROLLMENT
    required = REQUIRED
    teleport_condition = ConditionType.DATABASES_ENROLLED

    def status_of(self, resource: RdsEnrollment) -> RdsEnrollmentStatus:
        return resource.status

    def spec_of(self, resource: RdsEnrollment) -> CommonSpec:
        return resource.spec

    async def integration_of(self, resource: RdsEnrollment) -> AwsOidcIntegration | Outcome:
        return await referred_integration(self.adapters, resource, resource.spec.integration_ref)

    async def wanted(self, resource: RdsEnrollment, scope: Scope) -> WantedEnrollment:
        annotations = resource.metadata.annotations
        return WantedEnrollment(
            owner=self.owner(resource),
            uid=resource.metadata.uid,
            account=scope.account,
            spec=resource.spec,
            teleport_cluster=scope.cluster.name,
            confirmed_prune=annotations.get(ANNOTATION_CONFIRM_PRUNE, ""),
            confirmed_naming=annotations.get(ANNOTATION_CONFIRM_NAMING, ""),
            docs_url=scope.docs_url,
        )

    def observer(
        self, resource: RdsEnrollment, wanted: WantedEnrollment, account: AwsAccount
    ) -> Observe[EnrollmentWorld]:
        """A teardown needs no look at RDS: what is ours is known by its mark."""
        regions = () if resource.deleting else resource.spec.regions
        observer = EnrollmentObserver(
            self.adapters,
            account,
            wanted,
            regions,
            empty_since=empty_since(resource.status),
            max_age=self._listing_age(resource),
        )
        return observer.observe

    def _listing_age(self, resource: RdsEnrollment) -> float:
        """How old a listing may be, in seconds: for a resync too old already, for the passes in between not yet.

        A requested reconcile must see what was changed before it. Neither a new spec nor another try may wait for the
        next resync to find the database that it names.
        """
        status, metadata = resource.status, resource.metadata
        if status.last_handled_reconcile_at != resource.reconcile_requested_at:
            return 0.0
        tried = self.adapters.failures(Key(self.kind.kind, metadata.namespace, metadata.name))
        if tried or status.observed_generation != metadata.generation:
            return self.adapters.poll_seconds
        return resource.spec.resync_seconds * (1 - RESYNC_JITTER)

    def plan(self, wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int) -> Sequence[Part]:
        return plan(wanted, world, attempts)

    def teardown(self, wanted: WantedEnrollment, world: EnrollmentWorld, attempts: int) -> Sequence[Part]:
        return teardown(wanted, world, attempts)

    async def letting_go(self, resource: RdsEnrollment) -> Sequence[Part]:
        found = await self.adapters.objects.list(
            DATABASE_SERVICE_DEPLOYMENT.kind, resource.metadata.namespace
        )
        return disowned(found, self.owner(resource), resource.metadata.uid)

    def assume(self, wanted: WantedEnrollment, world: EnrollmentWorld, step: Step) -> EnrollmentWorld:
        """All its writes are planned at once: none builds on another."""
        return world

    def aim(self, wanted: WantedEnrollment, world: EnrollmentWorld) -> object | None:
        return aim(wanted, world)

    def observed_status(
        self, previous: RdsEnrollmentStatus, wanted: WantedEnrollment, end: Converged[EnrollmentWorld]
    ) -> RdsEnrollmentStatus:
        return observed_status(previous, wanted, end.world, end.failures.by_target)
