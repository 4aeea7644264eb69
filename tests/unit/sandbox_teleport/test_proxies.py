"""What stands before the sandbox: the proxy, the load balancer and the HTTP proxy, seen by plain clients."""

import asyncio
import ssl
from collections.abc import Iterator

import aiohttp
import pytest

from hack.sandbox.teleport.client_hello import offered_protocols, read_client_hello
from hack.sandbox.teleport.middleboxes import ConnectProxy, LoadBalancer
from hack.sandbox.teleport.proxy import ProxySandbox
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import client_context

DOMAIN = "teleport.cluster.local"


@pytest.fixture
def proxy(sandbox: TeleportSandbox) -> Iterator[ProxySandbox]:
    with ProxySandbox(sandbox) as running:
        yield running


async def negotiated(address: str, context: ssl.SSLContext, name: str) -> str | None:
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=name)
    protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.transport.abort()
    return str(protocol) if protocol else None


def routed(sandbox: TeleportSandbox, cluster: str) -> ssl.SSLContext:
    context = client_context(sandbox.identity_file)
    context.set_alpn_protocols([f"teleport-auth@{cluster.encode().hex()}.{DOMAIN}", "h2"])
    return context


async def test_the_protocols_of_a_client_hello_are_read_in_order() -> None:
    offered = ["teleport-auth@00.teleport.cluster.local", "h2"]
    context = ssl.create_default_context()
    context.set_alpn_protocols(offered)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    reader = asyncio.StreamReader()
    reader.feed_data(outgoing.read())
    assert offered_protocols(await read_client_hello(reader)) == offered


async def test_tls_for_the_auth_service_is_passed_on(sandbox: TeleportSandbox, proxy: ProxySandbox) -> None:
    assert await negotiated(proxy.address, routed(sandbox, sandbox.cluster_name), DOMAIN) == "h2"
    assert len(proxy.routed) == 1


async def test_an_unknown_cluster_is_hung_up_on(sandbox: TeleportSandbox, proxy: ProxySandbox) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - a reset or an end of file
        await negotiated(proxy.address, routed(sandbox, "other.example"), DOMAIN)
    assert proxy.routed == []


async def test_without_tls_routing_the_web_server_answers(
    sandbox: TeleportSandbox, proxy: ProxySandbox
) -> None:
    proxy.tls_routing = False
    with pytest.raises(ssl.SSLCertVerificationError):
        await negotiated(proxy.address, routed(sandbox, sandbox.cluster_name), DOMAIN)


async def test_a_load_balancer_knows_no_protocol_of_teleport(proxy: ProxySandbox) -> None:
    context = proxy.authority.client_context()
    context.set_alpn_protocols(["teleport-reversetunnel"])
    assert await negotiated(proxy.address, context, "localhost") == "teleport-reversetunnel"
    with LoadBalancer(proxy) as balancer:
        assert await negotiated(balancer.address, context, "localhost") is None


@pytest.mark.parametrize("path", ["find", "ping"])
async def test_the_web_api_tells_of_the_cluster(
    sandbox: TeleportSandbox, proxy: ProxySandbox, path: str
) -> None:
    proxy.agent_version = "18.0.1"
    with LoadBalancer(proxy) as balancer:
        for address in (proxy.address, balancer.address):
            url = f"https://{address}/webapi/{path}"
            async with (
                aiohttp.ClientSession() as session,
                session.get(url, ssl=proxy.authority.client_context()) as answer,
            ):
                about = await answer.json()
            assert (about["cluster_name"], about["server_version"]) == (sandbox.cluster_name, sandbox.version)
            assert about["proxy"]["tls_routing_enabled"] is True
            assert about["auto_update"]["agent_version"] == "18.0.1"


async def test_an_upgraded_connection_is_pinged(proxy: ProxySandbox) -> None:
    url = f"https://{proxy.address}/webapi/connectionupgrade"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            url, protocols=("alpn-ping",), ssl=proxy.authority.client_context(), autoping=False
        ) as stream,
    ):
        assert stream.protocol == "alpn-ping"
        assert (await stream.receive(timeout=20)).type is aiohttp.WSMsgType.PING


async def test_a_connect_proxy_tunnels_to_its_routes_alone(proxy: ProxySandbox) -> None:
    context = proxy.authority.client_context()
    with ConnectProxy({"teleport.example.com:443": proxy.address}) as outward:
        async with aiohttp.ClientSession() as session:
            url = "https://teleport.example.com/webapi/find"
            async with session.get(url, ssl=context, proxy=outward.url) as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
                await session.get("https://else.example.com/", ssl=context, proxy=outward.url)
        assert caught.value.status == 403
        assert outward.asked == ["teleport.example.com:443", "else.example.com:443"]
