"""Ways in to the auth service. Each opens gRPC channels that end, with mutual TLS, at the auth service itself."""

import ssl
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Protocol

from grpclib.client import Channel

from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.channel import HTTP2, Opened, WayChannel
from rds_enrollment.teleport.dialer import Dialer
from rds_enrollment.teleport.handshakes import explain
from rds_enrollment.teleport.identity import Identity, unreadable
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.tls import AUTH_SERVER_NAME, client_context
from rds_enrollment.teleport.webapi import WebApi
from rds_enrollment.teleport.websocket import upgrade

_ROUTE = "teleport-auth"
_MAX_ALPN = 255
"""Bytes (RFC 7301): enough for cluster names of 109."""


class Way(Protocol):
    """A way in."""

    @property
    def address(self) -> Address:
        """Where it leads, for messages."""

    @property
    def proxy(self) -> Address | None:
        """The Teleport proxy that it is known to lead through."""

    def identity(self) -> Identity:
        """The current identity: the same object as long as it has not changed.

        Raises Blocked: TeleportIdentityUnreadable, TeleportIdentityExpired, TeleportIdentityNotYetValid.
        """

    def channel(self, identity: Identity) -> Channel:
        """A new channel, not connected yet."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Network:
    """How anything outside is reached, whatever the way."""

    dialer: Dialer = field(default_factory=Dialer)
    web: WebApi = field(default_factory=partial(WebApi, _now))


@dataclass(frozen=True, slots=True)
class BaseWay(ABC):
    """What the ways have in common: they differ in the socket and in the protocols that they ask for."""

    name: ClassVar[str]
    address: Address
    identity_file: IdentityFile
    network: Network = field(default_factory=Network)

    @property
    def proxy(self) -> Address | None:
        """See Way."""
        return self.address

    def identity(self) -> Identity:
        """See Way."""
        return self.identity_file.load()

    def channel(self, identity: Identity) -> Channel:
        """See Way."""
        return WayChannel(self.address, partial(self.open, identity), partial(self.explain, identity))

    @abstractmethod
    async def open(self, identity: Identity) -> Opened:
        """A socket that leads to the auth service, and the TLS to speak over it. Raises OSError or Outcome."""

    async def explain(self, identity: Identity, error: Exception) -> Exception:
        """What to raise for a handshake that failed with `error`."""
        return await explain(
            error, way=self.name, address=self.address, identity=identity, web=self.network.web
        )


@dataclass(frozen=True, slots=True)
class Direct(BaseWay):
    """TLS to the auth service's own port (3025 by default)."""

    name: ClassVar[str] = "direct"

    @property
    def proxy(self) -> Address | None:
        """None: it leads past the proxies."""
        return None

    async def open(self, identity: Identity) -> Opened:
        """See BaseWay."""
        context = client_context(identity, alpn=[HTTP2])
        return Opened(await self.network.dialer.dial(self.address), context)


@dataclass(frozen=True, slots=True)
class TlsRouting(BaseWay):
    """TLS through a proxy, which passes it on to the auth service of the cluster that ALPN names."""

    name: ClassVar[str] = "tls-routing"

    async def open(self, identity: Identity) -> Opened:
        """See BaseWay."""
        context = routed_context(identity)
        return Opened(await self.network.dialer.dial(self.address), context)


@dataclass(frozen=True, slots=True)
class WebSocketUpgrade(BaseWay):
    """TLS routing inside a WebSocket, for load balancers that end TLS themselves."""

    name: ClassVar[str] = "websocket"

    async def open(self, identity: Identity) -> Opened:
        """See BaseWay."""
        context = routed_context(identity)
        return Opened(await upgrade(self.network.web, self.address), context)


def routed_context(identity: Identity) -> ssl.SSLContext:
    """TLS that proxies route to the auth service of the identity's cluster.

    The cluster is taken from the first protocol, the auth service itself settles for the second (Teleport
    lib/srv/alpnproxy/auth). Raises Blocked.
    """
    cluster = identity.cluster_name
    route = f"{_ROUTE}@{cluster.encode().hex()}.{AUTH_SERVER_NAME}"
    if not cluster or len(route) > _MAX_ALPN:
        problem = (
            f"names a cluster ({cluster!r}) that TLS routing cannot carry: use --teleport-connection direct"
        )
        raise unreadable(identity.source, problem)
    return client_context(identity, alpn=[route, HTTP2])
