"""WatchEvents, user tasks and the paginated list, as a client of the generated stubs sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.client import Stream
from grpclib.const import Status
from h2.exceptions import StreamClosedError
from rds_enrollment.teleport.wire.auth_service_pb2 import ListDatabasesRequest
from rds_enrollment.teleport.wire.event_pb2 import DELETE, INIT, PUT, Event, Watch
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest, WatchKind
from rds_enrollment.teleport.wire.user_tasks_grpc import UserTaskServiceStub
from rds_enrollment.teleport.wire.user_tasks_pb2 import ListUserTasksRequest, UserTask

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, Client, refused
from tests.unit.sandbox_teleport.world import create_token, database, integration, token
from tests.unit.teleport.view.view_world import server, service

KINDS = ("db", "db_server", "db_service", "token", "integration")


@asynccontextmanager
async def watching(bot: Client, *kinds: str, partial: bool = True) -> AsyncIterator[Stream[Watch, Event]]:
    async with bot.auth.WatchEvents.open(timeout=TIMEOUT) as stream:
        request = Watch(Kinds=[WatchKind(Kind=kind) for kind in kinds], AllowPartialSuccess=partial)
        await stream.send_message(request, end=True)
        yield stream
        with suppress(StreamClosedError):
            await stream.cancel()


async def end(stream: Stream[Watch, Event]) -> None:
    """The stream has no more events. Raises its status."""
    assert await stream.recv_message() is None
    await stream.recv_trailing_metadata()


async def received(stream: Stream[Watch, Event]) -> Event:
    event = await stream.recv_message()
    assert event is not None
    return event


def confirmed(event: Event) -> set[str]:
    assert event.Type == INIT
    return {each.Kind for each in event.WatchStatus.Spec.Kinds}


async def test_the_first_event_confirms_the_kinds(bot: Client) -> None:
    async with watching(bot, *KINDS) as stream:
        assert confirmed(await received(stream)) == set(KINDS)


async def test_writes_are_told_in_their_order(sandbox: TeleportSandbox, bot: Client) -> None:
    async with watching(bot, "db", "token") as stream:
        await received(stream)
        await bot.auth.CreateDatabase(database("a"), timeout=TIMEOUT)
        sandbox.resources.integrations.put(integration())
        await bot.auth.CreateTokenV2(create_token(token("t")), timeout=TIMEOUT)
        await bot.auth.DeleteDatabase(ResourceRequest(Name="a"), timeout=TIMEOUT)

        first, second, third = [await received(stream) for _ in range(3)]
    assert (first.Type, first.Database.Metadata.Name) == (PUT, "a")
    assert first.Database.Metadata.Revision
    assert (second.Type, second.ProvisionToken.Metadata.Name) == (PUT, "t")
    assert (third.Type, third.ResourceHeader.Kind, third.ResourceHeader.Metadata.Name) == (DELETE, "db", "a")


async def test_a_deleted_db_server_is_named_by_its_host_too(sandbox: TeleportSandbox, bot: Client) -> None:
    soon = sandbox.resources.databases.clock().replace(year=2031)
    sandbox.resources.database_servers.put(server("host", database("a"), soon))
    sandbox.resources.database_services.put(service("host", soon))
    async with watching(bot, "db_server", "db_service") as stream:
        await received(stream)
        sandbox.resources.database_servers.discard("host/a")
        sandbox.resources.database_services.discard("host")
        first, second = [(await received(stream)).ResourceHeader for _ in range(2)]
    assert (first.Kind, first.Metadata.Name, first.Metadata.Description) == ("db_server", "a", "host")
    assert (second.Kind, second.Metadata.Name, second.Metadata.Description) == ("db_service", "host", "")


async def test_a_kind_without_a_rule_is_left_out_or_fails_all(sandbox: TeleportSandbox, bot: Client) -> None:
    sandbox.role = sandbox.role.without("token", "read")
    async with watching(bot, "db", "token", "node") as stream:
        assert confirmed(await received(stream)) == {"db"}
    async with watching(bot, "db", "token", partial=False) as stream:
        with refused(Status.PERMISSION_DENIED, "token"):
            await end(stream)
    async with watching(bot, "token") as stream:
        with refused(Status.PERMISSION_DENIED, "token"):
            await end(stream)


async def test_streams_are_dropped_at_once_or_after_some_events(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    async with watching(bot, "db") as stream:
        await received(stream)
        sandbox.events.drop()
        with refused(Status.UNAVAILABLE, "over"):
            await end(stream)
    sandbox.events.drop_after = 2
    async with watching(bot, "db") as stream:
        await received(stream)
        sandbox.resources.databases.put(database("a"))
        sandbox.resources.databases.put(database("b"))
        assert (await received(stream)).Database.Metadata.Name == "a"
        with refused(Status.UNAVAILABLE, "over"):
            await end(stream)


async def test_events_that_are_held_come_when_released(sandbox: TeleportSandbox, bot: Client) -> None:
    async with watching(bot, "db", "token") as stream:
        await received(stream)
        sandbox.events.hold()
        sandbox.resources.databases.put(database("a"))
        sandbox.events.release()
        sandbox.resources.tokens.put(token("t"))
        assert [(await received(stream)).WhichOneof("Resource") for _ in range(2)] == [
            "Database",
            "ProvisionToken",
        ]


async def test_a_server_without_events(sandbox: TeleportSandbox, bot: Client) -> None:
    sandbox.events.enabled = False
    async with watching(bot, "db") as stream:
        with refused(Status.UNIMPLEMENTED, "WatchEvents"):
            await end(stream)


async def test_nothing_to_watch_is_refused(bot: Client) -> None:
    async with watching(bot) as stream:
        with refused(Status.INVALID_ARGUMENT, "no kind"):
            await end(stream)


async def test_databases_come_in_pages_from_newer_servers_alone(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    for name in "abc":
        sandbox.resources.databases.put(database(name))
    with refused(Status.UNIMPLEMENTED, "18.0.0"):
        await bot.auth.ListDatabases(ListDatabasesRequest(), timeout=TIMEOUT)
    sandbox.version = "19.1.0"
    first = await bot.auth.ListDatabases(ListDatabasesRequest(page_size=2), timeout=TIMEOUT)
    rest = await bot.auth.ListDatabases(
        ListDatabasesRequest(page_size=2, page_token=first.next_page_token), timeout=TIMEOUT
    )
    assert [each.Metadata.Name for each in (*first.databases, *rest.databases)] == ["a", "b", "c"]
    assert not rest.next_page_token
    assert len((await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)).Databases) == 3


async def test_user_tasks_need_a_rule(sandbox: TeleportSandbox, bot: Client) -> None:
    task = UserTask(kind="user_task", version="v1")
    task.metadata.name = "one"
    sandbox.resources.user_tasks["one"] = task
    stub = UserTaskServiceStub(bot.channel)
    answer = await stub.ListUserTasks(ListUserTasksRequest(), timeout=TIMEOUT)
    assert list(answer.user_tasks) == [task]
    sandbox.role = sandbox.role.without("user_task", "list")
    with pytest.raises(Exception, match="user_task"):
        await stub.ListUserTasks(ListUserTasksRequest(), timeout=TIMEOUT)
    sandbox.reset()
    assert not (await stub.ListUserTasks(ListUserTasksRequest(), timeout=TIMEOUT)).user_tasks
