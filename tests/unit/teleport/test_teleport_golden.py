"""What we send is what Teleport's own Go module sends.

The .bin files are encoded by hack/golden with Teleport's types from inputs.json; here the client sends the same
inputs, and the requests that arrive are compared byte by byte. One difference is allowed and listed: Teleport's
types always emit sub-messages that are not nullable, empty ones, too; those that we do not declare we omit, which
decodes to the same.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from grpclib.const import Status
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.plan.observed.teleport import (
    Database,
    DatabaseTls,
    Integration,
    JoinRule,
    JoinToken,
    MaintenanceWindow,
    RdsMetadata,
    RdsUserTask,
)
from rds_enrollment.teleport import heartbeats, maintenance, user_tasks
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.errors import UnimplementedError
from rds_enrollment.teleport.events import Delete, Init, read_event
from rds_enrollment.teleport.follower import watch_request
from rds_enrollment.teleport.kinds import Kind
from rds_enrollment.teleport.streams import open_stream
from rds_enrollment.teleport.wire.event_pb2 import Event
from rds_enrollment.teleport.wire.maintenance_pb2 import ClusterMaintenanceConfigV1
from rds_enrollment.teleport.wire.user_tasks_pb2 import ListUserTasksResponse

from tests.unit.teleport.fake_auth import FakeTeleport

HANG_SECONDS = 20.0
GOLDEN = Path(__file__).parent / "golden"
INPUTS = json.loads((GOLDEN / "inputs.json").read_text(encoding="utf-8"))

EMPTY_IN_GO = {
    # Status{AWS, MySQL, Azure}; other clouds and engines; AWS services other than RDS.
    "DatabaseV3": {
        *("6", "Spec.6", "Spec.7", "Spec.9", "Spec.10", "Spec.12", "Spec.13"),
        *(f"Spec.AWS.{number}" for number in (2, 5, 6, 7, 8, 9, 12, 16)),
    },
    # SuggestedLabels, SuggestedAgentMatcherLabels
    "CreateTokenV2Request": {"V2.Spec.6", "V2.Spec.9"},
    "UpsertTokenV2Request": {"V2.Spec.6", "V2.Spec.9"},
    # SortBy, WindowsDesktopFilter
    "ListResourcesRequest": {"8", "10"},
}


def database(values: dict[str, Any]) -> Database:
    rds: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values["rds"].items()}
    own = {key: value for key, value in values.items() if key != "tls_server_name"}
    tls = DatabaseTls(server_name=values["tls_server_name"])
    return Database(**{**own, "rds": RdsMetadata(**rds), "tls": tls})


def token(values: dict[str, Any]) -> JoinToken:
    rules = frozenset(JoinRule(**rule) for rule in values["rules"])
    return JoinToken(**{**values, "roles": frozenset(values["roles"]), "rules": rules})


def unknown_field_set(message: Message) -> Iterable[Any]:
    # The stubs of protobuf forget that the set can be iterated.
    return cast("Iterable[Any]", UnknownFieldSet(message))


def unknown_fields(message: Message, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that a message's class does not declare, at any depth: path and value."""
    for unknown in unknown_field_set(message):
        yield f"{prefix}{unknown.field_number}", unknown.data
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None and not descriptor.is_repeated:
            yield from unknown_fields(value, f"{prefix}{descriptor.name}.")


def assert_holds_nothing(content: Any) -> None:
    """`content` is a message that has empty messages at most."""
    assert isinstance(content, bytes)
    for field in unknown_field_set(Empty.FromString(content)):
        assert_holds_nothing(field.data)


def assert_golden(sent: Message, case: str) -> None:
    name = type(sent).__name__
    content = (GOLDEN / f"{name}.{case}.bin" if case else GOLDEN / f"{name}.bin").read_bytes()
    golden = type(sent).FromString(content)
    empty = dict(unknown_fields(golden))
    assert set(empty) == EMPTY_IN_GO.get(name, set())
    for value in empty.values():
        assert_holds_nothing(value)
    golden.DiscardUnknownFields()
    if not empty:
        assert golden.SerializeToString(deterministic=True) == content
    assert sent.SerializeToString(deterministic=True) == golden.SerializeToString(deterministic=True)


@pytest.mark.parametrize("case", INPUTS["databases"])
async def test_databases(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    value = database(INPUTS["databases"][case])
    await client.create_database(value)
    await client.update_database(value)
    await client.delete_database(value.name, value.labels.get(OWNER_MARK, ""))

    assert_golden(teleport.journal.sent("CreateDatabase"), case)
    assert_golden(teleport.journal.sent("GetDatabase"), case)
    assert_golden(teleport.journal.sent("UpdateDatabase"), case)
    assert_golden(teleport.journal.sent("DeleteDatabase"), case)


@pytest.mark.parametrize("case", INPUTS["tokens"])
async def test_tokens(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    value = token(INPUTS["tokens"][case])
    await client.create_token(value)
    await client.update_token(value)
    await client.delete_token(value.name, value.labels.get(OWNER_MARK, ""))

    for rpc in ("CreateTokenV2", "GetToken", "UpsertTokenV2", "DeleteToken"):
        assert_golden(teleport.journal.sent(rpc), case)


@pytest.mark.parametrize("case", INPUTS["integrations"])
async def test_integrations(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    value = Integration(**INPUTS["integrations"][case])
    await client.create_integration(value)
    await client.update_integration(value)
    await client.delete_integration(value.name, value.labels.get(OWNER_MARK, ""))

    for rpc in ("CreateIntegration", "GetIntegration", "UpdateIntegration", "DeleteIntegration"):
        assert_golden(teleport.journal.sent(rpc), case)


async def test_ping(teleport: FakeTeleport, client: TeleportClient) -> None:
    await client.cluster()
    assert_golden(teleport.journal.sent("Ping"), "")


LISTINGS: dict[str, Callable[[TeleportClient], Awaitable[object]]] = {
    "db_service": lambda client: client.agents(),
    "db_server": lambda client: client.database_servers(),
}


@pytest.mark.parametrize("case", INPUTS["listings"])
async def test_listings(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    listing = INPUTS["listings"][case]
    assert listing["limit"] == heartbeats.PAGE_SIZE
    if listing["start_key"]:
        teleport.auth.next_keys = {"": listing["start_key"]}
    await LISTINGS[listing["kind"]](client)

    assert_golden(teleport.journal.sent("ListResources"), case)


async def test_watches(teleport: FakeTeleport, client: TeleportClient) -> None:
    assert INPUTS["watches"].keys() == {"all"}
    assert INPUTS["watches"]["all"] == [kind.value for kind in Kind]
    request = watch_request()
    async with open_stream(
        client.caller, lambda session: session.auth.WatchEvents, request, permission=None
    ) as incoming:
        with pytest.raises(UnimplementedError):
            await incoming.next(HANG_SECONDS)
    assert_golden(teleport.journal.sent("WatchEvents"), "all")


def event(case: str) -> Event:
    return Event.FromString((GOLDEN / f"Event.{case}.bin").read_bytes())


@pytest.mark.parametrize("case", INPUTS["watches"])
def test_the_first_event_of_a_stream(case: str) -> None:
    kinds = frozenset(map(Kind, INPUTS["watches"][case]))
    assert read_event(event(f"init-{case}"), frozenset(Kind)) == Init(kinds)


@pytest.mark.parametrize("case", INPUTS["deletions"])
def test_deletions(case: str) -> None:
    given = INPUTS["deletions"][case]
    key = "/".join(filter(None, (given["description"], given["name"])))
    assert read_event(event(f"delete-{case}"), frozenset(Kind)) == Delete(Kind(given["kind"]), key)


@pytest.mark.parametrize("case", INPUTS["user_task_pages"])
async def test_user_task_pages(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    given = INPUTS["user_task_pages"][case]
    assert given["size"] == user_tasks.PAGE_SIZE
    if given["token"]:
        teleport.user_task.next_tokens = {"": given["token"]}
    await user_tasks.list_rds_user_tasks(client.caller)
    assert_golden(teleport.journal.sent("ListUserTasks"), case)


@pytest.mark.parametrize("case", INPUTS["user_tasks"])
async def test_user_tasks(teleport: FakeTeleport, client: TeleportClient, case: str) -> None:
    given = INPUTS["user_tasks"][case]
    content = (GOLDEN / f"ListUserTasksResponse.{case}.bin").read_bytes()
    teleport.user_task.answer = ListUserTasksResponse.FromString(content)
    assert await user_tasks.list_rds_user_tasks(client.caller) == (
        RdsUserTask(
            issue="rds-iam-auth-disabled",
            account_id=given["account_id"],
            region=given["region"],
            databases=frozenset(given["databases"]),
        ),
    )


@pytest.mark.parametrize(("case", "days"), [("every-day", set()), ("some-days", {0, 4})])
async def test_maintenance_windows(
    teleport: FakeTeleport, client: TeleportClient, case: str, days: set[int]
) -> None:
    content = (GOLDEN / f"ClusterMaintenanceConfigV1.{case}.bin").read_bytes()
    teleport.auth.maintenance = ClusterMaintenanceConfigV1.FromString(content)
    expected = MaintenanceWindow(INPUTS["maintenance"][case]["start_hour"], frozenset(days))
    assert await maintenance.get_window(client.caller) == expected


async def test_a_cluster_without_a_window(teleport: FakeTeleport, client: TeleportClient) -> None:
    assert await maintenance.get_window(client.caller) is None
    teleport.auth.maintenance = ClusterMaintenanceConfigV1()
    assert await maintenance.get_window(client.caller) is None
    teleport.journal.fail("GetClusterMaintenanceConfig", Status.UNIMPLEMENTED)
    assert await maintenance.get_window(client.caller) is None


def test_every_golden_file_is_compared() -> None:
    """The cases above derive from the inputs: a file beyond them would be compared by nobody."""
    requests = {
        "databases": ("DatabaseV3", "ResourceRequest"),
        "tokens": ("CreateTokenV2Request", "UpsertTokenV2Request", "ResourceRequest"),
        "integrations": tuple(f"{verb}IntegrationRequest" for verb in ("Create", "Get", "Update", "Delete")),
        "listings": ("ListResourcesRequest",),
        "watches": ("Watch",),
        "maintenance": ("ClusterMaintenanceConfigV1",),
        "user_task_pages": ("ListUserTasksRequest",),
        "user_tasks": ("ListUserTasksResponse",),
    }
    expected = {
        f"{name}.{case}.bin" for kind, names in requests.items() for name in names for case in INPUTS[kind]
    }
    expected |= {f"Event.init-{case}.bin" for case in INPUTS["watches"]}
    expected |= {f"Event.delete-{case}.bin" for case in INPUTS["deletions"]}
    assert {path.name for path in GOLDEN.glob("*.bin")} == expected | {"PingRequest.bin"}
