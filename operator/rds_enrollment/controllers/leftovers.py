"""Finds what carries a mark of this operator and belongs to no object any more, and removes it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.aws import ecs, iam, insights, logs, security_groups
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.apply import applier
from rds_enrollment.plan import names
from rds_enrollment.plan.leftovers import Leftover, Region, Survey, leftovers
from rds_enrollment.plan.observed.aws import Role
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.task_definition import log_groups_of

_ATTEMPTS = 3
"""AWS may list for a while what is gone."""
_PAUSES = 60
"""Looks at tasks that drain: with the default pause they get a quarter of an hour."""

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection has come to."""

    removed: Sequence[Leftover]
    left: Sequence[Leftover]
    failures: Mapping[Identity, Outcome]
    """By a leftover's identity: how its removal ended."""


class Leftovers:
    """What is left over in one account and some of its regions. Everything raises Outcome: who does not see all of it,
    the cluster's objects before all, does not act."""

    def __init__(
        self, adapters: Adapters, account: AwsAccount, regions: Sequence[str], namespaces: Sequence[str]
    ) -> None:
        """`namespaces`: those that the operator serves; empty: all."""
        self._adapters = adapters
        self._account = account
        self._regions = regions
        self._namespaces = frozenset(namespaces)

    async def survey(self) -> Survey:
        """One look at everything, the objects last: what is made for a new one in the meantime counts as its own."""
        run, account, teleport = self._adapters.threads.run, self._account, self._adapters.teleport
        cluster, identity = await teleport.cluster(), await run(AwsAccount.identity, account)
        provider = await run(iam.get_identity_provider, account, names.issuer(cluster.proxy_address))
        users = await run(iam.list_federated_roles, account, provider.arn) if provider else ()
        regions = [await run(_region, account, cluster, region) for region in self._regions]
        roles = await run(_roles, account)
        databases, tokens = await teleport.databases(), await teleport.tokens()
        integrations = await teleport.integrations()
        return Survey(
            account=identity.account,
            owner_id=self._adapters.owner_id,
            living=await self._living(),
            namespaces=self._namespaces,
            regions=tuple(regions),
            roles=roles,
            provider=provider,
            provider_users=users,
            databases=tuple(databases),
            tokens=tuple(tokens),
            integrations=tuple(integrations),
        )

    async def collect(self) -> Collected:
        """Remove what can be removed, look again, and wait for tasks that drain, until nothing moves any more."""
        apply = applier(self._adapters, self._account)
        removed: dict[Identity, Leftover] = {}
        tried: Counter[Identity] = Counter()
        pauses = 0
        failures: dict[Identity, Outcome] = {}
        while True:
            found = leftovers(await self.survey())
            todo = [
                item
                for item in found
                if item.steps and item.identity not in failures and tried[item.identity] < _ATTEMPTS
            ]
            for item in todo:
                tried[item.identity] += 1
                try:
                    for step in item.steps:
                        await apply(step)
                except Outcome as outcome:
                    failures[item.identity] = outcome
                else:
                    removed[item.identity] = item
            if todo:
                continue
            if failures or pauses >= _PAUSES or not any(item.ends_by_itself for item in found):
                left = {item.identity for item in found}
                gone = [item for identity, item in removed.items() if identity not in left]
                return Collected(gone, found, failures)
            pauses += 1
            await asyncio.sleep(self._adapters.poll_seconds)

    async def _living(self) -> frozenset[Owner]:
        owner_id, found = self._adapters.owner_id, set[Owner]()
        for kind in KINDS.values():
            for item in await self._adapters.objects.list(kind.kind):
                metadata = item["metadata"]
                found.add(Owner(owner_id, kind.short_name, metadata["namespace"], metadata["name"]))
        return frozenset(found)


def _roles(account: AwsAccount) -> tuple[Role, ...]:
    found = (iam.get_marked_role(account, name) for name in iam.list_role_names(account))
    return tuple(role for role in found if role is not None)


def _region(account: AwsAccount, cluster: TeleportCluster, region: str) -> Region:
    name = names.ecs_cluster(cluster.name)
    families = ecs.list_families(account, region, names.task_family_prefix(cluster.name))
    revisions = tuple(
        revision for family in families for revision in ecs.list_family(account, region, family)
    )
    named = {group for revision in revisions for group in log_groups_of(revision.body)}
    groups = (logs.get_log_group(account, region, group) for group in sorted(named))
    return Region(
        name=region,
        cluster=ecs.get_cluster(account, region, name),
        services=ecs.list_services(account, region, name),
        revisions=revisions,
        log_groups=tuple(group for group in groups if group is not None),
        groups=security_groups.marked_groups(account, region),
        rules=security_groups.marked_rules(account, region),
        insights=insights.marked_insights(account, region),
    )
