"""What a row of the tables of networks is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.cluster.networks.site import Fault, Site
from tests.cluster.scene import REGION

Build: TypeAlias = Callable[[Site], Fault]

IMAGE, PROXY, LOGS = "ImageRegistryUnreachable", "TeleportProxyUnreachable", "LogsUnreachable"
TRUST_STORE, RDS_API = "RdsTrustStoreUnreachable", "RdsApiUnreachable"
ADDRESSES, NAMES, DATABASE = "NoFreeAddresses", "DnsResolutionDisabled", "Unreachable"

CONNECTED = "us-west-2"
"""The region of the networks with transit gateways and peering connections."""
ENDPOINTS = "eu-west-1"
"""The region of the networks with endpoints for S3: what is read of a region is bounded, and prefix lists come last."""


@dataclass(frozen=True)
class Case:
    """A kind of network. `build` makes it of a healthy VPC; without a reason it is healthy.

    `blocker` is empty where no single thing is in the way. With the reason DATABASE it is the way to a database
    that is judged, and the subnets have no finding.
    """

    name: str
    build: Build
    reason: str = ""
    blocker: str = ""
    region: str = REGION

    def __str__(self) -> str:
        return self.name

    @property
    def of_database(self) -> bool:
        return self.reason == DATABASE
