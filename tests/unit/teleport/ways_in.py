"""A sandbox cluster with everything that can stand before it, and clients that come each way."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rds_enrollment.runtime.fence import Guard, unguarded
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.auto import WAYS
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.dialer import Dialer
from rds_enrollment.teleport.http_proxy import HttpProxies
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Network
from rds_enrollment.teleport.webapi import WebApi

from hack.sandbox.teleport.middleboxes import LoadBalancer
from hack.sandbox.teleport.proxy import ProxySandbox
from hack.sandbox.teleport.server import TeleportSandbox


def now() -> datetime:
    return datetime.now(UTC)


def network(ca_file: Path | None = None, environment: dict[str, str] | None = None) -> Network:
    proxies = HttpProxies.of_environment(environment or {})
    return Network(Dialer(proxies), WebApi(now, proxies, ca_file))


@dataclass(frozen=True)
class Place:
    """A cluster, its proxy, and a load balancer before the proxy."""

    teleport: TeleportSandbox
    proxy: ProxySandbox
    balancer: LoadBalancer
    identity: Path
    clock: Callable[[], datetime] = now
    """The client's."""

    def address(self, end: str) -> str:
        """Where `auth`, `proxy` or `balancer` listens."""
        addresses = {
            "auth": self.teleport.address,
            "proxy": self.proxy.address,
            "balancer": self.balancer.address,
        }
        return addresses[end]

    def client(
        self,
        address: str,
        connection: str = "auto",
        *,
        trusting: bool = True,
        environment: dict[str, str] | None = None,
        guard: Guard = unguarded,
    ) -> TeleportClient:
        """A client of `address`; one that is not `trusting` does not know the web CA."""
        ca_file = self.proxy.ca_file if trusting else None
        way = WAYS[connection](
            Address.parse(address), IdentityFile(self.identity, self.clock), network(ca_file, environment)
        )
        return TeleportClient(way, guard=guard)

    def renew(self, not_before: datetime | None = None, not_after: datetime | None = None) -> None:
        """Another identity of the same bot in place of the first, in one step."""
        beside = self.identity.with_suffix(".new")
        self.teleport.authority.write_identity(beside, "bot-test", not_before=not_before, not_after=not_after)
        os.replace(beside, self.identity)


@contextmanager
def place(folder: Path, teleport: TeleportSandbox) -> Iterator[Place]:
    with ProxySandbox(teleport) as proxy, LoadBalancer(proxy) as balancer:
        identity = teleport.authority.write_identity(folder / "identity", "bot-test")
        yield Place(teleport, proxy, balancer, identity)
