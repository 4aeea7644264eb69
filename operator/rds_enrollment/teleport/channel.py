"""grpclib's channel over a socket that a way in has opened."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from grpclib.client import Channel, Handler
from grpclib.config import Configuration
from grpclib.exceptions import StreamTerminatedError
from grpclib.protocol import H2Protocol
from h2.config import H2Configuration

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome
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


class _Protocol(H2Protocol):
    """Knows when the server has spoken, which it does as soon as it has accepted the connection.

    In TLS 1.3 a server refuses our certificate after the handshake is over for us. Whoever writes in the meantime
    may lose the alert that says why (RFC 8446, 4.4.2.4 and 6.2).
    """

    def __init__(self, configuration: Configuration, http2: H2Configuration) -> None:
        super().__init__(Handler(), configuration, http2)
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if not self.accepted.done():
            self.accepted.set_result(None)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        if not self.accepted.done():
            ended = exc if isinstance(exc, ssl.SSLError) else StreamTerminatedError("before HTTP/2 began")
            self.accepted.set_exception(ended)
        super().connection_lost(exc)


class WayChannel(Channel):
    """Connects over what `open_` gives; a handshake that fails is put to `explain`, which says what to raise.

    `_create_connection` is grpclib's own, and not public: it has no other place for a transport that something else
    made.
    """

    def __init__(
        self,
        address: Address,
        open_: Callable[[], Awaitable[Opened]],
        explain: Callable[[Exception], Awaitable[Exception]],
    ) -> None:
        # The context only tells grpclib that the scheme is https: the way brings its own.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(address.host, address.port, ssl=context, config=CHANNEL_CONFIGURATION)
        self._address = address
        self._open = open_
        self._explain = explain

    async def _create_connection(self) -> H2Protocol:
        opened = await self._open()
        try:
            return await self._handshake(opened)
        except (ssl.SSLError, ConnectionError, Outcome) as error:
            raise await self._explain(error) from error

    async def _handshake(self, opened: Opened) -> H2Protocol:
        transport, protocol = await asyncio.get_running_loop().create_connection(
            lambda: _Protocol(self._config, self._h2_config),
            sock=opened.socket,
            ssl=opened.context,
            server_hostname=AUTH_SERVER_NAME,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
        try:
            self._require_http2(transport.get_extra_info("ssl_object"))
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await protocol.accepted
        except BaseException:
            transport.abort()
            raise
        return protocol

    def _require_http2(self, tls: ssl.SSLObject) -> None:
        if tls.selected_alpn_protocol() != HTTP2:
            raise Blocked(
                Reason.NOT_TELEPORT,
                f"Teleport at {self._address} has a certificate of the cluster, but speaks no HTTP/2: name the "
                "address of the auth service or of the proxy",
            )
