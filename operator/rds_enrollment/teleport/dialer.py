"""TCP to an address, through an HTTP proxy where the environment names one."""

import asyncio
import re
import socket
from dataclasses import dataclass, field

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.http_proxy import HttpProxies, HttpProxy

DIAL_SECONDS = 10.0

_MAX_HEAD = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


@dataclass(frozen=True, slots=True)
class Dialer:
    """Opens connected, non-blocking sockets. Used within a running event loop."""

    proxies: HttpProxies = field(default_factory=HttpProxies)

    async def dial(self, address: Address) -> socket.socket:
        """A socket whose bytes reach `address`.

        Raises OSError (TimeoutError after DIAL_SECONDS); Blocked or Transient when the HTTP proxy is the trouble.
        """
        proxy = self.proxies.leading_to(address)
        async with asyncio.timeout(DIAL_SECONDS):
            if proxy is None:
                return await _connect(address)
            return await _connect_through(proxy, address)


async def _connect(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    # With the protocol named, asyncio sets TCP_NODELAY: gRPC's small frames go out at once.
    found = await loop.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    failures: list[OSError] = []
    for family, kind, protocol, _, target in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, target)
        except OSError as error:
            sock.close()
            failures.append(error)
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failures[0] if failures else OSError(f"{address.host} has no address")


async def _connect_through(proxy: HttpProxy, address: Address) -> socket.socket:
    try:
        sock = await _connect(proxy.address)
    except OSError as error:
        raise unreachable(proxy, address, error) from error
    try:
        await _tunnel(sock, proxy, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _tunnel(sock: socket.socket, proxy: HttpProxy, address: Address) -> None:
    """HTTP CONNECT (RFC 9110, 9.3.6)."""
    loop = asyncio.get_running_loop()
    lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
        chunk = await loop.sock_recv(sock, _MAX_HEAD)
        if not chunk:
            break
        head += chunk
    match = _STATUS_LINE.match(head)
    complete = b"\r\n\r\n" in head
    if not match or not complete:
        raise refused(proxy, address, None)
    # A 2xx has no body, and TLS begins with us: whatever came after the head would not be Teleport's.
    if not match[1].startswith(b"2") or not head.endswith(b"\r\n\r\n"):
        raise refused(proxy, address, int(match[1]))


def refused(proxy: HttpProxy, address: Address, status: int | None) -> Outcome:
    """What an HTTP proxy's answer to CONNECT means; `status` None: it was no HTTP."""
    said = (
        f"answered CONNECT {address} with {status}" if status else f"gave no HTTP answer to CONNECT {address}"
    )
    message = f"the HTTP proxy {proxy.url} (HTTPS_PROXY) {said}"
    if status is not None and status >= 500:
        return Transient(Reason.TELEPORT_UNREACHABLE, f"{message}: it cannot reach Teleport")
    hint = "it wants other credentials" if status == 407 else "allow the address there"
    return Blocked(Reason.HTTP_PROXY_REFUSED, f"{message}: {hint}, or name {address.host} in NO_PROXY")


def unreachable(proxy: HttpProxy, address: Address, error: OSError) -> Outcome:
    """What it means that an HTTP proxy cannot be connected to."""
    return Transient(
        Reason.TELEPORT_UNREACHABLE,
        f"the HTTP proxy {proxy.url} (HTTPS_PROXY) cannot be connected to ({error.strerror or type(error).__name__}): "
        f"correct it, or name {address.host} in NO_PROXY",
    )
