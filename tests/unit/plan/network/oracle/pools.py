"""The addresses and ids that generated VPCs are made of: few, so that rules, routes and questions meet."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from random import Random
from typing import TypeVar

from rds_enrollment.plan.observed.network import ALL_PORTS, Address, Cidr, PortRange

T = TypeVar("T")

VPC = "vpc-1"
OTHER_VPC = "vpc-2"
REGION = "eu-central-1"
VPC_IPV4 = IPv4Network("10.0.0.0/16")
VPC_IPV6 = IPv6Network("2a05:d014:12::/56")
ANY_IPV4 = IPv4Network("0.0.0.0/0")
ANY_IPV6 = IPv6Network("::/0")

S3_BLOCKS: tuple[Cidr, ...] = tuple(
    ip_network(b) for b in ("52.219.0.0/20", "3.5.136.0/22", "2a05:d050:40::/48")
)
CUSTOMER_BLOCKS: tuple[Cidr, ...] = tuple(ip_network(b) for b in ("34.192.0.0/12", "172.31.0.0/16"))
PEER_BLOCKS: tuple[Cidr, ...] = tuple(ip_network(b) for b in ("172.31.0.0/16", "2a05:d014:99::/56"))

PUBLIC_ADDRESSES = tuple(ip_address(a) for a in ("34.200.1.10", "52.219.1.5", "52.94.7.7", "18.196.4.1"))
PUBLIC_IPV6 = tuple(ip_address(a) for a in ("2600:1f18::10", "2a05:d050:40::7"))
PRIVATE_ADDRESSES = tuple(ip_address(a) for a in ("172.31.4.4", "192.168.7.7", "10.9.0.1", "100.64.3.3"))
PRIVATE_IPV6 = tuple(ip_address(a) for a in ("2a05:d014:99::5", "fd00::9"))
HOST_ADDRESSES: tuple[Address, ...] = (
    PUBLIC_ADDRESSES * 6 + PUBLIC_IPV6 * 2 + PRIVATE_ADDRESSES + PRIVATE_IPV6
)

OUTER_BLOCKS: tuple[Cidr, ...] = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/1",
        "34.192.0.0/10",
        "34.200.0.0/16",
        "34.200.1.10/32",
        "52.0.0.0/8",
        "52.219.0.0/20",
        "52.219.1.0/24",
        "18.196.4.1/32",
        "172.16.0.0/12",
        "172.31.4.0/24",
        "192.168.0.0/16",
        "10.0.0.0/8",
        "2600::/12",
        "2600:1f18::10/128",
        "2a05::/16",
        "2a05:d050:40::/48",
        "2a05:d014:99::5/128",
        "fd00::/8",
    )
)

PORTS = (443, 443, 443, 5432, 3306)
PORT_RANGES = (
    PortRange(443, 443),
    PortRange(443, 5432),
    PortRange(0, 1023),
    PortRange(5432, 5432),
    PortRange(3306, 3306),
    PortRange(1024, 65535),
    PortRange(32768, 60999),
    PortRange(32768, 61000),
    PortRange(32769, 65535),
    PortRange(40000, 40000),
    PortRange(49152, 65535),
    ALL_PORTS,
)
PROTOCOLS = ("tcp",) * 8 + ("all",) * 3 + ("udp", "icmp", "47")


def chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def some(rng: Random, items: list[T] | tuple[T, ...], most: int) -> list[T]:
    """Up to `most` of `items`, each at most once."""
    return rng.sample(items, min(len(items), rng.randint(0, most)))


def usual_address(block: Cidr, number: int) -> Address:
    """The same few in every subnet. AWS keeps the first ones of a block."""
    return block[number] if block.version == 4 else block[0xA0000 + number]
