"""The proxy behind the address that the simulated cluster publishes, which no DNS knows: found by an HTTP proxy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from hack.sandbox.teleport.middleboxes import ConnectProxy
from hack.sandbox.teleport.proxy import ProxySandbox
from hack.sandbox.teleport.server import TeleportSandbox


@dataclass(frozen=True, slots=True)
class PublicProxy:
    settings: Mapping[str, str]
    """Variables of an operator that is to find it."""
    thumbprint: str
    """Of what it serves."""


@contextmanager
def public_proxy(teleport: TeleportSandbox) -> Iterator[PublicProxy]:
    """Open as long as the context."""
    with (
        ProxySandbox(teleport) as proxy,
        ConnectProxy({teleport.proxy_address: proxy.address}) as outward,
    ):
        settings = {"HTTPS_PROXY": outward.url, "RDS_ENROLLMENT_TELEPORT_CA_FILE": str(proxy.ca_file)}
        yield PublicProxy(settings, proxy.authority.thumbprint)
