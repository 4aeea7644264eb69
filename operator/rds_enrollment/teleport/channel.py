"""grpclib's channel over a socket that a way in has opened."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.protocol import H2Protocol

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.tls import AUTH_SERVER_NAME

HANDSHAKE_SECONDS = 10.0
HTTP2 = "h2"

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
class Opened:
    """A connected socket, and the TLS to speak over it with the auth service."""

    socket: socket.socket
    context: ssl.SSLContext


class WayChannel(Channel):
    """Connects over what `open_` gives; a handshake that fails is put to `explain`, which says what to raise.

    `_create_connection` and `_protocol_factory` are grpclib's own, and not public: it has no other place for a
    transport that something else made.
    """

    def __init__(
        self,
        address: Address,
        open_: Callable[[], Awaitable[Opened]],
        explain: Callable[[Exception], Awaitable[Exception]],
    ) -> None:
        # The context only tells grpclib that the scheme is https: the way brings its own.
        super().__init__(
            address.host,
            address.port,
            ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            config=CHANNEL_CONFIGURATION,
        )
        self._address = address
        self._open = open_
        self._explain = explain
        self.refusal: ssl.SSLError | None = None
        """The alert with which the server ended the last connection: grpclib does not pass it on."""

    async def _create_connection(self) -> H2Protocol:
        opened = await self._open()
        try:
            transport, protocol = await asyncio.get_running_loop().create_connection(
                self._protocol_factory,
                sock=opened.socket,
                ssl=opened.context,
                server_hostname=AUTH_SERVER_NAME,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (ssl.SSLError, ConnectionError) as error:
            raise await self._explain(error) from error
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() != HTTP2:
            transport.abort()
            raise await self._explain(self._no_grpc())
        return protocol

    def _protocol_factory(self) -> H2Protocol:
        protocol = super()._protocol_factory()
        lost = protocol.connection_lost

        def remember(exc: BaseException | None) -> None:
            if isinstance(exc, ssl.SSLError):
                self.refusal = exc
            lost(exc)

        protocol.connection_lost = remember  # type: ignore[method-assign]
        return protocol

    def _no_grpc(self) -> Blocked:
        return Blocked(
            Reason.NOT_TELEPORT,
            f"Teleport at {self._address} has a certificate of the cluster, but speaks no HTTP/2: name the address "
            "of the auth service or of the proxy",
        )
