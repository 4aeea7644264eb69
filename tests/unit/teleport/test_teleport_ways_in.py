"""Every way in, over real TLS to the sandbox: that it works, what it tells, and what it says when it does not."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.teleport.client import TeleportClient

from hack.sandbox.teleport.authority import Authority
from hack.sandbox.teleport.middleboxes import ConnectProxy
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.values import DATABASE
from tests.unit.teleport.ways_in import Place, place

CLUSTER = "example.teleport.sh"
ROUTE = f"teleport-auth@{CLUSTER.encode().hex()}.teleport.cluster.local"
NAMED = "teleport.example.com:443"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with TeleportSandbox() as teleport, place(tmp_path, teleport) as there:
        yield there


async def cluster_name(client: TeleportClient) -> str:
    try:
        return (await client.cluster()).name
    finally:
        client.close()


async def outcome(client: TeleportClient) -> Outcome:
    with pytest.raises(Outcome) as caught:
        await cluster_name(client)
    return caught.value


@pytest.mark.parametrize(
    ("end", "connection", "routed", "upgraded"),
    [
        ("auth", "direct", 0, 0),
        ("auth", "auto", 0, 0),
        ("auth", "tls-routing", 0, 0),
        ("proxy", "tls-routing", 1, 0),
        ("proxy", "websocket", 1, 1),
        ("balancer", "websocket", 1, 1),
        ("balancer", "auto", 1, 1),
    ],
)
async def test_each_way_leads_to_the_auth_service(
    here: Place, end: str, connection: str, routed: int, upgraded: int
) -> None:
    assert await cluster_name(here.client(here.address(end), connection)) == CLUSTER
    assert here.proxy.routed == [ROUTE] * routed
    assert here.proxy.upgraded == upgraded


@pytest.mark.parametrize(
    ("end", "way", "why"),
    [
        ("auth", "direct", "the auth service itself answers at the address"),
        ("proxy", "tls-routing", "the proxy at the address passes TLS through to the auth service"),
        ("balancer", "websocket", "a load balancer before the proxy ends TLS"),
    ],
)
async def test_the_way_found_is_told_once_with_its_reason(
    here: Place, caplog: pytest.LogCaptureFixture, end: str, way: str, why: str
) -> None:
    client = here.client(here.address(end))
    with caplog.at_level(logging.INFO, "rds_enrollment"):
        await client.cluster()
        here.renew()
        await client.cluster()
    client.close()
    told = [vars(record) for record in caplog.records]
    assert [(each["connection"], each["why"]) for each in told] == [(way, why)]


@pytest.mark.parametrize("end", ["auth", "proxy", "balancer"])
async def test_a_thousand_writes_survive_twenty_renewals_of_the_identity(here: Place, end: str) -> None:
    client = here.client(here.address(end))
    renewed = 0

    async def write(worker: int) -> None:
        nonlocal renewed
        database = replace(DATABASE, name=f"payments-{worker}")
        await client.create_database(database)
        for number in range(124):
            if worker == 0 and number % 6 == 0:
                here.renew()
                renewed += 1
            await client.update_database(replace(database, labels={"number": str(number)}))

    await asyncio.gather(*(write(worker) for worker in range(8)))
    client.close()
    assert renewed > 20
    assert len(here.teleport.writes) == 1000


@pytest.mark.parametrize("end", ["proxy", "balancer"])
async def test_it_comes_back_after_the_proxy_dropped_its_connections(here: Place, end: str) -> None:
    client = here.client(here.address(end))
    await client.cluster()
    here.proxy.drop_connections()
    with pytest.raises(Transient):
        await client.cluster()
    assert (await client.cluster()).name == CLUSTER
    client.close()


@pytest.mark.parametrize("end", ["auth", "proxy", "balancer"])
async def test_it_comes_back_after_the_auth_service_restarted(here: Place, end: str) -> None:
    client = here.client(here.address(end))
    await client.cluster()
    here.teleport.stop()
    with pytest.raises(Transient):
        await client.cluster()
    here.teleport.start()
    for _ in range(5):
        try:
            assert (await client.cluster()).name == CLUSTER
            break
        except Transient:
            continue
    else:
        pytest.fail("it did not come back")
    client.close()


@pytest.mark.parametrize(
    ("end", "connection"),
    [("auth", "direct"), ("proxy", "tls-routing"), ("balancer", "websocket"), ("balancer", "auto")],
)
async def test_an_http_proxy_leads_every_way(here: Place, end: str, connection: str) -> None:
    with ConnectProxy({NAMED: here.address(end)}) as outward:
        assert (
            await cluster_name(here.client(NAMED, connection, environment={"HTTPS_PROXY": outward.url}))
            == CLUSTER
        )
        assert set(outward.asked) == {NAMED}


@pytest.mark.parametrize(("end", "connection"), [("proxy", "tls-routing"), ("balancer", "websocket")])
async def test_the_http_proxys_credentials_are_sent_and_never_told(
    here: Place, end: str, connection: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wanted = "Basic dXNlcjpwYXNzQHdvcmQ="
    with ConnectProxy({NAMED: here.address(end)}, authorization=wanted) as outward:
        right = {"HTTPS_PROXY": f"http://user:pass%40word@{outward.address}"}
        assert await cluster_name(here.client(NAMED, connection, environment=right)) == CLUSTER
        wrong = {"HTTPS_PROXY": f"http://user:guessed@{outward.address}"}
        said = await outcome(here.client(NAMED, connection, environment=wrong))
    assert isinstance(said, Blocked)
    assert said.reason is Reason.HTTP_PROXY_REFUSED
    assert "407: it wants other credentials" in said.message
    for secret in ("pass%40word", "pass@word", "guessed", wanted):
        assert secret not in said.message + caplog.text


@pytest.mark.parametrize("connection", ["auto", "tls-routing", "websocket"])
@pytest.mark.parametrize(
    ("status", "kind", "reason", "hint"),
    [
        ("403 Forbidden", Blocked, Reason.HTTP_PROXY_REFUSED, "with 403: allow the address there"),
        ("502 Bad Gateway", Transient, Reason.TELEPORT_UNREACHABLE, "with 502: it cannot reach Teleport"),
    ],
)
async def test_an_http_proxy_that_refuses_is_named(
    here: Place, connection: str, status: str, kind: type[Outcome], reason: Reason, hint: str
) -> None:
    with ConnectProxy({}) as outward:
        outward.status = status
        said = await outcome(here.client(NAMED, connection, environment={"HTTPS_PROXY": outward.url}))
    assert (type(said), said.reason) == (kind, reason)
    assert outward.url in said.message
    assert hint in said.message


@pytest.mark.parametrize("connection", ["tls-routing", "websocket"])
async def test_an_http_proxy_that_is_not_there_is_named(here: Place, connection: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}"
    said = await outcome(here.client(NAMED, connection, environment={"HTTPS_PROXY": gone}))
    assert (type(said), said.reason) == (Transient, Reason.TELEPORT_UNREACHABLE)
    assert f"the HTTP proxy {gone} (HTTPS_PROXY) cannot be connected to" in said.message
    assert "NO_PROXY" in said.message


async def test_an_address_in_no_proxy_is_reached_directly(here: Place) -> None:
    with ConnectProxy({}) as outward:
        environment = {"HTTPS_PROXY": outward.url, "NO_PROXY": "teleport.invalid"}
        said = await outcome(here.client("teleport.invalid:443", "direct", environment=environment))
        assert outward.asked == []
    assert "cannot be resolved" in said.message


@pytest.mark.parametrize("connection", ["auto", "tls-routing", "direct"])
async def test_tls_routing_that_is_off_is_told(here: Place, connection: str) -> None:
    here.proxy.tls_routing = False
    said = await outcome(here.client(here.proxy.address, connection))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_TLS_ROUTING_OFF)
    assert "proxy_listener_mode" in said.message


async def test_the_direct_way_to_a_proxy_is_told_to_be_another(here: Place) -> None:
    said = await outcome(here.client(here.proxy.address, "direct"))
    assert (type(said), said.reason) == (Blocked, Reason.NOT_TELEPORT)
    assert "is a Teleport proxy, not the auth service" in said.message


@pytest.mark.parametrize("connection", ["auto", "tls-routing"])
async def test_a_proxy_of_another_cluster_is_named_with_both(
    here: Place, tmp_path: Path, connection: str
) -> None:
    other = Authority("other.example", datetime.now(UTC))
    other.write_identity(here.identity, "bot-test")
    said = await outcome(here.client(here.proxy.address, connection))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_NOT_TRUSTED)
    assert f"is cluster {CLUSTER}" in said.message
    assert "of cluster other.example" in said.message


@pytest.mark.parametrize("connection", ["auto", "direct", "tls-routing"])
async def test_an_auth_service_of_another_authority_is_not_trusted(here: Place, connection: str) -> None:
    """Another cluster of the same name, or the same after its authority was rotated."""
    Authority(CLUSTER, datetime.now(UTC)).write_identity(here.identity, "bot-test")
    said = await outcome(here.client(here.teleport.address, connection))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_NOT_TRUSTED)
    assert "rotated" in said.message
    assert here.teleport.calls.total() == 0


@pytest.mark.parametrize("end", ["auth", "proxy", "balancer"])
async def test_an_identity_that_the_cluster_does_not_trust_is_refused(here: Place, end: str) -> None:
    stranger = Authority(CLUSTER, datetime.now(UTC))
    stranger.host_ca = here.teleport.authority.host_ca
    stranger.write_identity(here.identity, "bot-test")
    said = await outcome(here.client(here.address(end)))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_IDENTITY_REFUSED)
    assert "renew it for this cluster" in said.message


@pytest.mark.parametrize("end", ["proxy", "balancer"])
async def test_a_private_web_authority_that_is_not_named_is_asked_for(here: Place, end: str) -> None:
    said = await outcome(here.client(here.address(end), "websocket", trusting=False))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_NOT_TRUSTED)
    assert "--teleport-ca-file" in said.message
    if end == "balancer":
        again = await outcome(here.client(here.address(end), "auto", trusting=False))
        assert again.reason is Reason.TELEPORT_NOT_TRUSTED
        assert "--teleport-ca-file" in again.message


async def test_tls_routing_needs_no_web_authority(here: Place) -> None:
    assert await cluster_name(here.client(here.proxy.address, trusting=False)) == CLUSTER


async def test_a_proxy_without_upgrades_is_named(here: Place) -> None:
    here.proxy.upgrades = False
    said = await outcome(here.client(here.balancer.address))
    assert (type(said), said.reason) == (Blocked, Reason.NOT_TELEPORT)
    assert "status 404" in said.message


@pytest.mark.parametrize("connection", ["auto", "websocket"])
async def test_another_web_server_is_not_teleport(here: Place, connection: str) -> None:
    here.proxy.upgrades = False
    here.proxy.find_body = b"<html>It works!</html>"
    said = await outcome(here.client(here.balancer.address, connection))
    assert (type(said), said.reason) == (Blocked, Reason.NOT_TELEPORT)


@pytest.mark.parametrize(
    ("ahead", "side"), [(timedelta(hours=1), "ahead of"), (timedelta(hours=-1), "behind")]
)
async def test_a_handshake_that_fails_beside_different_clocks_is_put_to_them(
    here: Place, ahead: timedelta, side: str
) -> None:
    Authority(CLUSTER, datetime.now(UTC)).write_identity(here.identity, "bot-test")
    here.proxy.clock_ahead = ahead
    said = await outcome(here.client(here.proxy.address, "tls-routing"))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_CLOCK_SKEW)
    assert f"{side} this machine's" in said.message


@pytest.mark.parametrize("end", ["auth", "proxy", "balancer"])
async def test_an_identity_that_is_expired_by_the_servers_clock_is_put_to_the_clocks(
    here: Place, end: str
) -> None:
    """The identity is checked by our clock before, which here stands still."""
    ended = datetime.now(UTC) - timedelta(hours=1)
    here.renew(not_before=ended - timedelta(hours=1), not_after=ended)
    here = Place(
        here.teleport, here.proxy, here.balancer, here.identity, lambda: ended - timedelta(minutes=30)
    )
    said = await outcome(here.client(here.address(end)))
    assert (type(said), said.reason) == (Blocked, Reason.TELEPORT_CLOCK_SKEW)
