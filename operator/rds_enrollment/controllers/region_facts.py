"""What all deployments of a region share: its networks, its databases, and what Fargate may run there."""

from rds_enrollment.aws import quotas, rds
from rds_enrollment.aws.network import network_facts
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.observed.network import NetworkFacts, Vpc


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
        self._networks: Seen[NetworkFacts] | None = None
        self._inventory: Seen[RdsInventory] | None = None

    @property
    def asked(self) -> bool:
        """Whether facts are read at all."""
        return self._max_age is not None

    async def vpc(self, vpc_id: str) -> Seen[Vpc | None]:
        """The network of a VPC; None when it has no subnet."""
        if self._max_age is None:
            return Unseen()
        if self._networks is None:
            networks = self._adapters.networks
            self._networks = await seen(networks.get(self._key, self._read_networks, max_age=self._max_age))
        facts = self._networks
        return facts if isinstance(facts, Unseen) else facts.vpcs.get(vpc_id)

    async def inventory(self) -> Seen[RdsInventory]:
        """The listing of RDS that enrolments share."""
        if self._max_age is None:
            return Unseen()
        if self._inventory is None:
            inventories = self._adapters.inventories
            reading = inventories.get(self._key, self._read_inventory, max_age=self._max_age)
            self._inventory = await seen(reading)
        return self._inventory

    async def fargate_vcpus(self) -> Seen[float]:
        """What Fargate may run in the region."""
        if self._max_age is None:
            return Unseen()
        return await seen(self._adapters.quotas.get(self._key, self._read_quota, max_age=self._max_age))

    async def _read_quota(self) -> float:
        return await self._adapters.threads.run(quotas.fargate_vcpus, self._account, self._key[1])

    async def _read_networks(self) -> NetworkFacts:
        return await self._adapters.threads.run(network_facts, self._account, self._key[1])

    async def _read_inventory(self) -> RdsInventory:
        return await self._adapters.threads.run(rds.inventory, self._account, self._key[1])
