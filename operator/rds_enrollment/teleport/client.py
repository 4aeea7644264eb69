"""The way in for the controllers: Teleport as values and steps.

Every method raises Outcomes only: Blocked (the identity, a permission, a refusal), Transient (unreachable, a
failure of the server), Conflict (created, changed or deleted by something else meanwhile).
"""

import time
from collections.abc import Callable

from rds_enrollment.plan.observed.teleport import (
    Agent,
    Database,
    DatabaseServer,
    Integration,
    JoinToken,
    TeleportCluster,
)
from rds_enrollment.plan.steps import TeleportStep
from rds_enrollment.runtime.fence import Guard, unguarded
from rds_enrollment.teleport import cluster, databases, heartbeats, integrations, tokens
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.apply import apply_step
from rds_enrollment.teleport.calls import Caller, ObserveCall, unobserved
from rds_enrollment.teleport.connection import Connection
from rds_enrollment.teleport.features import Features
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.ways import Way


class TeleportClient:
    """A client of one cluster's auth service. It connects on the first call, and again whenever that is needed.

    Made and used within one event loop; calls may run concurrently.
    """

    def __init__(
        self,
        way: Way,
        *,
        features: Features | None = None,
        observe_call: ObserveCall = unobserved,
        guard: Guard = unguarded,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`observe_call(rpc, code, seconds)` is told of every call; `guard` is asked before each write; `timer`
        counts seconds.

        Without `features` a cluster is what the auth service tells of it.
        """
        self._connection = Connection(way, guard)
        self._call = Caller(self._connection, observe_call, timer)
        self._features = features

    @property
    def caller(self) -> Caller:
        """Makes single calls over the same connection."""
        return self._call

    @property
    def proxy(self) -> Address | None:
        """The Teleport proxy that the connection is known to lead through."""
        return self._connection.proxy

    def identity(self) -> Identity:
        """The identity that calls are made with. Raises Blocked, as Way does."""
        return self._connection.way.identity()

    def close(self) -> None:
        """Ends the connection; calls in flight fail."""
        self._connection.close()

    async def apply(self, step: TeleportStep) -> None:
        """Makes the write that `step` names."""
        await apply_step(self._call, step)

    async def cluster(self) -> TeleportCluster:
        """The cluster's name, version, public address and features. Needs no permission."""
        found = await cluster.get_cluster(self._call)
        return await self._features.complete(found, self._connection.proxy) if self._features else found

    async def databases(self) -> list[Database]:
        """All `db` objects that the operator's role may see."""
        return await databases.list_databases(self._call)

    async def get_database(self, name: str) -> Database | None:
        """One `db` object, None when there is none."""
        return await databases.get_database(self._call, name)

    async def create_database(self, database: Database) -> None:
        """Raises Conflict when the name is taken."""
        await databases.create_database(self._call, database)

    async def update_database(self, database: Database) -> None:
        """Read-modify-write: labels become exactly `database.labels`, fields unknown to us stay."""
        await databases.update_database(self._call, database)

    async def delete_database(self, name: str, owner: str = "") -> None:
        """One that is gone is deleted. Raises Conflict when it does not carry this owner mark."""
        await databases.delete_database(self._call, name, owner)

    async def get_token(self, name: str) -> JoinToken | None:
        """One join token, None when there is none."""
        return await tokens.get_token(self._call, name)

    async def create_token(self, token: JoinToken) -> None:
        """Raises Conflict when the name is taken."""
        await tokens.create_token(self._call, token)

    async def update_token(self, token: JoinToken) -> None:
        """Read-modify-write: labels that `token` does not name and fields unknown to us stay."""
        await tokens.update_token(self._call, token)

    async def delete_token(self, name: str, owner: str = "") -> None:
        """One that is gone is deleted. Raises Conflict when it does not carry this owner mark."""
        await tokens.delete_token(self._call, name, owner)

    async def get_integration(self, name: str) -> Integration | None:
        """One integration of any sub kind, None when there is none."""
        return await integrations.get_integration(self._call, name)

    async def create_integration(self, integration: Integration) -> None:
        """Of sub kind aws-oidc. Raises Conflict when the name is taken."""
        await integrations.create_integration(self._call, integration)

    async def update_integration(self, integration: Integration) -> None:
        """Read-modify-write: labels that `integration` does not name and fields unknown to us stay."""
        await integrations.update_integration(self._call, integration)

    async def delete_integration(self, name: str, owner: str = "") -> None:
        """One that is gone is deleted. Raises Conflict when it does not carry this owner mark."""
        await integrations.delete_integration(self._call, name, owner)

    async def agents(self) -> list[Agent]:
        """All `db_service` heartbeats, expired ones included as long as the server keeps them."""
        return await heartbeats.list_agents(self._call)

    async def database_servers(self) -> list[DatabaseServer]:
        """All `db_server` heartbeats: one for each agent and database."""
        return await heartbeats.list_database_servers(self._call)
