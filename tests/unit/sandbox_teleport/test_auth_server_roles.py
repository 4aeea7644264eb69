"""What the bot's role allows, and what it does not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.const import Status
from rds_enrollment.teleport.wire.auth_service_pb2 import (
    CreateTokenV2Request,
    ListResourcesRequest,
    PingRequest,
    UpsertTokenV2Request,
)
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.integration_service_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    ListIntegrationsRequest,
    UpdateIntegrationRequest,
)
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

from hack.sandbox.teleport.heartbeats import Host, database_service
from hack.sandbox.teleport.roles import BOT_ROLE, Kind, Role, Verb
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, Client, connect, refused
from tests.unit.sandbox_teleport.world import ManualClock, database, integration, token

NAMED = ResourceRequest(Name="x")

CALLS: list[tuple[Kind, Verb, Callable[[Client], Awaitable[object]]]] = [
    ("db", "create", lambda bot: bot.auth.CreateDatabase(database(), timeout=TIMEOUT)),
    ("db", "update", lambda bot: bot.auth.UpdateDatabase(database(), timeout=TIMEOUT)),
    ("db", "delete", lambda bot: bot.auth.DeleteDatabase(NAMED, timeout=TIMEOUT)),
    ("token", "read", lambda bot: bot.auth.GetToken(NAMED, timeout=TIMEOUT)),
    ("token", "list", lambda bot: bot.auth.GetTokens(Empty(), timeout=TIMEOUT)),
    (
        "token",
        "create",
        lambda bot: bot.auth.CreateTokenV2(CreateTokenV2Request(V2=token()), timeout=TIMEOUT),
    ),
    (
        "token",
        "create",
        lambda bot: bot.auth.UpsertTokenV2(UpsertTokenV2Request(V2=token()), timeout=TIMEOUT),
    ),
    (
        "token",
        "update",
        lambda bot: bot.auth.UpsertTokenV2(UpsertTokenV2Request(V2=token()), timeout=TIMEOUT),
    ),
    ("token", "delete", lambda bot: bot.auth.DeleteToken(NAMED, timeout=TIMEOUT)),
    (
        "integration",
        "list",
        lambda bot: bot.integrations.ListIntegrations(ListIntegrationsRequest(), timeout=TIMEOUT),
    ),
    (
        "integration",
        "read",
        lambda bot: bot.integrations.GetIntegration(GetIntegrationRequest(name="x"), timeout=TIMEOUT),
    ),
    (
        "integration",
        "create",
        lambda bot: bot.integrations.CreateIntegration(
            CreateIntegrationRequest(integration=integration()), timeout=TIMEOUT
        ),
    ),
    (
        "integration",
        "update",
        lambda bot: bot.integrations.UpdateIntegration(
            UpdateIntegrationRequest(integration=integration()), timeout=TIMEOUT
        ),
    ),
    (
        "integration",
        "delete",
        lambda bot: bot.integrations.DeleteIntegration(DeleteIntegrationRequest(name="x"), timeout=TIMEOUT),
    ),
    (
        "db_service",
        "list",
        lambda bot: bot.auth.ListResources(ListResourcesRequest(ResourceType="db_service"), timeout=TIMEOUT),
    ),
]


@pytest.mark.parametrize(("kind", "verb", "call"), CALLS)
async def test_a_call_without_its_rule_is_denied(
    sandbox: TeleportSandbox, bot: Client, kind: Kind, verb: Verb, call: Callable[[Client], Awaitable[object]]
) -> None:
    sandbox.role = BOT_ROLE.without(kind, verb)
    with refused(Status.PERMISSION_DENIED, f"{kind}: {verb}"):
        await call(bot)
    assert sandbox.resources.databases.list() == []
    assert sandbox.resources.tokens.list() == []
    assert sandbox.resources.integrations.list() == []


async def test_a_role_can_be_given_from_the_start(clock: ManualClock) -> None:
    with TeleportSandbox(clock=clock, role=BOT_ROLE.without("token")) as sandbox:
        async with connect(sandbox.address, sandbox.identity_file) as bot:
            with refused(Status.PERMISSION_DENIED, "token: read"):
                await bot.auth.GetToken(NAMED, timeout=TIMEOUT)


async def test_reading_databases_and_their_servers_is_part_of_every_role(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database(), timeout=TIMEOUT)
    sandbox.role = Role(db_labels=BOT_ROLE.db_labels)
    assert len((await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)).Databases) == 1
    assert (
        await bot.auth.GetDatabase(ResourceRequest(Name="orders"), timeout=TIMEOUT)
    ).Spec.Protocol == "postgres"
    await bot.auth.ListResources(ListResourcesRequest(ResourceType="db_server"), timeout=TIMEOUT)


async def test_databases_that_db_labels_do_not_select_are_out_of_reach(
    sandbox: TeleportSandbox, bot: Client
) -> None:
    await bot.auth.CreateDatabase(database("mine", team="data"), timeout=TIMEOUT)
    await bot.auth.CreateDatabase(database("theirs", team="other"), timeout=TIMEOUT)
    sandbox.role = replace(BOT_ROLE, db_labels={"team": ("data", "web")})
    listed = await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)
    assert [each.Metadata.Name for each in listed.Databases] == ["mine"]
    theirs = ResourceRequest(Name="theirs")
    with refused(Status.PERMISSION_DENIED, "db_labels"):
        await bot.auth.GetDatabase(theirs, timeout=TIMEOUT)
    with refused(Status.PERMISSION_DENIED, "db_labels"):
        await bot.auth.DeleteDatabase(theirs, timeout=TIMEOUT)
    with refused(Status.PERMISSION_DENIED, "db_labels"):
        await bot.auth.CreateDatabase(database("new"), timeout=TIMEOUT)


@pytest.mark.parametrize("resource", [database("theirs", team="data"), database("mine", team="other")])
async def test_an_update_needs_the_old_labels_and_the_new(
    sandbox: TeleportSandbox, bot: Client, resource: DatabaseV3
) -> None:
    await bot.auth.CreateDatabase(database("mine", team="data"), timeout=TIMEOUT)
    await bot.auth.CreateDatabase(database("theirs", team="other"), timeout=TIMEOUT)
    sandbox.role = replace(BOT_ROLE, db_labels={"team": ("data",)})
    with refused(Status.PERMISSION_DENIED, "db_labels"):
        await bot.auth.UpdateDatabase(resource, timeout=TIMEOUT)


async def test_without_db_service_labels_the_list_is_empty(
    sandbox: TeleportSandbox, clock: ManualClock, bot: Client
) -> None:
    agent = Host("host", "ip-1", "18.0.0", True, ())
    sandbox.resources.database_services.put(database_service(agent, clock.now.replace(minute=10)))
    request = ListResourcesRequest(ResourceType="db_service")
    assert len((await bot.auth.ListResources(request, timeout=TIMEOUT)).Resources) == 1
    sandbox.role = replace(BOT_ROLE, db_service_labels={})
    assert len((await bot.auth.ListResources(request, timeout=TIMEOUT)).Resources) == 0


async def test_an_identity_without_the_role_may_only_ping(sandbox: TeleportSandbox, tmp_path: Path) -> None:
    identity = sandbox.authority.write_identity(tmp_path / "identity", "bot-other", roles=("other",))
    async with connect(sandbox.address, identity) as bot:
        await bot.auth.Ping(PingRequest(), timeout=TIMEOUT)
        with refused(Status.PERMISSION_DENIED, "token: read"):
            await bot.auth.GetToken(NAMED, timeout=TIMEOUT)
