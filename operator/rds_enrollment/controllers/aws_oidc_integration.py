"""AwsOidcIntegration: observe, plan, apply, report."""

from collections.abc import Sequence

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration, AwsOidcIntegrationStatus
from rds_enrollment.api.common import CommonSpec
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.base import Controller
from rds_enrollment.controllers.converge import Converged, Observe
from rds_enrollment.controllers.integration_observer import IntegrationObserver, dependents, task_roles
from rds_enrollment.controllers.tags import applied_tags, former_tags
from rds_enrollment.plan import names
from rds_enrollment.plan.integration.aim import aim
from rds_enrollment.plan.integration.foresight import assume
from rds_enrollment.plan.integration.plan import REQUIRED, plan
from rds_enrollment.plan.integration.release import release
from rds_enrollment.plan.integration.status import observed_status
from rds_enrollment.plan.integration.teardown import in_use, teardown
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.ownership import NO_FORMER_TAGS, FormerTags
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.steps import Step


class AwsOidcIntegrationController(
    Controller[AwsOidcIntegration, AwsOidcIntegrationStatus, WantedIntegration, IntegrationWorld]
):
    """Keeps the trust between one AWS account and Teleport."""

    kind = AWS_OIDC_INTEGRATION
    required = REQUIRED
    teleport_condition = ConditionType.INTEGRATION_REGISTERED

    def status_of(self, resource: AwsOidcIntegration) -> AwsOidcIntegrationStatus:
        return resource.status

    def spec_of(self, resource: AwsOidcIntegration) -> CommonSpec:
        return resource.spec

    async def integration_of(self, resource: AwsOidcIntegration) -> AwsOidcIntegration | Outcome:
        return resource

    async def wanted(self, resource: AwsOidcIntegration, scope: Scope) -> WantedIntegration:
        return WantedIntegration(
            scope=scope,
            owner=self.owner(resource),
            role=resource.spec.role,
            manages_provider=resource.manages_identity_provider,
            former_roles=_former_roles(resource),
            former_tags=await self._former_tags(resource),
            task_roles=await task_roles(self.adapters, resource),
            user_tags=resource.spec.tags,
            retain=resource.spec.retains,
            adoption=await self.adoption(resource.spec.adoption_policy, scope),
        )

    async def _former_tags(self, resource: AwsOidcIntegration) -> FormerTags:
        """The identity provider is that of the account. Raises Outcome."""
        spec, applied = resource.spec, resource.status.applied_tags
        if not applied.keys() - spec.tags.keys():
            return NO_FORMER_TAGS
        listed = await self.adapters.objects.list(self.kind.kind)
        others = [
            item["spec"].get("tags", {})
            for item in listed
            if item["metadata"]["uid"] != resource.metadata.uid
            and item["spec"]["accountId"] == spec.account_id
        ]
        return former_tags(applied, spec.tags, others)

    def observer(
        self, resource: AwsOidcIntegration, wanted: WantedIntegration, account: AwsAccount
    ) -> Observe[IntegrationWorld]:
        return IntegrationObserver(self.adapters, account, resource, wanted).observe

    def plan(self, wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Sequence[Part]:
        return plan(wanted, world, attempts)

    def teardown(self, wanted: WantedIntegration, world: IntegrationWorld, attempts: int) -> Sequence[Part]:
        planner = release if wanted.retain else teardown
        return planner(wanted, world, attempts)

    async def letting_go(self, resource: AwsOidcIntegration) -> Sequence[Part]:
        """Whoever refers to it needs it, also for an end of its own."""
        hindrance = in_use(IntegrationWorld(dependents=await dependents(self.adapters, resource)), attempts=1)
        return () if hindrance is None else (hindrance,)

    def assume(self, wanted: WantedIntegration, world: IntegrationWorld, step: Step) -> IntegrationWorld:
        return assume(wanted, world, step)

    def aim(self, wanted: WantedIntegration, world: IntegrationWorld) -> object | None:
        return aim(wanted)

    def observed_status(
        self, previous: AwsOidcIntegrationStatus, wanted: WantedIntegration, end: Converged[IntegrationWorld]
    ) -> AwsOidcIntegrationStatus:
        tags = applied_tags(previous.applied_tags, wanted.user_tags, end)
        return observed_status(previous, wanted, end.world).model_copy(update={"applied_tags": tags})


def _former_roles(resource: AwsOidcIntegration) -> tuple[str, ...]:
    """Names of the roles that the spec named before. The status is all that tells; without it they stay in AWS, to be
    found by their owner tag."""
    status = resource.status
    known = {names.role_name(arn) for arn in (*status.former_role_arns, status.role_arn) if arn}
    return tuple(sorted(known - {resource.spec.role.name}))
