"""AwsOidcIntegration: observe, plan, apply, report."""

import asyncio
from collections.abc import Sequence
from functools import partial

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration, AwsOidcIntegrationStatus
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeployment
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws import iam
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import seen
from rds_enrollment.controllers.apply import applier
from rds_enrollment.controllers.base import Controller, Pass
from rds_enrollment.controllers.converge import converge
from rds_enrollment.controllers.ground import establish
from rds_enrollment.kubernetes.client import Object
from rds_enrollment.plan import names
from rds_enrollment.plan.integration.plan import REQUIRED, plan
from rds_enrollment.plan.integration.status import observed_status
from rds_enrollment.plan.integration.teardown import teardown
from rds_enrollment.plan.integration.wanted import WantedIntegration, wanted_role
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.part import all_done, outcomes_of, verdicts_of
from rds_enrollment.plan.scope import Scope


class AwsOidcIntegrationController(Controller[AwsOidcIntegration, AwsOidcIntegrationStatus]):
    """Keeps the trust between one AWS account and Teleport."""

    kind = AWS_OIDC_INTEGRATION
    required = REQUIRED

    async def manage(self, resource: AwsOidcIntegration, attempts: int) -> Pass[AwsOidcIntegrationStatus]:
        return await self._pass(resource, attempts, removing=False)

    async def tear_down(self, resource: AwsOidcIntegration, attempts: int) -> Pass[AwsOidcIntegrationStatus]:
        return await self._pass(resource, attempts, removing=True)

    def status_of(self, resource: AwsOidcIntegration) -> AwsOidcIntegrationStatus:
        return resource.status

    def resync_seconds(self, resource: AwsOidcIntegration) -> float:
        return resource.spec.resync_seconds

    async def _pass(
        self, resource: AwsOidcIntegration, attempts: int, *, removing: bool
    ) -> Pass[AwsOidcIntegrationStatus]:
        ground = await establish(
            self.adapters,
            resource,
            pinned_cluster=resource.status.teleport_cluster,
            teleport_condition=ConditionType.INTEGRATION_REGISTERED,
            attempts=attempts,
        )
        if ground.scope is None or ground.account is None:
            return Pass(resource.status, ground.verdicts, ground.outcomes)
        wanted = await self._wanted(resource, ground.scope)
        observe = partial(self._observe, resource, wanted, ground.account)
        planner = partial(teardown if removing else plan, wanted, attempts=attempts)
        end = await converge(observe, planner, applier(self.adapters, ground.account))
        return Pass(
            observed_status(resource.status, wanted, end.world),
            {**ground.verdicts, **verdicts_of(end.parts, end.failures, attempts)},
            outcomes_of(end.parts, end.failures),
            gone=removing and all_done(end.parts, end.failures),
        )

    async def _wanted(self, resource: AwsOidcIntegration, scope: Scope) -> WantedIntegration:
        return WantedIntegration(
            scope=scope,
            owner=self.owner(resource),
            role=resource.spec.role.name,
            task_roles=await self._task_roles(resource),
            user_tags=resource.spec.tags,
        )

    async def _task_roles(self, resource: AwsOidcIntegration) -> frozenset[str]:
        """The default names by their prefix, and each name that a deployment sets."""
        raw = await self.adapters.objects.list(DATABASE_SERVICE_DEPLOYMENT.kind, resource.metadata.namespace)
        deployments = [DatabaseServiceDeployment.model_validate(item) for item in _referring(raw, resource)]
        own = {item.spec.task_role.name for item in deployments if item.spec.task_role is not None}
        return frozenset({f"{names.TASK_ROLE_PREFIX}*", *own})

    async def _observe(
        self, resource: AwsOidcIntegration, wanted: WantedIntegration, account: AwsAccount
    ) -> IntegrationWorld:
        run = self.adapters.threads.run
        role = wanted_role(wanted)
        provider, seen_role, integration, dependents, shared = await asyncio.gather(
            seen(run(iam.get_identity_provider, account, wanted.issuer)),
            seen(run(iam.get_role, account, role.name, tuple(role.policies))),
            seen(self.adapters.teleport.get_integration(wanted.scope.integration)),
            self._dependents(resource),
            self._shares_provider(resource),
        )
        return IntegrationWorld(
            provider=provider,
            role=seen_role,
            integration=integration,
            dependents=dependents,
            provider_shared=shared,
        )

    async def _dependents(self, resource: AwsOidcIntegration) -> tuple[str, ...]:
        """Only a deletion asks who still refers to the integration."""
        if not resource.deleting:
            return ()
        found: list[str] = []
        for kind in (RDS_ENROLLMENT.kind, DATABASE_SERVICE_DEPLOYMENT.kind):
            raw = await self.adapters.objects.list(kind, resource.metadata.namespace)
            found += [f"{kind} {_full_name(item)}" for item in _referring(raw, resource)]
        return tuple(sorted(found))

    async def _shares_provider(self, resource: AwsOidcIntegration) -> bool:
        if not resource.deleting:
            return False
        others = await self.adapters.objects.list(self.kind.kind)
        return any(
            item["metadata"]["uid"] != resource.metadata.uid
            and item["spec"].get("accountId") == resource.spec.account_id
            for item in others
        )


def _referring(objects: Sequence[Object], resource: AwsOidcIntegration) -> list[Object]:
    name = resource.metadata.name
    return [item for item in objects if item["spec"]["integrationRef"]["name"] == name]


def _full_name(item: Object) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
