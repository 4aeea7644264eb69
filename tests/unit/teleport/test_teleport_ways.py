"""Addresses, and how often a connection pings."""

import pytest
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.channel import CHANNEL_CONFIGURATION


def test_pings_are_rarer_than_the_server_tolerates() -> None:
    # Go's gRPC servers close a connection that pings faster than their policy; Teleport's minimum is 60 s.
    assert CHANNEL_CONFIGURATION._keepalive_time is not None
    assert CHANNEL_CONFIGURATION._keepalive_time > 60
    assert CHANNEL_CONFIGURATION._http2_min_sent_ping_interval_without_data >= 60


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("auth.example.com:3025", Address("auth.example.com", 3025)),
        ("127.0.0.1:1", Address("127.0.0.1", 1)),
        ("[::1]:443", Address("::1", 443)),
    ],
)
def test_addresses_are_read_and_written_alike(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "auth", "auth:", ":3025", "::1:3025", "[]:1", "auth:0", "auth:65536", "auth:x", "auth:-1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"host:port|port between"):
        Address.parse(text)
