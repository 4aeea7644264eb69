"""Addresses of hosts: from a table, or else from DNS as this process sees it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from rds_enrollment.runtime.shared_reads import SharedReads

Address: TypeAlias = IPv4Address | IPv6Address

MAX_AGE_SECONDS = 300.0
"""How long an answer counts, an empty one, too."""
TIMEOUT_SECONDS = 5.0
"""For one question to DNS."""
MAX_ADDRESSES = 16
"""Of one host: more make no difference to whether one of them is reached."""


async def ask_dns(host: str) -> tuple[str, ...]:
    """The addresses of a host, from the system's resolver; none when it knows none, fails, or is too slow."""
    loop = asyncio.get_running_loop()
    asking = loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(asking, TIMEOUT_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        return ()
    return tuple(str(entry[4][0]).partition("%")[0] for entry in found)


class HostNames:
    """Names to addresses. The same name gives the same order, so that what is made of it changes only with DNS."""

    def __init__(
        self,
        table: Iterable[str],
        clock: Callable[[], float],
        ask: Callable[[str], Awaitable[tuple[str, ...]]] = ask_dns,
    ) -> None:
        """
        Args:
            table: `host=address` or `*.domain=address`, checked; what it has is not asked of DNS.
            clock: seconds, never going back.
            ask: DNS.
        """
        self._table: dict[str, list[Address]] = {}
        for entry in table:
            host, _, address = entry.partition("=")
            self._table.setdefault(host.lower(), []).append(ip_address(address))
        self._answers: SharedReads[str, tuple[str, ...]] = SharedReads(clock)
        self._ask = ask

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """Addresses that another network may reach; none where there is no answer, or only loopback and the like."""
        known = self._of_table(host.lower())
        if known:
            return tuple(known)
        literal = _parsed(host)
        if literal is not None:
            return (literal,) if _leads_anywhere(literal) else ()
        answers = await self._answers.get(host, lambda: self._ask(host), max_age=MAX_AGE_SECONDS)
        found = {address for address in map(_parsed, answers) if address and _leads_anywhere(address)}
        return tuple(sorted(found, key=lambda address: (address.version, int(address)))[:MAX_ADDRESSES])

    def _of_table(self, host: str) -> list[Address] | None:
        if host in self._table:
            return self._table[host]
        labels = host.split(".")
        domains = (".".join(("*", *labels[index:])) for index in range(1, len(labels)))
        return next((self._table[domain] for domain in domains if domain in self._table), None)


def _parsed(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _leads_anywhere(address: Address) -> bool:
    return not (
        address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast
    )
