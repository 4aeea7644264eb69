"""What a pass over an AwsOidcIntegration reads."""

import asyncio
from collections.abc import Sequence

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.database_service_deployment import TASK_ROLE_PREFIX
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.aws import iam
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.kubernetes.client import Object
from rds_enrollment.plan.integration.wanted import WantedIntegration, wanted_role
from rds_enrollment.plan.integration.world import IntegrationWorld


async def task_roles(adapters: Adapters, integration: AwsOidcIntegration) -> frozenset[str]:
    """Task roles of the integration's deployments: the default names by their prefix, and each that is set."""
    deployments = await adapters.objects.list(
        DATABASE_SERVICE_DEPLOYMENT.kind, integration.metadata.namespace
    )
    chosen = (item["spec"].get("taskRole") for item in _referring(deployments, integration))
    return frozenset({f"{TASK_ROLE_PREFIX}*", *(role["name"] for role in chosen if role)})


class IntegrationObserver:
    """Reads everything that the plan of one integration needs."""

    def __init__(
        self,
        adapters: Adapters,
        account: AwsAccount,
        integration: AwsOidcIntegration,
        wanted: WantedIntegration,
    ) -> None:
        self._adapters = adapters
        self._account = account
        self._integration = integration
        self._wanted = wanted

    async def observe(self) -> IntegrationWorld:
        """One batch of reads."""
        run, wanted = self._adapters.threads.run, self._wanted
        role = wanted_role(wanted)
        async with asyncio.TaskGroup() as group:
            provider = group.create_task(seen(run(iam.get_identity_provider, self._account, wanted.issuer)))
            found_role = group.create_task(
                seen(run(iam.get_role, self._account, role.name, tuple(role.policies)))
            )
            integration = group.create_task(
                seen(self._adapters.teleport.get_integration(wanted.scope.integration))
            )
            dependents = group.create_task(seen(self._dependents()))
            shared = group.create_task(seen(self._provider_is_shared()))
        return IntegrationWorld(
            provider=provider.result(),
            role=found_role.result(),
            integration=integration.result(),
            dependents=dependents.result(),
            provider_shared=shared.result(),
        )

    async def _dependents(self) -> tuple[str, ...]:
        """Only a deletion asks who still refers to the integration."""
        if not self._integration.deleting:
            return ()
        found: list[str] = []
        for kind in (RDS_ENROLLMENT.kind, DATABASE_SERVICE_DEPLOYMENT.kind):
            objects = await self._adapters.objects.list(kind, self._integration.metadata.namespace)
            found += [f"{kind} {_full_name(item)}" for item in _referring(objects, self._integration)]
        return tuple(sorted(found))

    async def _provider_is_shared(self) -> bool:
        if not self._integration.deleting:
            return False
        others = await self._adapters.objects.list(AWS_OIDC_INTEGRATION.kind)
        return any(
            item["metadata"]["uid"] != self._integration.metadata.uid
            and item["spec"]["accountId"] == self._integration.spec.account_id
            for item in others
        )


def _referring(objects: Sequence[Object], integration: AwsOidcIntegration) -> list[Object]:
    name = integration.metadata.name
    return [item for item in objects if item["spec"]["integrationRef"]["name"] == name]


def _full_name(item: Object) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
