"""The ground that every pass stands on: the integration, the AWS account behind it, the Teleport cluster."""

import asyncio
from dataclasses import dataclass, field

from pydantic import ValidationError

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration, From
from rds_enrollment.api.common import IntegrationRef, Resource
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.assumed_role import AssumedRole
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.controllers.invalid import faults
from rds_enrollment.plan.conditions import Verdict, of_outcome
from rds_enrollment.plan.grants import external_id
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Blocked, Outcome, Terminal
from rds_enrollment.plan.scope import Scope

_CREDENTIALS = ConditionType.CREDENTIALS_VALID


@dataclass(frozen=True, slots=True)
class Ground:
    """What could be established. Without a scope and an account nothing may be planned."""

    verdicts: dict[ConditionType, Verdict] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    scope: Scope | None = None
    account: AwsAccount | None = None


async def referred_integration(
    adapters: Adapters, resource: Resource, reference: IntegrationRef
) -> AwsOidcIntegration | Outcome:
    """The integration that an object refers to, or why it cannot be used. Raises Outcome."""
    namespace, name = reference.key(resource.metadata.namespace)
    raw = await adapters.objects.get(AWS_OIDC_INTEGRATION.kind, namespace, name)
    if raw is None:
        return Blocked(
            Reason.INTEGRATION_NOT_FOUND,
            f"AwsOidcIntegration {namespace}/{name} does not exist. Create it, or correct spec.integrationRef.",
        )
    try:
        integration = AwsOidcIntegration.model_validate(raw)
    except ValidationError as error:
        message = f"AwsOidcIntegration {namespace}/{name} cannot be read: {faults(error)}. Correct it."
        return Blocked(Reason.INTEGRATION_NOT_READY, message)
    # Who is deleted takes away only what carries its mark: that is never refused.
    if resource.deleting or await _lets_in(adapters, integration, resource.metadata.namespace):
        return integration
    return Blocked(
        Reason.REF_NOT_PERMITTED,
        f"AwsOidcIntegration {namespace}/{name} does not let objects of namespace {resource.metadata.namespace} refer "
        f"to it. Let its owner add the namespace to spec.allowedNamespaces.",
    )


async def _lets_in(adapters: Adapters, integration: AwsOidcIntegration, namespace: str) -> bool:
    """Whether objects of this namespace may refer to the integration. Raises Outcome."""
    allowed = integration.spec.allowed_namespaces
    if namespace == integration.metadata.namespace:
        return True
    if allowed is None or allowed.from_ is From.SAME:
        return False
    if allowed.selector is None:
        return True
    labels = await adapters.objects.namespace_labels(namespace)
    return allowed.selector.match_labels.items() <= labels.items()


async def _account(adapters: Adapters, integration: AwsOidcIntegration) -> AwsAccount:
    """The account with the credentials that the integration asks for. Raises Outcome."""
    role, namespace = integration.spec.assume_role_arn, integration.metadata.namespace
    if role is None:
        return adapters.aws.own()
    labels = await adapters.objects.namespace_labels(namespace)
    return adapters.aws.assumed(
        AssumedRole(role, external_id(adapters.grants.load(), role, namespace, labels))
    )


async def establish(
    adapters: Adapters,
    integration: AwsOidcIntegration | Outcome,
    *,
    pinned_cluster: str | None,
    teleport_condition: ConditionType,
    attempts: int,
) -> Ground:
    """Check credentials and Teleport, side by side, before anything is planned. Outcomes are told in the result, not
    raised.

    Args:
        adapters: what is asked.
        integration: that of the object, or why there is none.
        pinned_cluster: status.teleportCluster; None before the first pass.
        teleport_condition: the kind's condition that speaks of Teleport.
        attempts: failed passes over the object in a row, and one for this pass.
    """
    async with asyncio.TaskGroup() as reads:
        calling = reads.create_task(seen(_caller(adapters, integration)))
        asking = reads.create_task(seen(_cluster(adapters, pinned_cluster)))
    caller, cluster = calling.result(), asking.result()
    verdicts: dict[ConditionType, Verdict] = {}
    outcomes: list[Outcome] = []
    if not isinstance(caller, Unseen):
        verdicts[_CREDENTIALS] = Verdict.ok(
            f"Acting in account {caller.identity.account} as {caller.identity.arn}."
        )
    for condition, read in ((_CREDENTIALS, caller), (teleport_condition, cluster)):
        if isinstance(read, Unseen) and read.outcome is not None:
            verdicts[condition] = of_outcome(read.outcome, attempts)
            outcomes.append(read.outcome)
    if isinstance(integration, Outcome) or isinstance(caller, Unseen) or isinstance(cluster, Unseen):
        return Ground(verdicts, tuple(outcomes))
    scope = _scope(adapters, integration, caller.identity, cluster)
    return Ground(verdicts, tuple(outcomes), scope, caller.account)


@dataclass(frozen=True, slots=True)
class _Caller:
    account: AwsAccount
    identity: CallerIdentity


async def _caller(adapters: Adapters, integration: AwsOidcIntegration | Outcome) -> _Caller:
    """Who acts in AWS for the integration. Raises Outcome."""
    if isinstance(integration, Outcome):
        raise integration
    account = await _account(adapters, integration)
    return _Caller(account, await _identity(adapters, account, integration.spec.account_id))


async def _identity(adapters: Adapters, account: AwsAccount, expected: str) -> CallerIdentity:
    identity = await adapters.threads.run(AwsAccount.identity, account)
    if identity.account != expected:
        account.reread_credentials()
        raise Blocked(
            Reason.WRONG_ACCOUNT,
            f"The operator's AWS credentials belong to account {identity.account} ({identity.arn}), not to "
            f"{expected}: nothing is written. Give the operator credentials of {expected}, name a role of it in "
            f"assumeRoleArn, or correct accountId.",
        )
    return identity


async def _cluster(adapters: Adapters, pinned: str | None) -> TeleportCluster:
    cluster = await adapters.teleport.cluster()
    if pinned is not None and cluster.name != pinned:
        raise Terminal(
            Reason.TELEPORT_CLUSTER_CHANGED,
            f"This object belongs to Teleport cluster {pinned}, and the operator is connected to {cluster.name}: "
            f"nothing is written. Connect it to {pinned}, or create the object anew.",
        )
    if not cluster.proxy_address:
        raise Blocked(
            Reason.TELEPORT_PROXY_UNKNOWN,
            f"Teleport cluster {cluster.name} publishes no proxy address. Set proxy_service.public_addr in Teleport.",
        )
    return cluster


def _scope(
    adapters: Adapters, integration: AwsOidcIntegration, identity: CallerIdentity, cluster: TeleportCluster
) -> Scope:
    enterprise = cluster.enterprise if adapters.edition == "auto" else adapters.edition == "ent"
    return Scope(
        account=identity.account,
        partition=identity.partition,
        integration=integration.integration_name,
        cluster=cluster,
        enterprise=enterprise,
        fips=adapters.fips,
        docs_url=adapters.docs_url,
    )
