"""The layer around every call: counts, the log of writes, the gate, latency."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.client import UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import StreamTerminatedError
from rds_enrollment.teleport.wire.auth_service_pb2 import CreateTokenV2Request, PingRequest
from rds_enrollment.teleport.wire.integration_service_pb2 import CreateIntegrationRequest
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

from hack.sandbox.gate import Cut, Write
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, Client, connect, refused
from tests.unit.sandbox_teleport.world import database, integration, token, wait_until

CREATE = Write("teleport", "proto.AuthService/CreateDatabase", "orders")


class RecordingGate:
    """Notes what passes; `before` and `after` may be replaced."""

    def __init__(
        self,
        before: Callable[[Write], None] = lambda _: None,
        after: Callable[[Write], None] = lambda _: None,
    ) -> None:
        self.passed: list[tuple[str, Write]] = []
        self._before, self._after = before, after

    def before(self, write: Write) -> None:
        self.passed.append(("before", write))
        self._before(write)

    def after(self, write: Write) -> None:
        self.passed.append(("after", write))
        self._after(write)


def cut(_write: Write) -> None:
    raise Cut


def names(sandbox: TeleportSandbox) -> list[str]:
    return [each.Metadata.Name for each in sandbox.resources.databases.list()]


async def test_calls_are_counted_and_writes_kept_in_order(sandbox: TeleportSandbox, bot: Client) -> None:
    await bot.auth.Ping(PingRequest(), timeout=TIMEOUT)
    await bot.auth.Ping(PingRequest(), timeout=TIMEOUT)
    await bot.integrations.CreateIntegration(
        CreateIntegrationRequest(integration=integration()), timeout=TIMEOUT
    )
    await bot.auth.CreateTokenV2(CreateTokenV2Request(V2=token("agents")), timeout=TIMEOUT)
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    with refused(Status.ALREADY_EXISTS, "orders"):
        await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    await bot.auth.DeleteDatabase(ResourceRequest(Name="orders"), timeout=TIMEOUT)
    assert sandbox.calls == {
        "proto.AuthService/Ping": 2,
        "teleport.integration.v1.IntegrationService/CreateIntegration": 1,
        "proto.AuthService/CreateTokenV2": 1,
        "proto.AuthService/CreateDatabase": 2,
        "proto.AuthService/DeleteDatabase": 1,
    }
    assert sandbox.writes == [
        Write("teleport", "teleport.integration.v1.IntegrationService/CreateIntegration", "prod-aws"),
        Write("teleport", "proto.AuthService/CreateTokenV2", "agents"),
        CREATE,
        CREATE,
        Write("teleport", "proto.AuthService/DeleteDatabase", "orders"),
    ]


async def test_a_reset_empties_the_cluster_and_the_log(sandbox: TeleportSandbox, bot: Client) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.role = sandbox.role.without("db")
    sandbox.reset()
    assert (names(sandbox), sandbox.calls.total(), sandbox.writes) == ([], 0, [])
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)


async def test_only_writes_go_through_the_gate_and_refused_ones_do(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    sandbox.gate = gate = RecordingGate()
    await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    with refused(Status.ALREADY_EXISTS, "orders"):
        await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    assert gate.passed == [("before", CREATE), ("after", CREATE)] * 2


async def test_a_cut_before_a_write_drops_the_connection_and_nothing_happened(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    sandbox.gate = gate = RecordingGate(before=cut)
    with pytest.raises(StreamTerminatedError):
        await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    assert names(sandbox) == []
    assert gate.passed == [("before", CREATE)]
    sandbox.gate = None
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)


async def test_a_cut_after_a_write_loses_only_the_answer(sandbox: TeleportSandbox, bot: Client) -> None:
    sandbox.gate = RecordingGate(after=cut)
    with pytest.raises(StreamTerminatedError):
        await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    assert names(sandbox) == ["orders"]


async def test_a_cut_takes_down_every_call_of_the_connection_and_no_other(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    sandbox.latencies["proto.AuthService/Ping"] = 60
    async with connect(sandbox.address, sandbox.identity_file) as other:
        await other.auth.GetDatabases(Empty(), timeout=TIMEOUT)
        waiting = asyncio.create_task(bot.auth.Ping(PingRequest(), timeout=TIMEOUT))
        await asyncio.to_thread(wait_until, lambda: sandbox.calls["proto.AuthService/Ping"] == 1)
        sandbox.gate = RecordingGate(before=cut)
        with pytest.raises(StreamTerminatedError):
            await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
        with pytest.raises(StreamTerminatedError):
            await waiting
        await other.auth.GetDatabases(Empty(), timeout=TIMEOUT)


async def test_a_blocked_gate_holds_up_its_write_alone(sandbox: TeleportSandbox, bot: Client) -> None:
    opened = threading.Event()
    sandbox.gate = RecordingGate(before=lambda _: _wait_for(opened))
    write = asyncio.create_task(bot.auth.CreateDatabase(database(), timeout=TIMEOUT))
    await asyncio.to_thread(wait_until, lambda: len(sandbox.writes) == 1)
    await bot.auth.Ping(PingRequest(), timeout=TIMEOUT)
    assert names(sandbox) == []
    opened.set()
    await write
    assert names(sandbox) == ["orders"]


async def test_a_write_that_has_arrived_takes_effect_though_its_client_is_gone(
    sandbox: TeleportSandbox,
) -> None:
    opened = threading.Event()
    sandbox.gate = gate = RecordingGate(before=lambda _: _wait_for(opened))
    async with connect(sandbox.address, sandbox.identity_file) as bot:
        write = asyncio.create_task(bot.auth.CreateDatabase(database(), timeout=TIMEOUT))
        await asyncio.to_thread(wait_until, lambda: len(gate.passed) == 1)
        write.cancel()
        await asyncio.wait([write])
    opened.set()
    await asyncio.to_thread(wait_until, lambda: len(gate.passed) == 2)
    assert names(sandbox) == ["orders"]


async def test_latency_holds_back_the_calls_it_is_set_for(sandbox: TeleportSandbox, bot: Client) -> None:
    sandbox.latencies["proto.AuthService/Ping"] = 60
    with pytest.raises(asyncio.TimeoutError):
        await bot.auth.Ping(PingRequest(), timeout=0.2)
    await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)
    sandbox.latencies.clear()
    sandbox.latency = 60
    with pytest.raises(asyncio.TimeoutError):
        await bot.auth.GetDatabases(Empty(), timeout=0.2)


async def test_an_rpc_that_is_not_built_is_unimplemented(bot: Client) -> None:
    method = UnaryUnaryMethod(bot.channel, "/proto.AuthService/GetDomainName", Empty, Empty)
    with refused(Status.UNIMPLEMENTED, "proto.AuthService/GetDomainName"):
        await method(Empty(), timeout=TIMEOUT)


def _wait_for(event: threading.Event) -> None:
    if not event.wait(TIMEOUT):
        raise TimeoutError("the gate was never opened")
