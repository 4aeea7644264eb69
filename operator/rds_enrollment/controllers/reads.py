"""What one pass has read: each thing once, and again only after writes that may have changed it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws import iam, rds
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import seen
from rds_enrollment.controllers.converge import Changed
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import RdsInventory, Role
from rds_enrollment.runtime.threads import ThreadPool

T = TypeVar("T")


class PassReads:
    """The answers that a pass has got. What could not be read is read again at the next look."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[frozenset[ConditionType], Any]] = {}

    def forget(self, changed: Changed) -> None:
        """Drop what writes for these conditions may have changed; everything for None."""
        if changed is None:
            self._known.clear()
            return
        written = frozenset(changed)
        self._known = {name: known for name, known in self._known.items() if not known[0] & written}

    async def once(
        self, name: str, changed_by: Collection[ConditionType], read: Callable[[], Awaitable[T]]
    ) -> Seen[T]:
        """What `read` answers, or has answered already. Writes for the conditions `changed_by` make it void."""
        if name in self._known:
            known: T = self._known[name][1]
            return known
        answer = await seen(read())
        if not isinstance(answer, Unseen):
            self._known[name] = (frozenset(changed_by), answer)
        return answer


async def read_role(
    threads: ThreadPool, account: AwsAccount, name: str, policies: Collection[str]
) -> Role | None:
    """A role and those of its inline policies, all asked for at once. Raises Outcome."""
    role, documents = await asyncio.gather(
        threads.run(iam.get_role, account, name),
        asyncio.gather(*(threads.run(iam.get_inline_policy, account, name, policy) for policy in policies)),
    )
    return role and iam.with_policies(role, dict(zip(policies, documents, strict=True)))


async def read_inventory(
    threads: ThreadPool, account: AwsAccount, account_id: str, region: str
) -> RdsInventory:
    """The instances and the clusters of a region, both listed at once. Raises Outcome."""
    instances, clusters = await asyncio.gather(
        threads.run(rds.instances, account, region), threads.run(rds.clusters, account, region)
    )
    return RdsInventory(account=account_id, region=region, instances=instances, clusters=clusters)
