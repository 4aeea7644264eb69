"""Which of our objects a change in Teleport is worth a pass for."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.plan.agent_config import REGION_LABEL, VPC_LABEL
from rds_enrollment.plan.observed.teleport import Agent
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.teleport.kinds import Held, Kind
from rds_enrollment.teleport.memory import Change

DeploymentsIn = Callable[[str, str], Iterable[Key]]
"""The deployments for a region and a VPC id."""

GATHERING_SECONDS = 0.5
"""How long the news of a `db_server` may wait for more of it: an agent that starts sends one for each database."""

_KIND_BY_SHORT_NAME: Mapping[str, str] = MappingProxyType(
    {kind.short_name: kind.kind for kind in KINDS.values()}
)


class TeleportWakes:
    """A db, its db_servers, a token or an integration wakes its owner; an agent the deployments of its VPC."""

    def __init__(self, owner_id: str, deployments_in: DeploymentsIn) -> None:
        self._owner_id = owner_id
        self._deployments_in = deployments_in

    def keys(self, changes: Iterable[Change]) -> dict[Key, float]:
        """The keys to reconcile, and in how many seconds; none for a mere renewal."""
        due: dict[Key, float] = {}
        for change in changes:
            if not change.matters:
                continue
            seconds = GATHERING_SECONDS if change.kind is Kind.DATABASE_SERVER else 0.0
            for held in filter(None, (change.before, change.after)):
                for key in self._concerned(held):
                    due[key] = min(seconds, due.get(key, seconds))
        return due

    def _concerned(self, held: Held) -> Iterable[Key]:
        owner = self._owner(held.owner)
        if owner is not None:
            yield owner
        if isinstance(held.value, Agent):
            for matcher in held.value.matchers:
                for region in matcher.get(REGION_LABEL, ()):
                    for vpc_id in matcher.get(VPC_LABEL, ()):
                        yield from self._deployments_in(region, vpc_id)

    def _owner(self, mark: str) -> Key | None:
        """Anybody may write labels: a mark that none of ours can have wakes nobody."""
        parts = mark.split("/")
        if len(parts) != 4 or parts[0] != self._owner_id or parts[1] not in _KIND_BY_SHORT_NAME:
            return None
        return Key(_KIND_BY_SHORT_NAME[parts[1]], parts[2], parts[3])
