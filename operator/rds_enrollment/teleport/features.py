"""What the proxy tells of its cluster beyond Ping, asked for rarely and never missed."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.webapi import Found, WebApi

logger = logging.getLogger(__name__)

FOUND_SECONDS = 600.0
MISSED_SECONDS = 120.0
"""How long an answer, and the lack of one, is good for."""


@dataclass(slots=True)
class Features:
    """Adds edition and agent version to a cluster. Used from one event loop."""

    web: WebApi
    timer: Callable[[], float] = time.monotonic
    _found: Found | None = None
    _asked: tuple[str, str] | None = None
    """Of which address and auth server version."""
    _good_until: float = 0.0
    _told: str = ""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def complete(self, cluster: TeleportCluster, proxy: Address | None) -> TeleportCluster:
        """`cluster` with what its proxy tells; unchanged when that cannot be learned.

        `proxy` is where one is known to be reached; without it the cluster's own word is taken.
        """
        address = str(proxy) if proxy else cluster.proxy_address
        if not address:
            return cluster
        async with self._lock:
            asked = (address, cluster.version)
            if asked != self._asked or self.timer() >= self._good_until:
                self._found = await self._ask(address, cluster)
                self._asked = asked
                self._good_until = self.timer() + (FOUND_SECONDS if self._found else MISSED_SECONDS)
            found = self._found
        return (
            replace(cluster, edition=found.edition, agent_version=found.agent_version) if found else cluster
        )

    async def _ask(self, address: str, cluster: TeleportCluster) -> Found | None:
        try:
            found = await self.web.find(Address.parse(address))
        except ValueError:
            self._tell(f"the cluster publishes {address!r} as its proxy, which is no host:port")
        except Outcome as outcome:
            self._tell(outcome.message)
        else:
            if not found.cluster_name or found.cluster_name == cluster.name:
                self._told = ""
                return found
            self._tell(f"{address} is a proxy of cluster {found.cluster_name}")
        return None

    def _tell(self, why: str) -> None:
        if why != self._told:
            logger.warning(
                "The Teleport proxy's web API cannot be asked: the edition is taken from the cluster's features",
                extra={"reason": why},
            )
            self._told = why
