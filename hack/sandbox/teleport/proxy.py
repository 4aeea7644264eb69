"""The Proxy Service of a simulated cluster: TLS routing, and its web API (Teleport lib/srv/alpnproxy, lib/web).

One port for all. What asks for `teleport-auth@<cluster>` is passed on to the auth server as it is, TLS and all; the
rest is the web server's.
"""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import WSMsgType, web

from hack.sandbox.teleport.client_hello import offered_protocols, read_client_hello
from hack.sandbox.teleport.database_sessions import PROTOCOL as DATABASES
from hack.sandbox.teleport.database_sessions import DatabaseSessions
from hack.sandbox.teleport.listener import LOOPBACK
from hack.sandbox.teleport.loopback import LoopbackServer, pipe, port_of
from hack.sandbox.teleport.server import TeleportSandbox
from hack.sandbox.teleport.web_certificate import WebAuthority

NAMES = ("localhost", "teleport.example.com")
PROTOCOLS = ("http/1.1", "teleport-reversetunnel")
_ROUTE = "teleport-auth@"
_DOMAIN = ".teleport.cluster.local"
_UPGRADES = ("alpn-ping", "alpn")
_PING_SECONDS = 0.5
"""So often that a test sees many. No answer is waited for: on a busy machine it may come late, and the stream
must outlive that."""
_CHUNK = 64 * 1024


class ProxySandbox(LoopbackServer):
    """A proxy of `teleport`. Its public attributes may be changed while it runs."""

    def __init__(
        self, teleport: TeleportSandbox, *, names: tuple[str, ...] = NAMES, postgresql: str = ""
    ) -> None:
        """`names` are the DNS names of its web certificate. With `postgresql`, the host:port of a server that stands
        behind the endpoints of all databases, it proxies databases, too."""
        super().__init__()
        self.names = names
        self.tls_routing = True
        self.edition = "oss"
        """oss, ent or community; empty: it tells none, as older ones."""
        self.agent_version = ""
        """What automatic updates give to agents; empty: the cluster tells nothing of updates, as older ones."""
        self.clock_ahead = timedelta(0)
        self.find_status = 200
        self.find_body: bytes | None = None
        """Instead of the real answer."""
        self.upgrades = True
        self.finds = 0
        self.routed: list[str] = []
        """The protocol of every connection that was passed on to the auth server."""
        self.upgraded = 0
        self._teleport = teleport
        self._folder = tempfile.TemporaryDirectory(prefix="teleport-proxy-")
        self.authority = WebAuthority(datetime.now(UTC))
        self.ca_file = self.authority.write(Path(self._folder.name) / "web-ca.pem")
        self._web_context = self.authority.server_context(names, PROTOCOLS)
        self._web_port = 0
        self._inner_port = 0
        """What comes out of upgraded connections."""
        self._sessions = DatabaseSessions(teleport, postgresql) if postgresql else None
        self._database_ports: dict[bool, int] = {}
        """By whether connections are upgraded ones."""

    @asynccontextmanager
    async def behind(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/webapi/find", self._find)
        app.router.add_get("/webapi/ping", self._find)
        app.router.add_get("/webapi/connectionupgrade", self._upgrade)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=self._web_context).start()
        self._web_port = runner.addresses[0][1]
        try:
            async with AsyncExitStack() as servers:
                await self._listen_within(servers)
                yield
        finally:
            await runner.cleanup()
            self._folder.cleanup()

    async def _listen_within(self, servers: AsyncExitStack) -> None:
        """The ports that connections are passed on to, each closed at the end."""
        inner = await asyncio.start_server(self._accept_upgraded, LOOPBACK, 0)
        self._inner_port = port_of(await servers.enter_async_context(inner))
        if self._sessions is None:
            return
        for upgraded in (False, True):
            server = await asyncio.start_server(
                self._accept_session, LOOPBACK, 0, ssl=self._database_context(upgraded=upgraded)
            )
            self._database_ports[upgraded] = port_of(await servers.enter_async_context(server))

    def _database_context(self, *, upgraded: bool) -> ssl.SSLContext:
        """Inside of an upgraded connection TLS has a certificate of the cluster, else that of the web."""
        cluster = self._teleport.authority
        if upgraded:
            return cluster.server_context((DATABASES,), self.names)
        context = self.authority.server_context(self.names, (DATABASES,))
        context.load_verify_locations(cadata=cluster.user_ca.pem)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _accept_upgraded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.follow(self._route(reader, writer, upgraded=True), writer)

    def _accept_session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._sessions is not None:
            self.follow(self._sessions.serve(reader, writer), writer)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._route(reader, writer, upgraded=False)

    async def _route(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upgraded: bool
    ) -> None:
        hello = await read_client_hello(reader)
        offered = offered_protocols(hello)
        if self.tls_routing and offered and offered[0].startswith(_ROUTE):
            if offered[0] != f"{_ROUTE}{self._teleport.cluster_name.encode().hex()}{_DOMAIN}":
                raise EOFError(f"no cluster is named by {offered[0]}")
            self.routed.append(offered[0])
            await pipe(reader, writer, self._teleport.address, first=hello)
        elif self.tls_routing and self._database_ports and DATABASES in offered:
            await pipe(reader, writer, f"{LOOPBACK}:{self._database_ports[upgraded]}", first=hello)
        else:
            await pipe(reader, writer, f"{LOOPBACK}:{self._web_port}", first=hello)

    async def _find(self, _: web.Request) -> web.Response:
        self.finds += 1
        told = datetime.now(UTC) + self.clock_ahead
        headers = {"Date": told.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if self.find_body is not None:
            return web.Response(body=self.find_body, status=self.find_status, headers=headers)
        return web.json_response(self._about(), status=self.find_status, headers=headers)

    def _about(self) -> dict[str, object]:
        about: dict[str, object] = {
            "auth": {"type": "local", "second_factor": "on"},
            "proxy": {
                "ssh": {"listen_addr": "0.0.0.0:3023", "public_addr": self._teleport.proxy_address},
                "tls_routing_enabled": self.tls_routing,
            },
            "server_version": self._teleport.version,
            "min_client_version": "0.0.0-aa",
            "cluster_name": self._teleport.cluster_name,
        }
        if self.edition:
            about["edition"] = self.edition
        if self.agent_version:
            about["auto_update"] = {"agent_version": self.agent_version, "agent_auto_update": True}
        return about

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        if not self.upgrades:
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(protocols=_UPGRADES)
        await socket.prepare(request)
        self.upgraded += 1
        reader, writer = await asyncio.open_connection(LOOPBACK, self._inner_port)
        aside = [asyncio.ensure_future(each) for each in (_frames_to(writer, socket), _ping(socket))]
        try:
            while data := await reader.read(_CHUNK):
                await socket.send_bytes(data)
        except ConnectionError:
            pass  # the client is gone, which ends the upgrade as well as the far side does
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            writer.close()
            await socket.close()
        return socket


async def _ping(socket: web.WebSocketResponse) -> None:
    while True:
        await asyncio.sleep(_PING_SECONDS)
        await socket.ping()


async def _frames_to(writer: asyncio.StreamWriter, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            writer.write(message.data)
            await writer.drain()
    writer.close()
