"""The way in that fits the address, found by trying: Teleport publishes no auth address to look it up."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from grpclib.client import Channel

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.channel import HANDSHAKE_SECONDS, HTTP2, Opened, WayChannel
from rds_enrollment.teleport.handshakes import tls_routing_off
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.tls import AUTH_SERVER_NAME
from rds_enrollment.teleport.tls_errors import is_about_time, lacks_common_protocol
from rds_enrollment.teleport.ways import BaseWay, Direct, Network, TlsRouting, WebSocketUpgrade

logger = logging.getLogger(__name__)

_ANY_TELEPORT = "teleport-reversetunnel"
"""A protocol that every proxy with TLS routing knows, and no load balancer (Teleport api/client/alpn)."""


class Auto:
    """Finds the way at the first connection, and again after a connection that failed."""

    def __init__(self, address: Address, identity_file: IdentityFile, network: Network) -> None:
        self._address = address
        self._identity_file = identity_file
        self._network = network
        self._direct = Direct(address, identity_file, network)
        self._routing = TlsRouting(address, identity_file, network)
        self._websocket = WebSocketUpgrade(address, identity_file, network)
        self._chosen: BaseWay | None = None
        self._told = ""

    @property
    def address(self) -> Address:
        """See Way."""
        return self._address

    @property
    def proxy(self) -> Address | None:
        """See Way."""
        return self._chosen.proxy if self._chosen else None

    def identity(self) -> Identity:
        """See Way."""
        return self._identity_file.load()

    def channel(self, identity: Identity) -> Channel:
        """See Way."""
        return WayChannel(self._address, partial(self._open, identity), partial(self._explain, identity))

    async def _open(self, identity: Identity) -> Opened:
        if self._chosen is None:
            self._chosen, why = await self._probe(identity)
            self._tell(self._chosen, why)
        try:
            return await self._chosen.open(identity)
        except (Outcome, OSError):
            self._chosen = None
            raise

    async def _explain(self, identity: Identity, error: Exception) -> Exception:
        chosen, self._chosen = self._chosen or self._routing, None
        return await chosen.explain(identity, error)

    def _tell(self, way: BaseWay, why: str) -> None:
        if way.name != self._told:
            logger.info(
                "Connecting to Teleport",
                extra={"teleport_address": str(self._address), "connection": way.name, "why": why},
            )
            self._told = way.name

    async def _probe(self, identity: Identity) -> tuple[BaseWay, str]:
        """A way, and why it. Raises OSError or Outcome."""
        opened = await self._routing.open(identity)
        try:
            if await _negotiated(opened) == HTTP2:
                return await self._direct_or_routing(identity)
            failure: Exception = Blocked(
                Reason.NOT_TELEPORT, f"Teleport at {self._address} speaks no HTTP/2 for its auth service"
            )
        except (ssl.SSLError, ConnectionError) as error:
            if is_about_time(error):
                raise
            failure = error
        return await self._websocket_or(identity, failure)

    async def _direct_or_routing(self, identity: Identity) -> tuple[BaseWay, str]:
        # What leads to the auth service without being asked for it is the auth service.
        opened = await self._direct.open(identity)
        with suppress(ssl.SSLError, ConnectionError):
            if await _negotiated(opened) == HTTP2:
                return self._direct, "the auth service itself answers at the address"
        return self._routing, "the proxy at the address passes TLS through to the auth service"

    async def _websocket_or(self, identity: Identity, failure: Exception) -> tuple[BaseWay, str]:
        """The upgrade, if there is a proxy behind something that ends TLS; else raises."""
        try:
            found = await self._network.web.find(self._address)
        except Outcome as outcome:
            raise self._neither(identity, failure, outcome) from failure
        if not found.tls_routing:
            raise tls_routing_off(self._address)
        if await self._passes_protocols():
            raise await self._routing.explain(identity, failure)
        return self._websocket, "a load balancer before the proxy ends TLS"

    def _neither(self, identity: Identity, failure: Exception, outcome: Outcome) -> Outcome:
        if outcome.reason is not Reason.TELEPORT_NOT_TRUSTED:
            return outcome
        said = getattr(failure, "verify_message", "") or type(failure).__name__
        return Blocked(
            outcome.reason,
            f"{self._address} is neither the auth service of cluster {identity.cluster_name} ({said}) nor a proxy with "
            "a certificate that a known authority vouches for: it is another cluster, the identity is from before its "
            "authority was rotated, or --teleport-ca-file must name the authority of the proxy's web certificate",
        )

    async def _passes_protocols(self) -> bool:
        """Whether TLS ends at Teleport: who ends it before knows none of Teleport's protocols."""
        context = self._network.web.context()
        context.set_alpn_protocols([_ANY_TELEPORT])
        opened = Opened(await self._network.dialer.dial(self._address), context)
        try:
            return await _negotiated(opened, self._address.host) == _ANY_TELEPORT
        except ssl.SSLError as error:
            return not lacks_common_protocol(error)


async def _negotiated(opened: Opened, server_name: str = AUTH_SERVER_NAME) -> str | None:
    """The protocol that a handshake settles on; then the connection is closed. Raises OSError."""
    transport, _ = await asyncio.get_running_loop().create_connection(
        asyncio.Protocol,
        sock=opened.socket,
        ssl=opened.context,
        server_hostname=server_name,
        ssl_handshake_timeout=HANDSHAKE_SECONDS,
    )
    protocol: str | None = transport.get_extra_info("ssl_object").selected_alpn_protocol()
    transport.abort()
    return protocol


WAYS: dict[str, Callable[[Address, IdentityFile, Network], Auto | BaseWay]] = {
    "auto": Auto,
    "direct": Direct,
    "tls-routing": TlsRouting,
    "websocket": WebSocketUpgrade,
}
"""By the values of --teleport-connection."""
