"""What the proxy tells of its cluster: edition and agents' version, how often it is asked, and what if it is silent."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.features import FOUND_SECONDS, MISSED_SECONDS, Features
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Network, TlsRouting
from rds_enrollment.teleport.webapi import Found, WebApi

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.ways_in import Place, network, now, place


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with TeleportSandbox() as teleport, place(tmp_path, teleport) as there:
        yield there


def cluster(here: Place, *, version: str = "18.0.0", cloud: bool = False) -> TeleportCluster:
    """What Ping tells."""
    return TeleportCluster(here.teleport.cluster_name, version, here.proxy.address, cloud)


class Timer:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_the_proxy_tells_versions_edition_and_routing(here: Place) -> None:
    here.teleport.version = "18.1.2"
    here.proxy.edition, here.proxy.agent_version = "ent", "v18.1.0"
    found = await network(here.proxy.ca_file).web.find(Address.parse(here.proxy.address))
    assert found.ahead_seconds is not None
    assert abs(found.ahead_seconds) < 30
    expected = Found("18.1.2", True, "example.teleport.sh", "ent", "18.1.0", found.ahead_seconds)
    assert found == expected


async def test_a_cluster_is_completed_by_its_proxy(here: Place) -> None:
    here.proxy.edition, here.proxy.agent_version = "ent", "18.0.1"
    web = network(here.proxy.ca_file)
    way = TlsRouting(Address.parse(here.proxy.address), IdentityFile(here.identity, now), web)
    client = TeleportClient(way, features=Features(web.web))
    found = await client.cluster()
    client.close()
    assert (found.name, found.edition, found.agent_version) == ("example.teleport.sh", "ent", "18.0.1")
    assert found.enterprise


@pytest.mark.parametrize(
    ("edition", "cloud", "enterprise"),
    [
        ("ent", False, True),
        ("oss", False, False),
        ("community", False, False),
        ("oss", True, False),
        ("", True, True),
        ("", False, False),
    ],
)
async def test_the_edition_decides_and_without_it_the_cloud(
    here: Place, edition: str, cloud: bool, enterprise: bool
) -> None:
    here.proxy.edition = edition
    features = Features(network(here.proxy.ca_file).web)
    assert (await features.complete(cluster(here, cloud=cloud), None)).enterprise is enterprise


async def test_it_is_asked_once_until_the_answer_is_old_or_the_server_new(here: Place) -> None:
    timer = Timer()
    features = Features(network(here.proxy.ca_file).web, timer)
    await asyncio.gather(*(features.complete(cluster(here), None) for _ in range(20)))
    assert here.proxy.finds == 1
    timer.seconds = FOUND_SECONDS - 1
    await features.complete(cluster(here), None)
    assert here.proxy.finds == 1
    timer.seconds = FOUND_SECONDS
    await features.complete(cluster(here), None)
    assert here.proxy.finds == 2
    await features.complete(cluster(here, version="18.1.0"), None)
    assert here.proxy.finds == 3


async def test_a_silent_proxy_changes_nothing_is_told_once_and_asked_again_soon(
    here: Place, caplog: pytest.LogCaptureFixture
) -> None:
    timer = Timer()
    features = Features(network(here.proxy.ca_file).web, timer)
    here.proxy.find_status = 503
    for _ in range(3):
        assert await features.complete(cluster(here), None) == cluster(here)
    assert here.proxy.finds == 1
    timer.seconds = MISSED_SECONDS
    await features.complete(cluster(here), None)
    assert here.proxy.finds == 2
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert "status 503" in vars(told[0])["reason"]

    here.proxy.find_status = 200
    timer.seconds *= 2
    assert (await features.complete(cluster(here), None)).edition == "oss"


@pytest.mark.parametrize("proxy_address", ["", "teleport.example.com", "::1:443"])
async def test_a_proxy_without_a_proper_address_is_not_asked(here: Place, proxy_address: str) -> None:
    odd = TeleportCluster("example.teleport.sh", "18.0.0", proxy_address, False)
    assert await Features(network(here.proxy.ca_file).web).complete(odd, None) == odd


async def test_the_proxy_of_another_cluster_is_not_believed(here: Place) -> None:
    other = TeleportCluster("other.example", "18.0.0", here.proxy.address, False)
    assert await Features(network(here.proxy.ca_file).web).complete(other, None) == other


def test_what_an_old_server_does_not_tell_is_empty(here: Place) -> None:
    here.proxy.edition = ""
    found = asyncio.run(network(here.proxy.ca_file).web.find(Address.parse(here.proxy.address)))
    assert (found.edition, found.agent_version) == ("", "")


async def test_the_servers_clock_is_compared(here: Place) -> None:
    here.proxy.clock_ahead = timedelta(minutes=-10)
    found = await network(here.proxy.ca_file).web.find(Address.parse(here.proxy.address))
    assert found.ahead_seconds is not None
    assert -630 < found.ahead_seconds < -570


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3)
KEYS = ("server_version", "proxy", "cluster_name", "edition", "auto_update", "tls_routing_enabled")
NEARLY = st.dictionaries(
    st.sampled_from(KEYS), VALUES | st.dictionaries(st.sampled_from((*KEYS, "agent_version")), VALUES)
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary() | NEARLY.map(lambda answer: json.dumps(answer).encode()),
    status=st.sampled_from([200, 404, 503]),
)
def test_any_answer_is_an_answer_or_an_outcome(here: Place, body: bytes, status: int) -> None:
    here.proxy.find_body, here.proxy.find_status = body, status

    async def find() -> Found | Outcome:
        try:
            return await network(here.proxy.ca_file).web.find(Address.parse(here.proxy.address))
        except Outcome as outcome:
            return outcome

    said = asyncio.run(find())
    assert isinstance(said, (Found, Blocked, Transient))
    if status == 503:
        assert isinstance(said, Transient)


@asynccontextmanager
async def speaking(here: Place, answer: bytes | None) -> AsyncIterator[Address]:
    """A web server with the proxy's certificate that says just this; None: it keeps silent."""
    released = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if answer is None:
            await released.wait()
        else:
            writer.write(answer)
        writer.close()

    context = here.proxy.authority.server_context(("localhost",), ("http/1.1",))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield Address("localhost", server.sockets[0].getsockname()[1])
    finally:
        released.set()
        server.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, Reason.TELEPORT_UNREACHABLE),
        (b"", Reason.TELEPORT_UNREACHABLE),
        (b"\x00\x01\x02\x03\r\n\r\n", Reason.NOT_TELEPORT),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", Reason.NOT_TELEPORT),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            Reason.NOT_TELEPORT,
        ),
        (b"HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: 2\r\n\r\n[]", Reason.NOT_TELEPORT),
    ],
)
async def test_a_slow_or_broken_web_server_is_an_outcome(
    here: Place, answer: bytes | None, reason: Reason
) -> None:
    web = WebApi(now, ca_file=here.proxy.ca_file, find_seconds=1.0)
    async with speaking(here, answer) as address:
        with pytest.raises(Outcome) as caught:
            await web.find(address)
    assert caught.value.reason is reason
    assert str(address) in caught.value.message


async def test_an_expired_web_certificate_is_put_to_time(here: Place) -> None:
    context = here.proxy.authority.server_context(("localhost",), ("http/1.1",), expired=True)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    with pytest.raises(Blocked) as caught:
        await network(here.proxy.ca_file).web.find(Address("localhost", server.sockets[0].getsockname()[1]))
    server.close()
    assert caught.value.reason is Reason.TELEPORT_CLOCK_SKEW


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Blocked, match=str(path)):
        Network(web=WebApi(now, ca_file=path)).web.context()
