"""What a pass over an RdsEnrollment reads."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.controllers.converge import Changed
from rds_enrollment.controllers.reads import read_inventory
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, Vpc, WantedEnrollment
from rds_enrollment.plan.observed import Seen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.observed.teleport import Database, DatabaseServer


class EnrollmentObserver:
    """Reads everything that the plan of one enrolment needs.

    RDS is listed at most once a pass, as its own writes change nothing there, and once for all the enrolments of an
    account that accept a listing of that age.
    """

    def __init__(
        self,
        adapters: Adapters,
        account: AwsAccount,
        wanted: WantedEnrollment,
        regions: Sequence[str],
        *,
        empty_since: Mapping[Vpc, datetime],
        max_age: float,
    ) -> None:
        """`regions`: those to list; `empty_since`: what the status tells; `max_age`: of a listing, in seconds."""
        self._adapters = adapters
        self._account = account
        self._account_id = wanted.account
        self._regions = regions
        self._max_age = max_age
        self._empty_since = empty_since
        self._inventories: Mapping[str, Seen[RdsInventory]] | None = None

    async def observe(self, changed: Changed = None) -> EnrollmentWorld:
        """One batch of reads: all but the listings are answered from memory, or by the API server."""
        read_at = self._adapters.now()
        async with asyncio.TaskGroup() as group:
            inventories = group.create_task(self._listed())
            databases = group.create_task(seen(self._databases()))
            servers = group.create_task(seen(self._servers()))
            user_tasks = group.create_task(seen(self._adapters.teleport.user_tasks()))
            deployments = group.create_task(seen(self._deployments()))
        return EnrollmentWorld(
            read_at=read_at,
            inventories=inventories.result(),
            databases=databases.result(),
            servers=servers.result(),
            user_tasks=user_tasks.result(),
            deployments=deployments.result(),
            empty_since=self._empty_since,
        )

    async def _listed(self) -> Mapping[str, Seen[RdsInventory]]:
        if self._inventories is None:
            async with asyncio.TaskGroup() as group:
                listings = {
                    region: group.create_task(seen(self._inventory(region))) for region in self._regions
                }
            self._inventories = {region: listing.result() for region, listing in listings.items()}
        return self._inventories

    async def _inventory(self, region: str) -> RdsInventory:
        async def read() -> RdsInventory:
            return await read_inventory(self._adapters.threads, self._account, self._account_id, region)

        key = (self._account_id, region)
        return await self._adapters.inventories.get(key, read, max_age=self._max_age)

    async def _databases(self) -> tuple[Database, ...]:
        return tuple(await self._adapters.teleport.databases())

    async def _servers(self) -> tuple[DatabaseServer, ...]:
        return tuple(await self._adapters.teleport.database_servers())

    async def _deployments(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(await self._adapters.objects.list(DATABASE_SERVICE_DEPLOYMENT.kind))
