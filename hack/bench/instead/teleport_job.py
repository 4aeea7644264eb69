"""The Teleport part of the job: what `tctl get` and `tctl create` would do, one call after the other."""

import asyncio
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rds_enrollment.plan.observed.teleport import Database, Integration, JoinToken, TeleportCluster
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Direct

T = TypeVar("T")


class TeleportJob:
    """A connection to an auth server for synchronous code; may be used from many threads."""

    def __init__(self, address: str, identity: str) -> None:
        """`identity` is the path of an identity file."""
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="teleport", daemon=True).start()
        self._client = self._call(_connect(address, identity))

    def cluster(self) -> TeleportCluster:
        """Who the cluster is."""
        return self._call(self._client.cluster())

    def ensure_integration(self, integration: Integration) -> None:
        """Where there is none of this name."""
        if self._call(self._client.get_integration(integration.name)) is None:
            self._call(self._client.create_integration(integration))

    def ensure_token(self, token: JoinToken) -> None:
        """Where there is none of this name."""
        if self._call(self._client.get_token(token.name)) is None:
            self._call(self._client.create_token(token))

    def ensure_databases(self, databases: list[Database]) -> None:
        """Those whose names are missing."""
        present = {item.name for item in self._call(self._client.databases())}
        for database in databases:
            if database.name not in present:
                self._call(self._client.create_database(database))

    def agents(self) -> int:
        """Agents with a heartbeat."""
        return len(self._call(self._client.agents()))

    def close(self) -> None:
        """End the connection."""
        self._loop.call_soon_threadsafe(self._client.close)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _connect(address: str, identity: str) -> TeleportClient:
    file = IdentityFile(Path(identity), lambda: datetime.now(UTC))
    return TeleportClient(Direct(Address.parse(address), file))
