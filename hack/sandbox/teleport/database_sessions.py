"""What a connection to a database meets: Teleport's proxy, an agent, IAM at RDS, and a real PostgreSQL.

Sources: Teleport lib/srv/db (proxyserver.go, postgres), and lib/srv/db/common (errors.go) with their words; Amazon RDS
User Guide, "Troubleshooting for IAM DB authentication". One PostgreSQL stands behind all endpoints.
"""

import asyncio

from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3

from hack.sandbox.teleport.agent import Agent
from hack.sandbox.teleport.authority import BOT_ROLE_NAME
from hack.sandbox.teleport.loopback import join
from hack.sandbox.teleport.postgresql_messages import (
    CLEARTEXT_PASSWORD,
    LOGGED_IN,
    error_fields,
    error_response,
    message,
    password_message,
    read_message,
    read_startup,
)
from hack.sandbox.teleport.roles import NOTHING
from hack.sandbox.teleport.server import TeleportSandbox
from hack.sandbox.teleport.user_certificates import Route, route_of

PROTOCOL = "teleport-postgres"
_TOKEN = "a token of IAM"  # noqa: S105 (the sandbox asks IAM itself)
_INVALID_PASSWORD, _INVALID_AUTHORIZATION = "28P01", "28000"


class _Refusal(Exception):  # noqa: N818 - a verdict, not a fault
    """An ErrorResponse for the client; without a code it is Teleport's own."""

    def __init__(self, text: str, *, severity: str = "", code: str = "") -> None:
        super().__init__(text)
        self.response = error_response(S=severity, C=code, M=text)


class DatabaseSessions:
    """Serves connections whose TLS has ended already."""

    def __init__(self, teleport: TeleportSandbox, postgresql: str) -> None:
        """`postgresql` is the host:port of the server."""
        self._teleport = teleport
        self._postgresql = postgresql

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session. Raises OSError, EOFError."""
        startup, parameters = await read_startup(reader, writer)
        user, name = parameters.get("user", ""), parameters.get("database", "")
        try:
            route = _route(writer)
            agent, server = await asyncio.to_thread(self._agent, route)
            await asyncio.to_thread(self._check_access, route, agent, server, user, name)
            onward = await self._logged_in(startup, agent, server, user)
        except _Refusal as refusal:
            writer.write(refusal.response)
            await writer.drain()
        else:
            writer.write(message(b"R", LOGGED_IN))
            await join(reader, writer, *onward)

    def _agent(self, route: Route) -> tuple[Agent, DatabaseServerV3]:
        """One whose tunnel is up, of those whose heartbeat is there."""
        servers = [item for item in self._teleport.resources.database_servers.list() if _is_of(item, route)]
        if not servers:
            raise _Refusal(
                f'database "{route.service}" not found among registered databases in cluster '
                f'"{self._teleport.cluster_name}"'
            )
        for server in servers:
            agent = self._teleport.agents.with_host_id(server.Spec.HostID)
            if agent is not None:
                return agent, server
        raise _Refusal("failed to connect to any of the database servers")

    def _check_access(
        self, route: Route, agent: Agent, server: DatabaseServerV3, user: str, name: str
    ) -> None:
        """The agent's checks, and its connection."""
        role = self._teleport.role if BOT_ROLE_NAME in route.roles else NOTHING
        if not role.allows_login(server.Spec.Database.Metadata.Labels, user, name):
            raise _Refusal(
                "access to db denied. User does not have permissions. Confirm database user and name."
            )
        reach = agent.reaches(server.Spec.Database.Spec.URI)
        if not reach.ok:
            host = server.Spec.Database.Spec.URI.rpartition(":")[0]
            raise _Refusal(
                f"failed to connect to `host={host} user={user} database={name}`: dial error ({reach.error})"
            )

    async def _logged_in(
        self, startup: bytes, agent: Agent, server: DatabaseServerV3, user: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to PostgreSQL after its Authentication. RDS looks at IAM only for users that it lets in so."""
        reader, writer = await asyncio.open_connection(*self._postgresql.split(":"))
        try:
            await _authenticate(reader, writer, startup)
            await asyncio.to_thread(_check_token, agent, server.Spec.Database.Spec.URI, user)
        except BaseException:
            writer.close()
            raise
        return reader, writer


def _check_token(agent: Agent, address: str, user: str) -> None:
    if not agent.is_admitted(address, user):
        raise _denied(f'FATAL: PAM authentication failed for user "{user}" (SQLSTATE 28000)')


async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, startup: bytes) -> None:
    """As the agent does, with a token for a password."""
    writer.write(startup)
    kind, body = await read_message(reader)
    if (kind, body) == (b"R", CLEARTEXT_PASSWORD):
        writer.write(password_message(_TOKEN))
        kind, body = await read_message(reader)
    if kind == b"E":
        raise _converted(body)


def _route(writer: asyncio.StreamWriter) -> Route:
    try:
        return route_of(writer.get_extra_info("peercert"))
    except KeyError:
        raise _Refusal("the certificate leads to no database") from None


def _is_of(server: DatabaseServerV3, route: Route) -> bool:
    return server.Metadata.Name == route.service


def _converted(body: bytes) -> _Refusal:
    fields = error_fields(body)
    code, text = fields.get("C", ""), fields.get("M", "")
    if code in (_INVALID_PASSWORD, _INVALID_AUTHORIZATION):
        return _denied(f"{fields.get('S')}: {text} (SQLSTATE {code})")
    return _Refusal(text, severity=fields.get("S", ""), code=code)


def _denied(said: str) -> _Refusal:
    """The agent quotes what RDS said, and its own code is lost on the way."""
    return _Refusal(f"Could not connect to database: {said}")
