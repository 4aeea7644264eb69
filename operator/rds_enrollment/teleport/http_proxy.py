"""HTTPS_PROXY and NO_PROXY, read as Go's programs (Teleport's own clients among them) read them.

Python's reading (urllib) knows no networks in NO_PROXY, which clusters commonly list there.
"""

import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from rds_enrollment.teleport.address import Address

_DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy that tunnels by CONNECT."""

    address: Address
    authorization: str = field(default="", repr=False)
    """Value of the Proxy-Authorization header; empty for none."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `[http://][user:password@]host[:port]`. Raises ValueError, without the text: it may hold a password."""
        try:
            url = urlsplit(text if "://" in text else f"http://{text}")
        except ValueError:
            raise ValueError("the proxy's URL cannot be read") from None
        if url.scheme != "http":
            raise ValueError(f"a proxy of scheme {url.scheme} is not supported: name an http:// proxy")
        try:
            address = Address(url.hostname or "", url.port or _DEFAULT_PORT)
        except ValueError:
            raise ValueError("the proxy's port is no port number") from None
        if not address.host:
            raise ValueError("the proxy's URL names no host")
        return cls(address, _basic(url.username, url.password))

    @property
    def url(self) -> str:
        """Without credentials."""
        return f"http://{self.address}"


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    credentials = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + b64encode(credentials.encode()).decode()


@dataclass(frozen=True, slots=True)
class HttpProxies:
    """Which proxy leads to an address."""

    proxy: HttpProxy | None = None
    exceptions: tuple[str, ...] = ()
    """The entries of NO_PROXY, in lower case."""

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> Self:
        """From HTTPS_PROXY and NO_PROXY, or their twins in lower case. Raises ValueError."""
        proxy = variables.get("HTTPS_PROXY") or variables.get("https_proxy") or ""
        exceptions = variables.get("NO_PROXY") or variables.get("no_proxy") or ""
        entries = (entry.strip().lower() for entry in exceptions.split(","))
        return cls(HttpProxy.parse(proxy) if proxy else None, tuple(entry for entry in entries if entry))

    def leading_to(self, address: Address) -> HttpProxy | None:
        """None: connect directly, as always to this machine itself."""
        if self.proxy is None or _is_local(address.host):
            return None
        if any(_covers(entry, address) for entry in self.exceptions):
            return None
        return self.proxy


def _is_local(host: str) -> bool:
    ip = _ip(host)
    return ip.is_loopback if ip else host.lower() == "localhost"


def _covers(entry: str, address: Address) -> bool:
    """Whether an entry means the address: `*`, an IP, a network, a domain with its subdomains, or `.domain`
    for the subdomains alone; all but networks with a port if it is to be that port only."""
    if entry == "*":
        return True
    ip = _ip(address.host)
    if ip and "/" in entry:
        return _in_network(ip, entry)
    name = _without_port(entry, address.port)
    if name is None:
        return False
    if ip:
        return _ip(name) == ip
    host = address.host.lower().rstrip(".")
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _without_port(entry: str, port: int) -> str | None:
    """The host of an entry; None when the entry has another port."""
    if _ip(entry):
        return entry
    host, separator, named = entry.rpartition(":")
    if not separator:
        return entry
    return host.strip("[]") if named == str(port) else None


def _in_network(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    try:
        return ip in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
