"""The connection over real mutual TLS: what it trusts, how it fails, how it comes back."""

import asyncio
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from grpclib.const import Status
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.cluster import get_cluster
from rds_enrollment.teleport.connection import Connection
from rds_enrollment.teleport.ways import Direct
from rds_enrollment.teleport.wire.auth_service_pb2 import Features, PingRequest, PingResponse

from tests.unit.teleport.authority import Authority, ec_key, issue_identity, key_pem
from tests.unit.teleport.fake_auth import SERVER_NAME, FakeTeleport

WayTo = Callable[[int], Direct]
CLUSTER = TeleportCluster(name="teleport.example.com", version="18.0.0", proxy_address="", cloud=False)


@asynccontextmanager
async def closing(client: TeleportClient) -> AsyncIterator[TeleportClient]:
    try:
        yield client
    finally:
        client.close()


async def unreachable(call: Awaitable[object]) -> str:
    """The message of the TeleportUnreachable that the call ends with."""
    with pytest.raises(Transient) as caught:
        await call
    assert caught.value.reason is Reason.TELEPORT_UNREACHABLE
    return caught.value.message


async def blocked(call: Awaitable[object], reason: Reason) -> str:
    """The message of the Blocked, for this reason, that the call ends with."""
    with pytest.raises(Blocked) as caught:
        await call
    assert caught.value.reason is reason
    return caught.value.message


def rewrite(path: Path, content: bytes) -> None:
    """Replaces a file in one step, as a mounted Secret is."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


@asynccontextmanager
async def listening(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """A port of something that is no auth service."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_the_cluster_is_read(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.auth.ping = PingResponse(
        ClusterName="acme",
        ServerVersion="v17.2.1",
        ServerFeatures=Features(Cloud=True),
        ProxyPublicAddr="acme.teleport.sh:443",
    )
    assert await client.cluster() == TeleportCluster(
        name="acme", version="17.2.1", proxy_address="acme.teleport.sh:443", cloud=True
    )


async def test_one_connection_serves_many_calls(client: TeleportClient, teleport: FakeTeleport) -> None:
    assert await asyncio.gather(*(client.cluster() for _ in range(50))) == [CLUSTER] * 50
    assert teleport.journal.rpcs() == ["Ping"] * 50


async def test_a_server_of_another_authority_is_refused(user_authority: Authority, way_to: WayTo) -> None:
    impostor = FakeTeleport(Authority("host authority"), user_authority)
    await impostor.start()
    async with closing(TeleportClient(way_to(impostor.port))) as client:
        message = await blocked(client.cluster(), Reason.TELEPORT_NOT_TRUSTED)
    await impostor.stop()

    assert f"127.0.0.1:{impostor.port}" in message
    assert "authorities do not vouch for" in message
    assert "wrong cluster" in message
    assert impostor.journal.requests == []


async def test_a_server_of_another_name_is_refused(teleport: FakeTeleport, way_to: WayTo) -> None:
    await teleport.stop()
    teleport.server_name = "node-7.teleport.cluster.local"
    await teleport.start()
    async with closing(TeleportClient(way_to(teleport.port))) as client:
        message = await blocked(client.cluster(), Reason.NOT_TELEPORT)

    assert SERVER_NAME in message
    assert teleport.journal.requests == []


async def test_an_identity_that_the_server_does_not_trust_is_named_as_the_cause(
    teleport: FakeTeleport, identity_path: Path, host_authority: Authority, way_to: WayTo
) -> None:
    rewrite(identity_path, issue_identity(Authority("user authority of another cluster"), host_authority))
    async with closing(TeleportClient(way_to(teleport.port))) as client:
        message = await unreachable(client.cluster())

    assert "refuses the identity" in message
    assert teleport.journal.requests == []


async def test_nothing_listening_is_unreachable(way_to: WayTo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with closing(TeleportClient(way_to(port))) as client:
        message = await unreachable(client.cluster())

    assert f"127.0.0.1:{port} cannot be connected to" in message


async def test_plain_text_instead_of_tls_is_unreachable(way_to: WayTo) -> None:
    async def speak_ssh(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Teleport\r\n")
        await writer.drain()

    async with listening(speak_ssh) as port, closing(TeleportClient(way_to(port))) as client:
        message = await unreachable(client.cluster())

    assert "TLS" in message


async def test_a_web_server_behind_the_right_certificate_is_not_teleport(
    host_authority: Authority, way_to: WayTo
) -> None:
    async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = ec_key()
    with tempfile.NamedTemporaryFile() as file:
        file.write(key_pem(key) + host_authority.issue(key, dns_name=SERVER_NAME))
        file.flush()
        context.load_cert_chain(file.name)
    async with listening(speak_http, context) as port, closing(TeleportClient(way_to(port))) as client:
        message = await blocked(client.cluster(), Reason.NOT_TELEPORT)

    assert f"127.0.0.1:{port}" in message
    assert "no HTTP/2" in message


async def ping_with_deadline(connection: Connection, seconds: float) -> PingResponse:
    return await Caller(connection)(
        lambda session: session.auth.Ping, PingRequest(), permission=None, deadline_seconds=seconds
    )


async def test_an_answer_that_never_comes_ends_at_the_deadline(way_to: WayTo) -> None:
    released = asyncio.Event()

    async def swallow(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await released.wait()

    async with listening(swallow) as port:
        connection = Connection(way_to(port))
        message = await unreachable(ping_with_deadline(connection, 0.2))
        connection.close()
        released.set()

    assert "did not answer in time" in message


async def test_a_call_after_a_deadline_does_not_use_the_silent_connection(
    teleport: FakeTeleport, way_to: WayTo
) -> None:
    released = asyncio.Event()

    async def hang() -> None:
        await released.wait()

    teleport.journal.before["Ping"] = hang
    connection = Connection(way_to(teleport.port))
    first = connection.session()
    await unreachable(ping_with_deadline(connection, 0.2))
    del teleport.journal.before["Ping"]

    assert await get_cluster(Caller(connection)) == CLUSTER
    assert connection.session() is not first
    connection.close()
    released.set()


async def test_it_comes_back_after_the_server_restarted(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    await client.cluster()
    await teleport.stop()
    await unreachable(client.cluster())
    await unreachable(client.cluster())
    await teleport.start()

    assert await client.cluster() == CLUSTER


async def test_calls_in_flight_when_the_server_stops_are_unreachable(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    arrived = asyncio.Event()

    async def hang() -> None:
        arrived.set()
        await asyncio.Event().wait()

    teleport.journal.before["Ping"] = hang
    calls = [asyncio.create_task(client.cluster()) for _ in range(3)]
    await arrived.wait()
    await teleport.stop()

    for call in calls:
        await unreachable(call)


async def test_a_renewed_identity_serves_new_calls_and_lets_running_ones_end(
    teleport: FakeTeleport,
    identity_path: Path,
    host_authority: Authority,
    user_authority: Authority,
    way_to: WayTo,
) -> None:
    arrived, released = asyncio.Event(), asyncio.Event()

    async def hang_once() -> None:
        del teleport.journal.before["Ping"]
        arrived.set()
        await released.wait()

    connection = Connection(way_to(teleport.port))
    call = Caller(connection)
    teleport.journal.before["Ping"] = hang_once
    first = connection.session()
    running = asyncio.create_task(get_cluster(call))
    await arrived.wait()

    rewrite(identity_path, issue_identity(user_authority, host_authority))
    assert await get_cluster(call) == CLUSTER
    second = connection.session()
    released.set()

    assert await running == CLUSTER
    assert first.identity.certificate_pem != second.identity.certificate_pem
    assert connection.session() is second
    connection.close()


async def test_an_identity_that_cannot_be_read_blocks_before_anything_is_sent(
    teleport: FakeTeleport, client: TeleportClient, identity_path: Path
) -> None:
    rewrite(identity_path, b"")
    with pytest.raises(Blocked) as caught:
        await client.cluster()

    assert caught.value.reason is Reason.TELEPORT_IDENTITY_UNREADABLE
    assert teleport.journal.requests == []


async def test_answers_beyond_grpcs_usual_limit_are_received(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    teleport.auth.ping = PingResponse(ClusterName="a" * (20 * 2**20))
    assert len((await client.cluster()).name) == 20 * 2**20


async def test_a_failed_call_leaves_no_mark_of_cancellation(teleport: FakeTeleport, way_to: WayTo) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async def after_a_failed_call() -> int:
        connection = Connection(way_to(teleport.port))
        await unreachable(ping_with_deadline(connection, 0.2))
        connection.close()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    teleport.journal.before["Ping"] = hang
    assert await asyncio.create_task(after_a_failed_call()) == 0


async def test_cancelling_a_call_ends_it_on_the_server_too_and_keeps_the_connection(
    teleport: FakeTeleport, way_to: WayTo
) -> None:
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def hang_once() -> None:
        del teleport.journal.before["Ping"]
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    teleport.journal.before["Ping"] = hang_once
    connection = Connection(way_to(teleport.port))
    session = connection.session()
    call = asyncio.create_task(ping_with_deadline(connection, 3600))
    await arrived.wait()
    call.cancel()
    await asyncio.wait({call}, timeout=30)
    assert call.cancelled()
    await asyncio.wait_for(ended.wait(), timeout=30)

    assert await get_cluster(Caller(connection)) == CLUSTER
    assert connection.session() is session
    connection.close()


async def test_every_call_is_observed_with_its_code_and_duration(
    teleport: FakeTeleport, way_to: WayTo
) -> None:
    observed: list[tuple[str, str, float]] = []
    ticks = iter(range(100))
    client = TeleportClient(
        way_to(teleport.port),
        observe_call=lambda *call: observed.append(call),
        timer=lambda: float(next(ticks)),
    )
    await client.cluster()
    await client.get_token("absent")
    teleport.journal.fail("GetIntegration", Status.PERMISSION_DENIED)
    with pytest.raises(Blocked):
        await client.get_integration("x")
    await teleport.stop()
    await unreachable(client.cluster())
    client.close()

    assert observed == [
        ("Ping", "OK", 1.0),
        ("GetToken", "NOT_FOUND", 1.0),
        ("GetIntegration", "PERMISSION_DENIED", 1.0),
        ("Ping", "CONNECTION", 1.0),
    ]
