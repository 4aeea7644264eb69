"""Ways in to the auth service. Each opens gRPC channels that end, with mutual TLS, at the auth service itself."""

from dataclasses import dataclass
from typing import Protocol, Self

from grpclib.client import Channel
from grpclib.config import Configuration

from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.tls import AUTH_SERVER_NAME, client_context

# The server closes connections that ping more often than every 60 s (Teleport's keepalive enforcement). Load
# balancers forget idle connections earlier than a resync comes round, so an idle connection pings, too.
CHANNEL_CONFIGURATION = Configuration(
    _keepalive_time=90,
    _keepalive_timeout=20,
    _keepalive_permit_without_calls=True,
    _http2_max_pings_without_data=0,
    _http2_min_sent_ping_interval_without_data=60,
    ssl_target_name_override=AUTH_SERVER_NAME,
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where Teleport listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `host:port` or `[v6 address]:port`. Raises ValueError."""
        host, separator, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not separator or not host.strip("[]") or (":" in host and not bracketed):
            raise ValueError(f"{text!r} is not host:port")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{text!r} has no port between 1 and 65535")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Way(Protocol):
    """A way in."""

    @property
    def address(self) -> Address:
        """Where it leads, for messages."""

    def identity(self) -> Identity:
        """The current identity: the same object as long as it has not changed.

        Raises Blocked: TeleportIdentityUnreadable, TeleportIdentityExpired.
        """

    def channel(self, identity: Identity) -> Channel:
        """A new channel, not connected yet. Raises Blocked(TeleportIdentityUnreadable)."""


@dataclass(frozen=True, slots=True)
class Direct:
    """TLS to the auth service's own port (3025 by default)."""

    address: Address
    identity_file: IdentityFile

    def identity(self) -> Identity:
        """See Way."""
        return self.identity_file.load()

    def channel(self, identity: Identity) -> Channel:
        """See Way."""
        return Channel(
            self.address.host,
            self.address.port,
            ssl=client_context(identity, alpn=["h2"]),
            config=CHANNEL_CONFIGURATION,
        )
