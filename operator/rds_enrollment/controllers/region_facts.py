"""What all deployments of a region share: its networks and their DNS, its databases, and what Fargate may run."""

import asyncio

from rds_enrollment.aws import ec2, security_groups
from rds_enrollment.aws import quotas as service_quotas
from rds_enrollment.aws.network import LISTINGS, network_facts, read_listing
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.controllers.reads import read_inventory
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.observed.network import NetworkFacts, Vpc, VpcDns
from rds_enrollment.plan.observed.security_groups import SecurityGroupRule


class RegionFacts:
    """Facts of one region for one pass: read at most once a pass, and once for everybody who accepts their age."""

    def __init__(
        self, adapters: Adapters, account: AwsAccount, account_id: str, region: str, max_age: float | None
    ) -> None:
        """`max_age`: how old facts may be, in seconds; None: none are read."""
        self._adapters = adapters
        self._account = account
        self._key = (account_id, region)
        self._max_age = max_age
        self._networks: asyncio.Task[Seen[NetworkFacts]] | None = None
        self._inventory: Seen[RdsInventory] | None = None
        self._quota: Seen[float] | None = None
        self._dns: dict[str, asyncio.Task[Seen[VpcDns]]] = {}

    @property
    def asked(self) -> bool:
        """Whether facts are read at all."""
        return self._max_age is not None

    @property
    def of_this_pass(self) -> bool:
        """Whether nothing that was read before this pass is good enough."""
        return self._max_age == 0

    async def networks(self) -> Seen[NetworkFacts]:
        """Those of all VPCs."""
        if self._max_age is None:
            return Unseen()
        if self._networks is None:
            networks = self._adapters.networks
            reading = networks.get(self._key, self._read_networks, max_age=self._max_age)
            self._networks = asyncio.create_task(seen(reading))
        return await self._networks

    async def vpc(self, vpc_id: str) -> Seen[Vpc | None]:
        """The network of a VPC; None when it has no subnet."""
        facts = await self.networks()
        return facts if isinstance(facts, Unseen) else facts.vpcs.get(vpc_id)

    async def marked_rules(self) -> Seen[tuple[SecurityGroupRule, ...]]:
        """Rules of security groups with anybody's owner mark."""
        if self._max_age is None:
            return Unseen()
        rules = self._adapters.marked_rules
        return await seen(rules.get(self._key, self._read_rules, max_age=self._max_age))

    async def inventory(self) -> Seen[RdsInventory]:
        """The listing of RDS that enrolments share."""
        if self._max_age is None:
            return Unseen()
        if self._inventory is None:
            inventories = self._adapters.inventories
            reading = inventories.get(self._key, self._read_inventory, max_age=self._max_age)
            self._inventory = await seen(reading)
        return self._inventory

    async def vpc_dns(self, vpc_id: str) -> Seen[VpcDns]:
        """How names are resolved in a VPC."""
        if self._max_age is None:
            return Unseen()

        async def read() -> VpcDns:
            return await self._adapters.threads.run(ec2.get_vpc_dns, self._account, self._key[1], vpc_id)

        if vpc_id not in self._dns:
            reading = self._adapters.dns.get((*self._key, vpc_id), read, max_age=self._max_age)
            self._dns[vpc_id] = asyncio.create_task(seen(reading))
        return await self._dns[vpc_id]

    async def fargate_vcpus(self) -> Seen[float]:
        """What Fargate may run in the region."""
        if self._max_age is None:
            return Unseen()
        if self._quota is None:
            quotas = self._adapters.quotas
            self._quota = await seen(quotas.get(self._key, self._read_quota, max_age=self._max_age))
        return self._quota

    async def _read_rules(self) -> tuple[SecurityGroupRule, ...]:
        return await self._adapters.threads.run(security_groups.marked_rules, self._account, self._key[1])

    async def _read_quota(self) -> float:
        return await self._adapters.threads.run(service_quotas.fargate_vcpus, self._account, self._key[1])

    async def _read_networks(self) -> NetworkFacts:
        """The listings side by side: together they take as long as the longest."""
        run, account, region = self._adapters.threads.run, self._account, self._key[1]
        listed = await asyncio.gather(*(run(read_listing, account, region, name) for name in LISTINGS))
        return await run(network_facts, account, region, dict(zip(LISTINGS, listed, strict=True)))

    async def _read_inventory(self) -> RdsInventory:
        return await read_inventory(self._adapters.threads, self._account, *self._key)
