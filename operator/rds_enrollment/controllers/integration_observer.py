"""What a pass over an AwsOidcIntegration reads."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.database_service_deployment import TASK_ROLE_PREFIX, DatabaseServiceDeployment
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws import iam
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.controllers.converge import Changed
from rds_enrollment.controllers.neighbours import parsed
from rds_enrollment.controllers.reads import PassReads, read_role
from rds_enrollment.kubernetes.client import Object
from rds_enrollment.plan import names
from rds_enrollment.plan.integration.registration import target_of
from rds_enrollment.plan.integration.wanted import WantedIntegration, wanted_role
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration, IntegrationProof

_PROVIDER = (ConditionType.IDENTITY_PROVIDER_READY,)
_ROLE = (ConditionType.ROLE_READY,)
"""The conditions whose writes make void what was read."""


async def task_roles(adapters: Adapters, integration: AwsOidcIntegration) -> frozenset[str]:
    """Roles of the integration's deployments, with their paths: the default names by their prefix, and each that is
    set."""
    listed = await adapters.objects.list(DATABASE_SERVICE_DEPLOYMENT.kind)
    deployments = filter(None, map(parsed, _referring(listed, integration)))
    chosen = {role for deployment in deployments for role in _with_paths(deployment)}
    return frozenset(
        {f"{TASK_ROLE_PREFIX}*", *(role for role in chosen if not role.startswith(TASK_ROLE_PREFIX))}
    )


def _with_paths(deployment: DatabaseServiceDeployment) -> set[str]:
    """An observed role stands where its owner put it: the status tells."""
    status = deployment.status
    known = [arn for arn in (status.task_role_arn, status.execution_role_arn) if arn]
    seen = {names.role_name(arn): names.role_with_path(arn) for arn in known}
    return {
        seen.get(role.name, role.name) if not role.managed else f"{role.path}{role.name}".removeprefix("/")
        for role in deployment.roles
    }


async def dependents(adapters: Adapters, integration: AwsOidcIntegration) -> tuple[str, ...]:
    """`Kind namespace/name` of the objects that refer to the integration. Raises Outcome."""
    found: list[str] = []
    for kind in (RDS_ENROLLMENT.kind, DATABASE_SERVICE_DEPLOYMENT.kind):
        objects = await adapters.objects.list(kind)
        found += [f"{kind} {_full_name(item)}" for item in _referring(objects, integration)]
    return tuple(sorted(found))


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
        self._reads = PassReads()

    async def observe(self, changed: Changed = None) -> IntegrationWorld:
        """What has a known name, with Teleport's proof beside it, and then who else uses the provider."""
        wanted, once = self._wanted, self._reads.once
        self._reads.forget(None if self._integration.deleting else changed)
        async with asyncio.TaskGroup() as first:
            provider = first.create_task(once("provider", _PROVIDER, self._provider))
            thumbprint = first.create_task(self._thumbprint())
            role = first.create_task(once("role", _ROLE, self._role))
            former = first.create_task(once("former roles", _ROLE, self._former_roles))
            integration = first.create_task(
                seen(self._adapters.teleport.get_integration(wanted.scope.integration))
            )
            proof = first.create_task(self._proof(integration, role))
            dependents = first.create_task(seen(self._dependents()))
            shared = first.create_task(seen(self._provider_is_shared()))
        world = IntegrationWorld(
            provider=provider.result(),
            thumbprint=thumbprint.result(),
            role=role.result(),
            former_roles=former.result(),
            integration=integration.result(),
            proof=proof.result(),
            dependents=dependents.result(),
            provider_shared=shared.result(),
        )
        return replace(world, provider_users=await self._provider_users(world))

    async def _thumbprint(self) -> Seen[str]:
        if self._integration.deleting:
            return Unseen()
        return await self._adapters.issuer.thumbprint(self._wanted.scope.cluster.proxy_address)

    async def _provider(self) -> IdentityProvider | None:
        run = self._adapters.threads.run
        return await run(iam.get_identity_provider, self._account, self._wanted.issuer)

    async def _role(self) -> Role | None:
        threads, role = self._adapters.threads, wanted_role(self._wanted)
        if role.managed:
            return await read_role(threads, self._account, role.name, tuple(role.policies))
        return await threads.run(iam.get_role_with_all_policies, self._account, role.name)

    async def _former_roles(self) -> tuple[Role, ...]:
        threads, policies = self._adapters.threads, tuple(wanted_role(self._wanted).policies)
        found = [
            await read_role(threads, self._account, name, policies) for name in self._wanted.former_roles
        ]
        return tuple(role for role in found if role is not None)

    async def _proof(
        self, integration: "asyncio.Task[Seen[Integration | None]]", role: "asyncio.Task[Seen[Role | None]]"
    ) -> Seen[IntegrationProof | None]:
        """Teleport is asked to act in AWS once the integration names the role that it should."""
        named = await integration
        if self._integration.deleting or not isinstance(named, Integration):
            return Unseen()
        observed = None if self._wanted.role.managed else await role
        if named.role_arn != target_of(self._wanted, observed).role_arn:
            return Unseen()
        return await seen(self._adapters.teleport.prove_integration(named.name))

    async def _provider_users(self, world: IntegrationWorld) -> Seen[tuple[str, ...]]:
        """Roles that the end of the identity provider would cut off, except for those that go with this object."""
        if not self._integration.deleting or not isinstance(world.provider, IdentityProvider):
            return ()
        run, arn = self._adapters.threads.run, world.provider.arn
        return await seen(run(iam.list_federated_roles, self._account, arn))

    async def _dependents(self) -> tuple[str, ...]:
        """Only a deletion asks who still refers to the integration."""
        return await dependents(self._adapters, self._integration) if self._integration.deleting else ()

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
    """Those that name it from wherever they are, whether it lets them in or not."""
    metadata = integration.metadata
    return [item for item in objects if _referred(item) == (metadata.namespace, metadata.name)]


def _referred(item: Object) -> tuple[str, str]:
    reference = item["spec"]["integrationRef"]
    return reference.get("namespace", item["metadata"]["namespace"]), reference["name"]


def _full_name(item: Object) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
