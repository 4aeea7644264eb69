"""What failed calls mean: every gRPC status, every layer below."""

from collections.abc import Awaitable, Callable

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed.teleport import Database, Integration, JoinToken
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.errors import (
    Call,
    NotFoundError,
    Permission,
    UnimplementedError,
    quoted,
    translate,
)

from tests.unit.teleport.fake_auth import FakeTeleport
from tests.unit.teleport.values import DATABASE, INTEGRATION, TOKEN

CALL = Call("UpdateDatabase", "db payments", "auth:3025", Permission("db", ("update",), "db_labels"))

MEANINGS = {
    Status.CANCELLED: (Transient, Reason.TELEPORT_UNREACHABLE),
    Status.UNKNOWN: (Transient, Reason.TELEPORT_FAILED),
    Status.INVALID_ARGUMENT: (Blocked, Reason.TELEPORT_REQUEST_REFUSED),
    Status.DEADLINE_EXCEEDED: (Transient, Reason.TELEPORT_UNREACHABLE),
    Status.NOT_FOUND: (NotFoundError, Reason.CONFLICT),
    Status.ALREADY_EXISTS: (Conflict, Reason.CONFLICT),
    Status.PERMISSION_DENIED: (Blocked, Reason.TELEPORT_ACCESS_DENIED),
    Status.RESOURCE_EXHAUSTED: (Transient, Reason.TELEPORT_FAILED),
    Status.FAILED_PRECONDITION: (Conflict, Reason.CONFLICT),
    Status.ABORTED: (Conflict, Reason.CONFLICT),
    Status.OUT_OF_RANGE: (Blocked, Reason.TELEPORT_REQUEST_REFUSED),
    Status.UNIMPLEMENTED: (UnimplementedError, Reason.TELEPORT_REQUEST_REFUSED),
    Status.INTERNAL: (Transient, Reason.TELEPORT_FAILED),
    Status.UNAVAILABLE: (Transient, Reason.TELEPORT_UNREACHABLE),
    Status.DATA_LOSS: (Transient, Reason.TELEPORT_FAILED),
    Status.UNAUTHENTICATED: (Blocked, Reason.TELEPORT_ACCESS_DENIED),
}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_every_status_has_a_meaning(status: Status) -> None:
    failure = translate(GRPCError(status, "the server's words"), CALL)

    assert (type(failure.outcome), failure.outcome.reason) == MEANINGS[status]
    assert failure.code == status.name
    assert "UpdateDatabase (db payments)" in failure.outcome.message
    assert "the server's words" in failure.outcome.message


def test_only_an_unavailable_server_makes_the_connection_suspect() -> None:
    suspect = [s for s in MEANINGS if translate(GRPCError(s), CALL).connection_suspect]
    assert suspect == [Status.UNAVAILABLE]


@pytest.mark.parametrize(
    "error", [AssertionError("5 != 6"), ValueError("utf-8"), AttributeError("_transport")]
)
def test_whatever_the_library_raises_becomes_an_outcome(error: Exception) -> None:
    failure = translate(error, CALL)

    assert isinstance(failure.outcome, Transient)
    assert failure.outcome.reason is Reason.TELEPORT_UNREACHABLE
    assert "auth:3025" in failure.outcome.message
    assert failure.connection_suspect


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (None, ""),
        ("two\nlines\tand \x1b[31mcolour", "two lines and [31mcolour"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_foreign_text_is_quoted_as_one_bounded_line(text: str | None, quote: str) -> None:
    assert quoted(text) == quote


ClientCall = Callable[[TeleportClient], Awaitable[object]]
DENIALS: list[tuple[str, ClientCall, str]] = [
    ("GetDatabases", lambda c: c.databases(), "a rule for db with list, read, and db_labels that match"),
    ("GetDatabase", lambda c: c.get_database("x"), "a rule for db with read, and db_labels that match"),
    ("CreateDatabase", lambda c: c.create_database(DATABASE), "a rule for db with create, and db_labels"),
    ("GetToken", lambda c: c.get_token("x"), "a rule for token with read"),
    ("CreateTokenV2", lambda c: c.create_token(TOKEN), "a rule for token with create"),
    ("GetIntegration", lambda c: c.get_integration("x"), "a rule for integration with read"),
    ("CreateIntegration", lambda c: c.create_integration(INTEGRATION), "a rule for integration with create"),
    ("ListResources", lambda c: c.agents(), "a rule for db_service with list, read, and db_service_labels"),
    ("ListResources", lambda c: c.database_servers(), "a rule for db_server with list, read, and db_labels"),
]


@pytest.mark.parametrize(("rpc", "call", "rule"), DENIALS)
async def test_a_denial_names_the_call_and_the_rule_to_grant(
    teleport: FakeTeleport, client: TeleportClient, rpc: str, call: ClientCall, rule: str
) -> None:
    teleport.journal.fail(rpc, Status.PERMISSION_DENIED, "access denied to perform action")
    with pytest.raises(Blocked) as caught:
        await call(client)

    assert caught.value.reason is Reason.TELEPORT_ACCESS_DENIED
    assert rpc in caught.value.message
    assert rule in caught.value.message
    assert "access denied to perform action" in caught.value.message


UPDATE_DENIALS = [
    ("UpdateDatabase", "create_database", "update_database", DATABASE, "a rule for db with update"),
    ("UpsertTokenV2", "create_token", "update_token", TOKEN, "a rule for token with create, update"),
    (
        "UpdateIntegration",
        "create_integration",
        "update_integration",
        INTEGRATION,
        "a rule for integration with update",
    ),
]


@pytest.mark.parametrize(("rpc", "create", "update", "value", "rule"), UPDATE_DENIALS)
async def test_a_denied_update_names_the_rule_to_grant(
    teleport: FakeTeleport,
    client: TeleportClient,
    rpc: str,
    create: str,
    update: str,
    value: object,
    rule: str,
) -> None:
    await getattr(client, create)(value)
    teleport.journal.fail(rpc, Status.PERMISSION_DENIED)
    with pytest.raises(Blocked) as caught:
        await getattr(client, update)(value)

    assert rule in caught.value.message


@pytest.mark.parametrize(
    ("rpc", "kind", "value", "rule"),
    [
        ("DeleteDatabase", "database", DATABASE, "a rule for db with delete, and db_labels"),
        ("DeleteToken", "token", TOKEN, "a rule for token with delete"),
        ("DeleteIntegration", "integration", INTEGRATION, "a rule for integration with delete"),
    ],
)
async def test_a_denied_deletion_names_the_rule_to_grant(
    teleport: FakeTeleport,
    client: TeleportClient,
    rpc: str,
    kind: str,
    value: Database | JoinToken | Integration,
    rule: str,
) -> None:
    await getattr(client, f"create_{kind}")(value)
    teleport.journal.fail(rpc, Status.PERMISSION_DENIED)
    with pytest.raises(Blocked) as caught:
        await getattr(client, f"delete_{kind}")(value.name)

    assert caught.value.reason is Reason.TELEPORT_ACCESS_DENIED
    assert rule in caught.value.message


async def test_a_refusal_carries_the_servers_text(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.journal.fail("CreateDatabase", Status.INVALID_ARGUMENT, 'invalid database "x y" name')
    with pytest.raises(Outcome) as caught:
        await client.create_database(DATABASE)

    assert caught.value.reason is Reason.TELEPORT_REQUEST_REFUSED
    assert 'invalid database "x y" name' in caught.value.message
