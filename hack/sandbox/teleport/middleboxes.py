"""What stands between clients and a proxy: a load balancer that ends TLS, and an HTTP proxy for the way out."""

import asyncio
import re
from collections.abc import Mapping

from hack.sandbox.teleport.loopback import LoopbackServer, pipe
from hack.sandbox.teleport.proxy import ProxySandbox

_CONNECT = re.compile(r"CONNECT (\S+) HTTP/1\.[01]\r\n")
_AUTHORIZATION = re.compile(r"^proxy-authorization: (.+?)\r$", re.IGNORECASE | re.MULTILINE)


class LoadBalancer(LoopbackServer):
    """Layer 7: TLS with a certificate of its own that knows HTTP alone, and again TLS to the proxy behind it."""

    def __init__(self, proxy: ProxySandbox) -> None:
        super().__init__(proxy.authority.server_context(proxy.names, ("http/1.1",)))
        self._proxy = proxy

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        context = self._proxy.authority.client_context()
        await pipe(reader, writer, self._proxy.address, context=context)


class ConnectProxy(LoopbackServer):
    """Tunnels to `routes` (host:port as asked for -> host:port on loopback) and refuses all else."""

    def __init__(self, routes: Mapping[str, str], *, authorization: str = "") -> None:
        """`authorization` is the Proxy-Authorization that it wants; empty: none."""
        super().__init__()
        self.routes = dict(routes)
        self.status: str | None = None
        """Status and reason that every CONNECT gets instead of a tunnel."""
        self.asked: list[str] = []
        """The target of every CONNECT."""
        self._authorization = authorization

    @property
    def url(self) -> str:
        """For HTTPS_PROXY, without credentials."""
        return f"http://{self.address}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        match = _CONNECT.match(head)
        target = match[1] if match else ""
        self.asked.append(target)
        refusal = self.status or self._refusal(target, head)
        writer.write(f"HTTP/1.1 {refusal or '200 Connection established'}\r\n\r\n".encode())
        await writer.drain()
        if refusal is None:
            await pipe(reader, writer, self.routes[target])

    def _refusal(self, target: str, head: str) -> str | None:
        given = _AUTHORIZATION.search(head)
        if self._authorization and (given is None or given[1] != self._authorization):
            return "407 Proxy Authentication Required"
        return None if target in self.routes else "403 Forbidden"
