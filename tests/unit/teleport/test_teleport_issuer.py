"""The thumbprint of what an issuer serves, and what it means when it cannot be had."""

import hashlib
import ssl
from collections.abc import Iterator

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.teleport.issuer import MAX_AGE_SECONDS, Issuer

from hack.sandbox.teleport.middleboxes import ConnectProxy
from hack.sandbox.teleport.proxy import ProxySandbox
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.ways_in import network

PUBLISHED = "teleport.example.com:443"


@pytest.fixture
def proxy() -> Iterator[ProxySandbox]:
    with TeleportSandbox() as teleport, ProxySandbox(teleport) as running:
        yield running


class Timer:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def reason(found: Seen[str]) -> Reason:
    assert isinstance(found, Unseen)
    assert found.outcome is not None
    return found.outcome.reason


async def test_it_is_that_of_the_last_certificate(proxy: ProxySandbox) -> None:
    found = await Issuer(network(proxy.ca_file)).thumbprint(proxy.address)
    (last,) = proxy.ca_file.read_text().split("-----END", 1)[:1]
    served = ssl.PEM_cert_to_DER_cert(f"{last}-----END CERTIFICATE-----\n")
    assert found == hashlib.sha1(served, usedforsecurity=False).hexdigest()


async def test_the_published_address_is_reached_through_the_http_proxy(proxy: ProxySandbox) -> None:
    with ConnectProxy({PUBLISHED: proxy.address}) as outward:
        issuer = Issuer(network(proxy.ca_file, {"HTTPS_PROXY": outward.url}))
        assert await issuer.thumbprint(PUBLISHED) == proxy.authority.thumbprint
        assert outward.asked == [PUBLISHED]
        assert reason(await issuer.thumbprint("elsewhere.example.com:443")) is Reason.HTTP_PROXY_REFUSED


async def test_what_is_not_trusted_has_none(proxy: ProxySandbox) -> None:
    found = await Issuer(network()).thumbprint(proxy.address)
    assert reason(found) is Reason.TELEPORT_NOT_TRUSTED


async def test_nor_has_what_is_not_there(proxy: ProxySandbox) -> None:
    issuer = Issuer(network(proxy.ca_file))
    assert reason(await issuer.thumbprint("")) is Reason.NOT_TELEPORT
    assert reason(await issuer.thumbprint("localhost:9")) is Reason.TELEPORT_UNREACHABLE


async def test_one_look_serves_for_a_while(proxy: ProxySandbox) -> None:
    timer = Timer()
    with ConnectProxy({PUBLISHED: proxy.address}) as outward:
        issuer = Issuer(network(proxy.ca_file, {"HTTPS_PROXY": outward.url}), timer)
        outward.status = "502 Bad Gateway"
        assert reason(await issuer.thumbprint(PUBLISHED)) is Reason.TELEPORT_UNREACHABLE
        outward.status = None
        assert reason(await issuer.thumbprint(PUBLISHED)) is Reason.TELEPORT_UNREACHABLE
        timer.seconds += MAX_AGE_SECONDS + 1
        assert await issuer.thumbprint(PUBLISHED) == proxy.authority.thumbprint
        assert outward.asked == [PUBLISHED, PUBLISHED]
