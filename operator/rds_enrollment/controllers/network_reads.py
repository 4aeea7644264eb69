"""What a pass reads of a deployment's network: from the facts that a region's deployments share, where that will do."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Protocol, TypeVar

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws import ec2, security_groups
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import seen
from rds_enrollment.controllers.reads import PassReads
from rds_enrollment.controllers.region_facts import RegionFacts
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.openings import database_groups
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import SecurityGroup, Subnet, Tags
from rds_enrollment.plan.observed.network import NetworkFacts, Vpc
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupRule
from rds_enrollment.runtime.threads import ThreadPool

_RULES = (ConditionType.NETWORK_READY, ConditionType.DATABASE_ACCESS_ALLOWED)
"""The conditions whose writes make void what was read."""


class _Listed(Protocol):
    """A subnet or a security group of the facts."""

    @property
    def id(self) -> str: ...
    @property
    def vpc_id(self) -> str: ...
    @property
    def tags(self) -> Tags: ...


T = TypeVar("T", bound=_Listed)


class NetworkReads:
    """Those of one pass."""

    def __init__(
        self,
        threads: ThreadPool,
        account: AwsAccount,
        wanted: WantedDeployment,
        region: RegionFacts,
        reads: PassReads,
    ) -> None:
        self._run = threads.run
        self._account = account
        self._wanted = wanted
        self._region = region
        self._reads = reads

    async def subnets(self) -> Seen[tuple[Subnet, ...]]:
        """Those that the spec names, or selects."""
        return await self._reads.once("subnets", (), self._subnets)

    async def security_groups(self) -> Seen[tuple[SecurityGroup, ...]]:
        """Those that the spec names, or selects; none where it asks for one of ours."""
        return await self._reads.once("security groups", (), self._security_groups)

    async def managed_group(self) -> Seen[ManagedGroup | None]:
        """The group of our name. One that is not asked for is looked for in the facts first."""
        wanted = self._wanted
        if self._region.asked and not wanted.security_groups.managed:
            vpc = await self._region.vpc(wanted.vpc_id)
            if isinstance(vpc, Unseen):
                return vpc
            if vpc is None or wanted.security_group not in {group.name for group in vpc.security_groups}:
                return None
        return await self._reads.once("managed group", _RULES, self._group_of_our_name)

    async def own_rules(self) -> Seen[tuple[SecurityGroupRule, ...]]:
        """Rules with our mark, in any group: only who makes some, or has just left off, asks for them alone."""
        wanted = self._wanted
        makes_some = wanted.manages_access or wanted.security_groups.managed
        if self._region.asked and not makes_some and (self._region.of_this_pass or not wanted.retry):
            marked = await self._region.marked_rules()
            if isinstance(marked, Unseen) or not _of(marked, wanted):
                return marked if isinstance(marked, Unseen) else ()
        return await self._reads.once("own rules", _RULES, self._own_rules)

    async def database_rules(self, world: DeploymentWorld) -> Seen[tuple[SecurityGroupRule, ...]]:
        """Where we add rules, those that are there must not be a resync old."""
        wanted = self._wanted
        if not wanted.manages_access or not self._region.asked:
            return Unseen()
        groups = database_groups(wanted, world)
        return await seen(self._run(security_groups.rules_of_groups, self._account, wanted.region, groups))

    async def _subnets(self) -> tuple[Subnet, ...]:
        wanted, run = self._wanted, self._run
        choice = wanted.subnets
        listed = await self._listed(choice, lambda vpc: vpc.subnets)
        if listed:
            return tuple(Subnet(item.id, item.vpc_id, item.availability_zone, item.tags) for item in listed)
        if choice.ids:
            return await run(ec2.get_subnets, self._account, wanted.region, choice.ids)
        return await run(ec2.find_subnets, self._account, wanted.region, wanted.vpc_id, choice.tags)

    async def _security_groups(self) -> tuple[SecurityGroup, ...]:
        wanted, run = self._wanted, self._run
        choice = wanted.security_groups
        if choice.managed:
            return ()
        listed = await self._listed(choice, lambda vpc: vpc.security_groups)
        if listed:
            return tuple(SecurityGroup(item.id, item.vpc_id, item.name, item.tags) for item in listed)
        if choice.ids:
            return await run(ec2.get_security_groups, self._account, wanted.region, choice.ids)
        return await run(ec2.find_security_groups, self._account, wanted.region, wanted.vpc_id, choice.tags)

    async def _listed(self, choice: Choice, items: Callable[[Vpc], Collection[T]]) -> tuple[T, ...]:
        """What of the facts is chosen. Nothing where they do not have all of it: it may be newer than they are."""
        facts = await self._region.networks()
        if isinstance(facts, Unseen):
            return ()
        if not choice.ids:
            vpc = facts.vpcs.get(self._wanted.vpc_id)
            return (
                tuple(item for item in items(vpc) if choice.tags.items() <= item.tags.items()) if vpc else ()
            )
        named = _named(facts, choice, items)
        return named if len(named) == len(set(choice.ids)) else ()

    async def _own_rules(self) -> tuple[SecurityGroupRule, ...]:
        wanted = self._wanted
        return await self._run(
            security_groups.rules_of_owner, self._account, wanted.region, wanted.owner.mark
        )

    async def _group_of_our_name(self) -> ManagedGroup | None:
        """What holds the group is asked only where it is to go."""
        wanted, run = self._wanted, self._run
        account, region = self._account, wanted.region
        group = await run(security_groups.get_group, account, region, wanted.vpc_id, wanted.security_group)
        if group is None or not ownership.marked(group.tags, wanted.owner.mark):
            return group
        if wanted.security_groups.managed and self._region.asked:
            return group
        return replace(group, use=await run(security_groups.get_use, account, region, group.id))


def _named(facts: NetworkFacts, choice: Choice, items: Callable[[Vpc], Collection[T]]) -> tuple[T, ...]:
    """By id, in whatever VPC."""
    return tuple(item for vpc in facts.vpcs.values() for item in items(vpc) if item.id in choice.ids)


def _of(rules: Collection[SecurityGroupRule], wanted: WantedDeployment) -> bool:
    return any(ownership.marked(rule.tags, wanted.owner.mark) for rule in rules)
