"""The shipped role: enough for everything the operator does, and no rule too many."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.kinds import Kind as WatchedKind
from rds_enrollment.teleport.listings import list_kind
from rds_enrollment.teleport.maintenance import get_window
from rds_enrollment.teleport.role import role_manifest
from rds_enrollment.teleport.wire.aws_oidc_service_pb2 import PingRequest
from rds_enrollment.teleport.wire.user_tasks_pb2 import ListUserTasksRequest

from hack.sandbox.teleport.authority import BOT_ROLE_NAME
from hack.sandbox.teleport.heartbeats import Host, database_service
from hack.sandbox.teleport.roles import BOT_ROLE, Kind, Verb
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.values import DATABASE, INTEGRATION, TOKEN
from tests.unit.teleport.ways_in import Place, place

Operation = Callable[[TeleportClient], Awaitable[object]]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with TeleportSandbox() as teleport, place(tmp_path, teleport) as there:
        yield there


async def user_tasks(client: TeleportClient) -> object:
    return await client.caller(
        lambda session: session.user_tasks.ListUserTasks, ListUserTasksRequest(), permission=None
    )


async def ping(client: TeleportClient) -> object:
    return await client.caller(
        lambda session: session.aws_oidc.Ping, PingRequest(integration=INTEGRATION.name), permission=None
    )


OPERATIONS: dict[tuple[Kind, Verb], Operation] = {
    ("db", "create"): lambda client: client.create_database(DATABASE),
    ("db", "update"): lambda client: client.update_database(DATABASE),
    ("db", "delete"): lambda client: client.delete_database(DATABASE.name),
    ("db_service", "list"): lambda client: client.agents(),
    ("db_service", "read"): lambda client: client.agents(),
    ("token", "list"): lambda client: list_kind(client.caller, WatchedKind.TOKEN),
    ("token", "read"): lambda client: client.get_token(TOKEN.name),
    ("token", "create"): lambda client: client.create_token(TOKEN),
    ("token", "update"): lambda client: client.update_token(TOKEN),
    ("token", "delete"): lambda client: client.delete_token(TOKEN.name),
    ("integration", "list"): lambda client: list_kind(client.caller, WatchedKind.INTEGRATION),
    ("integration", "read"): lambda client: client.get_integration(INTEGRATION.name),
    ("integration", "create"): lambda client: client.create_integration(INTEGRATION),
    ("integration", "update"): lambda client: client.update_integration(INTEGRATION),
    ("integration", "delete"): lambda client: client.delete_integration(INTEGRATION.name),
    ("integration", "use"): ping,
    ("cluster_maintenance_config", "read"): lambda client: get_window(client.caller),
    ("user_task", "list"): user_tasks,
    ("user_task", "read"): user_tasks,
}
"""What the operator does that needs a verb."""


async def prepare(client: TeleportClient, verb: Verb) -> None:
    """The objects that an operation finds."""
    if verb != "create":
        await client.create_database(DATABASE)
        await client.create_token(TOKEN)
        await client.create_integration(INTEGRATION)


def test_every_rule_is_needed_by_an_operation() -> None:
    assert {(kind, verb) for kind, verbs in BOT_ROLE.rules.items() for verb in verbs} == set(OPERATIONS)


@pytest.mark.parametrize(("kind", "verb"), OPERATIONS)
async def test_an_operation_works_with_the_role_and_without_its_rule_is_denied(
    here: Place, kind: Kind, verb: Verb
) -> None:
    client = here.client(here.teleport.address, "direct")
    await prepare(client, verb)
    here.teleport.role = BOT_ROLE.without(kind, verb)
    with pytest.raises(Blocked) as caught:
        await OPERATIONS[kind, verb](client)
    assert caught.value.reason is Reason.TELEPORT_ACCESS_DENIED

    here.teleport.role = BOT_ROLE
    await OPERATIONS[kind, verb](client)
    client.close()


async def test_without_db_labels_no_database_is_the_operators(here: Place) -> None:
    here.teleport.role = replace(BOT_ROLE, db_labels={})
    client = here.client(here.teleport.address, "direct")
    with pytest.raises(Blocked) as caught:
        await client.create_database(DATABASE)
    client.close()
    assert "db_labels that match" in caught.value.message


async def test_without_db_service_labels_no_agent_is_seen(here: Place) -> None:
    agent = Host("host", "ip-1", "18.0.0", True, ())
    here.teleport.resources.database_services.put(
        database_service(agent, datetime.now(UTC) + timedelta(minutes=5))
    )
    client = here.client(here.teleport.address, "direct")
    assert len(await client.agents()) == 1
    here.teleport.role = replace(BOT_ROLE, db_service_labels={})
    assert await client.agents() == []
    client.close()


def test_the_role_bears_the_name_that_the_sandboxs_identities_have() -> None:
    manifest = yaml.safe_load(role_manifest())
    assert (manifest["kind"], manifest["version"]) == ("role", "v7")
    assert manifest["metadata"]["name"] == BOT_ROLE_NAME
