"""Answers that no auth service gives: whatever arrives, a call ends with its answer or with an Outcome."""

import asyncio
import random
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.connection import Connection
from rds_enrollment.teleport.ways import Direct
from rds_enrollment.teleport.wire.auth_service_pb2 import PingRequest, PingResponse

from tests.unit.teleport.authority import Authority, ec_key, key_pem
from tests.unit.teleport.fake_auth import SERVER_NAME

HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
TRAILERS = [("grpc-status", "0")]
DEADLINE_SECONDS = 20.0
WHOLE = PingResponse(ClusterName="acme", ServerVersion="18.0.0").SerializeToString()


def framed(message: bytes) -> bytes:
    return b"\x00" + len(message).to_bytes(4) + message


def whole_answer(connection: H2Connection, stream: int, body: bytes) -> bytes:
    connection.send_headers(stream, HEADERS)
    connection.send_data(stream, body)
    connection.send_headers(stream, TRAILERS, end_stream=True)
    return connection.data_to_send()


@asynccontextmanager
async def serving(
    authority: Authority, make: Callable[[H2Connection, int], bytes] | bytes
) -> AsyncIterator[int]:
    """A port with the cluster's certificate that says what `make` gives, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(make, bytes):
                writer.write(make)
            else:
                writer.write(make(await _asked(reader, writer), 1))
            await writer.drain()
        except OSError:
            pass  # the client has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=_context(authority))
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> H2Connection:
    """HTTP/2 up to the first request, which is stream 1."""
    connection = H2Connection(H2Configuration(client_side=False))
    connection.initiate_connection()
    asked = False
    while not asked:
        writer.write(connection.data_to_send())
        events = connection.receive_data(await reader.read(65536))
        asked = any(isinstance(event, RequestReceived) for event in events)
    writer.write(connection.data_to_send())
    return connection


def _context(authority: Authority) -> ssl.SSLContext:
    key = ec_key()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    with tempfile.NamedTemporaryFile() as file:
        file.write(key_pem(key) + authority.issue(key, dns_name=SERVER_NAME))
        file.flush()
        context.load_cert_chain(file.name)
    return context


async def ping(port: int, way_to: Callable[[int], Direct]) -> PingResponse | Blocked | Transient:
    connection = Connection(way_to(port))
    try:
        return await Caller(connection)(
            lambda session: session.auth.Ping,
            PingRequest(),
            permission=None,
            deadline_seconds=DEADLINE_SECONDS,
        )
    except (Blocked, Transient) as outcome:
        return outcome
    finally:
        connection.close()


@pytest.mark.parametrize("seed", range(12))
async def test_noise_after_the_handshake(
    host_authority: Authority, way_to: Callable[[int], Direct], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable noise
    async with serving(host_authority, dice.randbytes(dice.randrange(1, 3000))) as port:
        assert isinstance(await ping(port, way_to), Transient)


@pytest.mark.parametrize("seed", range(24))
async def test_noise_instead_of_a_message(
    host_authority: Authority, way_to: Callable[[int], Direct], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable noise
    noise = dice.randbytes(dice.randrange(200))
    body = framed(noise) if seed % 2 else noise
    async with serving(host_authority, lambda c, s: whole_answer(c, s, body)) as port:
        assert isinstance(await ping(port, way_to), (PingResponse, Blocked, Transient))


@pytest.mark.parametrize("kept", range(0, len(framed(WHOLE)), 3))
async def test_a_message_that_is_cut_off(
    host_authority: Authority, way_to: Callable[[int], Direct], kept: int
) -> None:
    body = framed(WHOLE)[:kept]
    async with serving(host_authority, lambda c, s: whole_answer(c, s, body)) as port:
        assert isinstance(await ping(port, way_to), (Blocked, Transient))


@pytest.mark.parametrize("tenths", range(10))
async def test_a_connection_that_is_cut_off_in_the_answer(
    host_authority: Authority, way_to: Callable[[int], Direct], tenths: int
) -> None:
    def cut(connection: H2Connection, stream: int) -> bytes:
        answer = whole_answer(connection, stream, framed(WHOLE))
        return answer[: len(answer) * tenths // 10]

    async with serving(host_authority, cut) as port:
        said = await ping(port, way_to)
    # grpclib takes a whole message without its trailers for an answer: then it is the whole message.
    assert isinstance(said, Transient) or said == PingResponse.FromString(WHOLE)
    if tenths < 5:
        assert isinstance(said, Transient)


async def test_the_same_server_is_understood_when_it_answers_properly(
    host_authority: Authority, way_to: Callable[[int], Direct]
) -> None:
    async with serving(host_authority, lambda c, s: whole_answer(c, s, framed(WHOLE))) as port:
        assert await ping(port, way_to) == PingResponse.FromString(WHOLE)


@pytest.mark.parametrize(
    "headers",
    [
        [(":status", "200"), ("content-type", "text/html")],
        [(":status", "503"), ("content-type", "application/grpc")],
        [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "many")],
        [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "99")],
    ],
)
async def test_headers_of_something_else(
    host_authority: Authority, way_to: Callable[[int], Direct], headers: list[tuple[str, str]]
) -> None:
    def answer(connection: H2Connection, stream: int) -> bytes:
        connection.send_headers(stream, headers, end_stream=True)
        return connection.data_to_send()

    async with serving(host_authority, answer) as port:
        assert isinstance(await ping(port, way_to), (Blocked, Transient))
