"""DatabaseServiceDeployment: observe, plan, apply, report."""

from collections.abc import Sequence

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import ANNOTATION_CONFIRM_DOWNGRADE, CommonSpec
from rds_enrollment.api.database_service_deployment import (
    DatabaseServiceDeployment,
    DatabaseServiceDeploymentStatus,
)
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.api.network import DatabaseAccess, SecurityGroups, Subnets
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.base import Controller
from rds_enrollment.controllers.converge import Converged, Observe
from rds_enrollment.controllers.deployment_observer import DeploymentObserver
from rds_enrollment.controllers.ground import referred_integration
from rds_enrollment.controllers.neighbours import claim_of, parsed, rollout_failed
from rds_enrollment.controllers.report import INFORMING_POLLS, RESYNC_JITTER, News
from rds_enrollment.controllers.tags import applied_tags, former_tags
from rds_enrollment.plan import names
from rds_enrollment.plan.conditions import is_true
from rds_enrollment.plan.deployment.aim import aim
from rds_enrollment.plan.deployment.analyzer import analysis_words
from rds_enrollment.plan.deployment.foresight import assume
from rds_enrollment.plan.deployment.news import ended_analyses
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.release import release
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.ownership import NO_FORMER_TAGS, FormerTags
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.steps import Step

REACHABILITY_ANALYZED = "ReachabilityAnalyzed"
"""The reason of the event that tells how an analysis of AWS's Reachability Analyzer ended."""
_OF_THE_NETWORK = (ConditionType.NETWORK_READY, ConditionType.DATABASES_REACHABLE)


class DatabaseServiceDeploymentController(
    Controller[DatabaseServiceDeployment, DatabaseServiceDeploymentStatus, WantedDeployment, DeploymentWorld]
):
    """Keeps the agents of one VPC as they are wanted."""

    kind = DATABASE_SERVICE_DEPLOYMENT
    required = REQUIRED
    teleport_condition = ConditionType.JOIN_TOKEN_READY

    def status_of(self, resource: DatabaseServiceDeployment) -> DatabaseServiceDeploymentStatus:
        return resource.status

    def spec_of(self, resource: DatabaseServiceDeployment) -> CommonSpec:
        return resource.spec

    async def integration_of(self, resource: DatabaseServiceDeployment) -> AwsOidcIntegration | Outcome:
        return await referred_integration(self.adapters, resource, resource.spec.integration_ref)

    async def wanted(self, resource: DatabaseServiceDeployment, scope: Scope) -> WantedDeployment:
        spec, former = resource.spec, _former_roles(resource)
        return WantedDeployment(
            scope=scope,
            owner=self.owner(resource),
            region=spec.region,
            vpc_id=spec.vpc_id,
            subnets=_choice(spec.subnets),
            security_groups=_choice(spec.security_groups),
            assign_public_ip=spec.assign_public_ip,
            manages_access=spec.database_access is DatabaseAccess.MANAGE,
            replicas=spec.replicas,
            task_role=resource.task_role,
            execution_role=spec.execution_role,
            former_roles=former,
            former_tags=await self._former_tags(resource),
            kept_roles=await self._named_by_others(resource) if former else frozenset(),
            user_tags=spec.tags,
            retain=spec.retains,
            observed_token=spec.join_token.name if spec.join_token else "",
            adoption=await self.adoption(spec.adoption_policy, scope),
            agents=spec,
            preflight_blocks=self.adapters.preflight_blocks,
            claim=claim_of(resource),
            max_rollouts=self.adapters.max_rollouts,
            serves=is_true(resource.status.conditions, ConditionType.READY),
            rollout_failed=rollout_failed(resource),
            confirmed_downgrade=resource.metadata.annotations.get(ANNOTATION_CONFIRM_DOWNGRADE),
            retry=_is_news(resource),
            analyses=resource.status.analyses,
            may_analyze=not (self.adapters.read_only or spec.observes),
        )

    async def _named_by_others(self, resource: DatabaseServiceDeployment) -> frozenset[str]:
        """Names of the roles of all other deployments, whatever their account. Raises Outcome."""
        return frozenset(role.name for other in await self._others(resource) for role in other.roles)

    async def _others(self, resource: DatabaseServiceDeployment) -> list[DatabaseServiceDeployment]:
        listed = await self.adapters.objects.list(DATABASE_SERVICE_DEPLOYMENT.kind)
        return [
            item for raw in listed if (item := parsed(raw)) and item.metadata.uid != resource.metadata.uid
        ]

    async def _former_tags(self, resource: DatabaseServiceDeployment) -> FormerTags:
        """The ECS cluster is that of the integration in the region. Raises Outcome."""
        spec, applied = resource.spec, resource.status.applied_tags
        if not applied.keys() - spec.tags.keys():
            return NO_FORMER_TAGS
        place = (spec.region, spec.integration_ref.key(resource.metadata.namespace))
        others = [
            other.spec.tags
            for other in await self._others(resource)
            if place == (other.spec.region, other.spec.integration_ref.key(other.metadata.namespace))
        ]
        return former_tags(applied, spec.tags, others)

    def observer(
        self, resource: DatabaseServiceDeployment, wanted: WantedDeployment, account: AwsAccount
    ) -> Observe[DeploymentWorld]:
        """A teardown needs no look at the network."""
        age = None if resource.deleting else self._facts_age(resource)
        known = resource.status.service_arn is not None
        return DeploymentObserver(self.adapters, account, wanted, facts_age=age, has_service=known).observe

    def _facts_age(self, resource: DatabaseServiceDeployment) -> float:
        """How old network facts may be, in seconds: for a resync too old already, for the passes in between not yet.

        A requested reconcile must see what was changed before it, and a new spec the group that it names. What was
        found wrong is looked at more often: somebody may be mending it.
        """
        status, resync = resource.status, resource.spec.resync_seconds * (1 - RESYNC_JITTER)
        if status.last_handled_reconcile_at != resource.reconcile_requested_at:
            return 0.0
        if status.observed_generation != resource.metadata.generation:
            return self.adapters.poll_seconds
        if all(is_true(status.conditions, kind) for kind in _OF_THE_NETWORK):
            return resync
        return min(resync, INFORMING_POLLS * self.adapters.poll_seconds)

    def plan(self, wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Sequence[Part]:
        return plan(wanted, world, attempts)

    def teardown(self, wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Sequence[Part]:
        planner = release if wanted.retain else teardown
        return planner(wanted, world, attempts)

    def assume(self, wanted: WantedDeployment, world: DeploymentWorld, step: Step) -> DeploymentWorld:
        return assume(wanted, world, step)

    def aim(self, wanted: WantedDeployment, world: DeploymentWorld) -> object | None:
        return aim(wanted, world)

    def observed_status(
        self,
        previous: DatabaseServiceDeploymentStatus,
        wanted: WantedDeployment,
        end: Converged[DeploymentWorld],
    ) -> DatabaseServiceDeploymentStatus:
        tags = applied_tags(previous.applied_tags, wanted.user_tags, end)
        return observed_status(previous, wanted, end.world).model_copy(update={"applied_tags": tags})

    def news(
        self, before: DatabaseServiceDeploymentStatus, after: DatabaseServiceDeploymentStatus
    ) -> Sequence[News]:
        return [
            News(REACHABILITY_ANALYZED, analysis_words(item))
            for item in ended_analyses(before.analyses, after.analyses)
        ]


def _is_news(resource: DatabaseServiceDeployment) -> bool:
    """Whether the spec, or the requested reconcile, is one that no pass has reported on yet."""
    status = resource.status
    return (
        status.observed_generation != resource.metadata.generation
        or status.last_handled_reconcile_at != resource.reconcile_requested_at
    )


def _former_roles(resource: DatabaseServiceDeployment) -> tuple[str, ...]:
    """Names of the roles that the spec named before. The status is all that tells."""
    status = resource.status
    arns = (*status.former_role_arns, status.task_role_arn, status.execution_role_arn)
    known = {names.role_name(arn) for arn in arns if arn}
    return tuple(sorted(known - {role.name for role in resource.roles}))


def _choice(chosen: Subnets | SecurityGroups) -> Choice:
    if isinstance(chosen, SecurityGroups) and chosen.managed is not None:
        return Choice(managed=True)
    if chosen.selector is not None:
        return Choice(tags=chosen.selector.tags)
    return Choice(ids=chosen.ids or ())
