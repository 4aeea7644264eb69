"""Addresses that stand for others: every address has one that no block tells from it."""

from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.plan.network.space import assignable, is_public, public_ipv4
from rds_enrollment.plan.observed.network import Address, Cidr

SUBNET = ip_network("10.1.2.0/24")


@st.composite
def blocks(draw: st.DrawFn, within: IPv4Network) -> Cidr:
    length = draw(st.integers(within.prefixlen, 32))
    address = draw(st.integers(int(within.network_address), int(within.broadcast_address)))
    return IPv4Network((address, length), strict=False)


def membership(address: Address, edges: list[Cidr]) -> list[bool]:
    return [address in edge for edge in edges]


@settings(max_examples=60)
@given(st.lists(blocks(IPv4Network("10.1.2.0/24")), max_size=6), st.integers(4, 254))
def test_every_address_of_a_subnet_is_stood_for(edges: list[Cidr], host: int) -> None:
    address = SUBNET[host]

    found = assignable(SUBNET, edges)

    assert membership(address, edges) in [membership(item, edges) for item in found]
    assert all(4 <= int(item) - int(SUBNET.network_address) <= 254 for item in found)


@settings(max_examples=60)
@given(
    st.lists(blocks(IPv4Network("0.0.0.0/0")), max_size=6),
    st.lists(blocks(IPv4Network("0.0.0.0/0")), max_size=2),
    st.integers(0, 2**32 - 1),
)
def test_every_public_address_is_stood_for(edges: list[Cidr], outside: list[Cidr], number: int) -> None:
    address = IPv4Address(number)
    wanted = is_public(address) and not any(membership(address, outside))

    found = public_ipv4(edges, (), outside)

    assert all(is_public(item) and not any(membership(item, outside)) for item in found)
    assert not wanted or membership(address, edges) in [membership(item, edges) for item in found]


def test_inside_a_list_only_its_addresses_stand() -> None:
    inside = (ip_network("52.92.0.0/17"), ip_network("18.0.0.0/24"))

    found = public_ipv4([ip_network("52.92.64.0/18")], inside, [ip_network("18.0.0.0/25")])

    assert set(map(str, found)) == {"52.92.0.0", "52.92.64.0", "18.0.0.128"}


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("100.64.0.1", False),
        ("172.15.255.255", True),
        ("172.16.0.0", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("2600:1::1", True),
        ("fd00::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) == public
