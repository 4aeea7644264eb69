"""Addresses of hosts: the table first, DNS seldom, and nothing that leads nowhere."""

import socket
from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from rds_enrollment.runtime.host_names import MAX_ADDRESSES, MAX_AGE_SECONDS, HostNames, ask_dns


class Dns:
    """Answers from memory and counts the questions; the clock stands until it is moved."""

    def __init__(self, answers: Mapping[str, tuple[str, ...]]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.seconds = 0.0

    async def ask(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        return self.answers.get(host, ())

    def names(self, *table: str) -> HostNames:
        return HostNames(table, lambda: self.seconds, self.ask)


def texts(addresses: tuple[object, ...]) -> list[str]:
    return [str(address) for address in addresses]


async def test_the_order_is_the_same_whatever_dns_says_first() -> None:
    dns = Dns({"proxy": ("2600::1", "18.0.0.2", "18.0.0.1", "18.0.0.2")})
    assert texts(await dns.names().addresses("proxy")) == ["18.0.0.1", "18.0.0.2", "2600::1"]


async def test_an_answer_counts_for_a_while_and_an_empty_one_too() -> None:
    dns = Dns({"proxy": ("18.0.0.1",)})
    names = dns.names()
    for host in ("proxy", "nowhere", "proxy", "nowhere"):
        await names.addresses(host)
    assert dns.asked == ["proxy", "nowhere"]

    dns.seconds += MAX_AGE_SECONDS + 1
    dns.answers["nowhere"] = ("18.0.0.9",)
    assert texts(await names.addresses("nowhere")) == ["18.0.0.9"]


@pytest.mark.parametrize("answer", ["127.0.0.1", "::", "169.254.169.254", "224.0.0.1", "::1", "fe80::1"])
async def test_addresses_that_lead_nowhere_are_none(answer: str) -> None:
    assert await Dns({"proxy": (answer,)}).names().addresses("proxy") == ()
    assert await Dns({}).names().addresses(answer) == ()


async def test_the_table_comes_before_dns() -> None:
    dns = Dns({"proxy.example.com": ("18.0.0.1",)})
    names = dns.names("proxy.example.com=10.0.0.1", "proxy.example.com=10.0.0.2", "*.corp=127.0.0.1")
    assert texts(await names.addresses("PROXY.example.com")) == ["10.0.0.1", "10.0.0.2"]
    assert texts(await names.addresses("deep.down.corp")) == ["127.0.0.1"]
    assert dns.asked == []
    assert await names.addresses("corp") == ()
    assert dns.asked == ["corp"]


async def test_an_address_is_its_own_answer() -> None:
    dns = Dns({})
    assert await dns.names().addresses("10.0.0.1") == (ip_address("10.0.0.1"),)
    assert dns.asked == []


async def test_no_more_addresses_than_make_a_difference() -> None:
    dns = Dns({"proxy": tuple(f"18.0.0.{number}" for number in range(100))})
    assert len(await dns.names().addresses("proxy")) == MAX_ADDRESSES


async def test_the_systems_resolver() -> None:
    assert set(await ask_dns("localhost")) & {"127.0.0.1", "::1"}
    assert await ask_dns("127.0.0.1") == ("127.0.0.1",)


@pytest.mark.parametrize(
    "failure", [socket.gaierror("unknown"), UnicodeError("label too long"), TimeoutError()]
)
async def test_a_resolver_that_fails_has_no_answer(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert await ask_dns("proxy") == ()
