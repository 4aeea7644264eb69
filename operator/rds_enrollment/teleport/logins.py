"""Logins at databases through Teleport's proxy, as its connection test makes them (Teleport lib/client/conntest)."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.diagnosis.login import POSTGRES, LoginResult, LoginVerdict, refused_login
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.channel import HANDSHAKE_SECONDS
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.database_certificate import routed_identity
from rds_enrollment.teleport.errors import quoted
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.postgresql import ProtocolError, ServerError, log_in
from rds_enrollment.teleport.tls import client_context, present
from rds_enrollment.teleport.tls_errors import lacks_common_protocol
from rds_enrollment.teleport.ways import Network
from rds_enrollment.teleport.websocket import upgrade

LOGIN_SECONDS = 30.0
"""From the proxy's handshake to the answer; an agent tries to connect for as long as the network lets it."""
_PROTOCOL = "teleport-postgres"
"""ALPN (Teleport lib/srv/alpnproxy/common, protocols.go)."""

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Logins:
    """Tries logins with the identity of `client`. Used within one event loop."""

    client: TeleportClient
    network: Network
    now: Callable[[], datetime]
    seconds: float = LOGIN_SECONDS
    """For the exchange with the database, once the proxy is connected to."""

    async def attempt(self, database: Database, user: str, name: str) -> LoginVerdict:
        """Log in as `user` to database `name` of the server that `database` stands for.

        Teleport writes the session into its audit log. Raises Outcome when Teleport's auth service cannot be asked.
        """
        if database.protocol != POSTGRES:
            return LoginVerdict(LoginResult.NOT_TRIED, f"It speaks {database.protocol}.")
        identity = self.client.identity()
        try:
            routed = await routed_identity(
                self.client.caller, identity, database, user=user, name=name, now=self.now()
            )
        except Blocked as blocked:
            if blocked.reason is not Reason.TELEPORT_ACCESS_DENIED:
                raise
            return LoginVerdict(LoginResult.CERTIFICATE_REFUSED, blocked.message)
        address = await self._proxy()
        try:
            async with self._connected(address, routed) as streams:
                return await self._answer(streams, address, user, name)
        except Outcome as outcome:
            return LoginVerdict(LoginResult.PROXY_UNREACHABLE, outcome.message)
        except OSError as error:
            return LoginVerdict(
                LoginResult.PROXY_UNREACHABLE, self.network.web.translate(error, address).message
            )

    async def _answer(self, streams: _Streams, address: Address, user: str, name: str) -> LoginVerdict:
        """What comes back through the proxy. Raises OSError when the connection to it is lost."""
        try:
            async with asyncio.timeout(self.seconds):
                await log_in(*streams, user, name)
        except ServerError as error:
            verdict = refused_login(error.state, error.message)
            return replace(verdict, said=quoted(verdict.said))
        except (ProtocolError, asyncio.IncompleteReadError) as error:
            return LoginVerdict(LoginResult.FAILED, f"Teleport at {address}: {quoted(str(error))}")
        except TimeoutError:  # a packet that a security group drops is answered by nobody
            said = f"Teleport at {address} took the login, but no answer to it came in {self.seconds:g} s."
            return LoginVerdict(LoginResult.DATABASE_UNREACHABLE, said)
        return LoginVerdict(LoginResult.LOGGED_IN)

    async def _proxy(self) -> Address:
        """The proxy that the connection leads through, or else the one that the cluster publishes."""
        cluster = await self.client.cluster()
        if self.client.proxy is not None:
            return self.client.proxy
        try:
            return Address.parse(cluster.proxy_address)
        except ValueError as error:
            raise Blocked(
                Reason.TELEPORT_PROXY_UNKNOWN,
                f"the cluster publishes no proxy, through which logins lead ({error}): set proxy_service.public_addr",
            ) from error

    @asynccontextmanager
    async def _connected(self, address: Address, routed: Identity) -> AsyncIterator[_Streams]:
        reader, writer = await self._direct(address, routed) or await self._upgraded(address, routed)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _direct(self, address: Address, routed: Identity) -> _Streams | None:
        """TLS that ends at the proxy's web certificate; None when something before it ends TLS."""
        context = self.network.web.context()
        context.set_alpn_protocols([_PROTOCOL])
        present(context, routed)
        try:
            reader, writer = await _secured(await self.network.dialer.dial(address), context, address)
        except ssl.SSLError as error:
            if not lacks_common_protocol(error):
                raise
            return None
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() == _PROTOCOL:
            return reader, writer
        writer.transport.abort()
        return None

    async def _upgraded(self, address: Address, routed: Identity) -> _Streams:
        """Inside of a WebSocket the proxy shows a certificate of the cluster's own authority."""
        found = await self.network.web.find(address)
        if not found.tls_routing:
            raise Blocked(
                Reason.TELEPORT_TLS_ROUTING_OFF,
                f"the Teleport proxy at {address} has TLS routing off, and logins are tried through it alone: turn it "
                "on (auth_service.proxy_listener_mode: multiplex)",
            )
        context = client_context(routed, alpn=[_PROTOCOL])
        return await _secured(await upgrade(self.network.web, address), context, address)


async def _secured(sock: socket.socket, context: ssl.SSLContext, address: Address) -> _Streams:
    return await asyncio.open_connection(
        sock=sock,
        ssl=context,
        server_hostname=address.host,
        ssl_handshake_timeout=HANDSHAKE_SECONDS,
    )
