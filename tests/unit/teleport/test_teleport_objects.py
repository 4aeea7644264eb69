"""Objects: values there and back, and what a read and write of a foreign object keeps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from grpclib.const import Status
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.observed.teleport import (
    Agent,
    DatabaseServer,
    DatabaseTls,
    JoinRule,
    JoinToken,
    TargetHealth,
)
from rds_enrollment.plan.outcome import Conflict, Transient
from rds_enrollment.plan.steps import TeleportStep
from rds_enrollment.plan.steps import teleport as teleport_steps
from rds_enrollment.plan.steps.teleport import (
    CreateDatabase,
    CreateIntegration,
    CreateJoinToken,
    DeleteDatabase,
    DeleteIntegration,
    DeleteJoinToken,
    DisownDatabase,
    DisownIntegration,
    DisownJoinToken,
    DisownStep,
    UpdateDatabase,
    UpdateIntegration,
    UpdateJoinToken,
)
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.databases_wire import new_database
from rds_enrollment.teleport.integrations_wire import new_integration
from rds_enrollment.teleport.tokens_wire import new_token
from rds_enrollment.teleport.wire.auth_service_pb2 import ListResourcesRequest, PaginatedResource
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1
from rds_enrollment.teleport.wire.token_pb2 import TokenRule

from tests.unit.teleport.fake_auth import FakeTeleport
from tests.unit.teleport.values import DATABASE, INTEGRATION, TOKEN

READY = ConditionType.READY


def learn(message: Message, number: int, text: str) -> None:
    """Gives a message a field that its class does not know, as a newer server would."""
    content = text.encode()
    assert number < 2**11
    assert len(content) < 2**7
    tag = number << 3 | 2
    message.MergeFromString(bytes([tag & 0x7F | 0x80, tag >> 7, len(content)]) + content)


def wire(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


async def test_databases_are_written_and_read_back(client: TeleportClient) -> None:
    other = replace(DATABASE, name="orders", tls=DatabaseTls(), labels={})
    await client.create_database(DATABASE)
    await client.create_database(other)

    assert await client.get_database("payments") == DATABASE
    assert await client.databases() == [DATABASE, other]


async def test_tokens_are_written_and_read_back(client: TeleportClient) -> None:
    await client.create_token(TOKEN)
    assert await client.get_token(TOKEN.name) == TOKEN


async def test_integrations_are_written_and_read_back(client: TeleportClient) -> None:
    await client.create_integration(INTEGRATION)
    assert await client.get_integration(INTEGRATION.name) == INTEGRATION


async def test_what_is_absent_is_none(client: TeleportClient) -> None:
    assert await client.get_database("x") is None
    assert await client.get_token("x") is None
    assert await client.get_integration("x") is None
    assert await client.databases() == []


CASES = [
    pytest.param("database", DATABASE, id="database"),
    pytest.param("token", TOKEN, id="token"),
    pytest.param("integration", INTEGRATION, id="integration"),
]


@pytest.mark.parametrize(("kind", "value"), CASES)
async def test_creating_what_exists_is_a_conflict(client: TeleportClient, kind: str, value: object) -> None:
    await getattr(client, f"create_{kind}")(value)
    with pytest.raises(Conflict) as caught:
        await getattr(client, f"create_{kind}")(value)
    assert caught.value.reason is Reason.CONFLICT


@pytest.mark.parametrize(("kind", "value"), CASES)
async def test_updating_what_is_gone_is_a_conflict_and_creates_nothing(
    client: TeleportClient, kind: str, value: object
) -> None:
    with pytest.raises(Conflict):
        await getattr(client, f"update_{kind}")(value)
    assert await getattr(client, f"get_{kind}")(value.name) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["database", "token", "integration"])
async def test_deleting_what_is_gone_is_done(
    teleport: FakeTeleport, client: TeleportClient, kind: str
) -> None:
    await getattr(client, f"delete_{kind}")("x")
    assert len(teleport.journal.requests) == 1


async def test_an_update_of_a_database_keeps_what_it_does_not_own(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    stored = new_database(replace(DATABASE, labels={"theirs": "gone", "region": "old"}, uri="old:1"))
    expected = new_database(DATABASE)
    for message in (stored, expected):
        message.Metadata.Revision = "revision-7"
        learn(message, 6, "status")
        learn(message.Metadata, 99, "metadata")
        learn(message.Spec, 11, "admin user")
        learn(message.Spec.AWS, 11, "assume role")
        learn(message.Spec.AWS.RDS, 99, "rds")
        learn(message.Spec.TLS, 99, "tls")
    teleport.auth.databases["payments"] = stored

    await client.update_database(DATABASE)

    assert wire(teleport.auth.databases["payments"]) == wire(expected)
    assert await client.get_database("payments") == DATABASE


async def test_an_update_of_a_token_keeps_what_it_does_not_own(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    (rule,) = TOKEN.rules
    stored = new_token(replace(TOKEN, roles=frozenset({"Node"}), labels={"theirs": "kept", "owner": "old"}))
    learn(stored, 6, "status")
    learn(stored.Spec, 99, "spec")
    learn(stored.Spec.Allow[0], 99, "rule")
    stored.Spec.Allow.insert(0, TokenRule(AWSAccount="210987654321", AWSARN="obsolete"))
    teleport.auth.tokens[TOKEN.name] = stored
    added = JoinRule("123456789012", "arn:aws:sts::123456789012:assumed-role/Other/*")

    await client.update_token(replace(TOKEN, rules=frozenset({rule, added})))

    expected = new_token(replace(TOKEN, labels={"theirs": "kept", "owner": "us"}))
    learn(expected, 6, "status")
    learn(expected.Spec, 99, "spec")
    learn(expected.Spec.Allow[0], 99, "rule")
    expected.Spec.Allow.append(TokenRule(AWSAccount=added.account, AWSARN=added.arn))
    assert wire(teleport.auth.tokens[TOKEN.name]) == wire(expected)


async def test_an_update_of_an_integration_keeps_what_it_does_not_own(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    labels = {"theirs": "kept", "owner": "old"}
    stored = new_integration(replace(INTEGRATION, role_arn="arn:aws:iam::1:role/old", labels=labels))
    expected = new_integration(replace(INTEGRATION, labels={"theirs": "kept", "owner": "us"}))
    for message in (stored, expected):
        learn(message, 99, "integration")
        learn(message.Header, 99, "header")
        learn(message.Spec, 4, "credentials")
        learn(message.Spec.AWSOIDC, 3, "audience")
    teleport.integration.integrations[INTEGRATION.name] = stored

    await client.update_integration(INTEGRATION)

    assert wire(teleport.integration.integrations[INTEGRATION.name]) == wire(expected)


async def test_an_integration_of_another_sub_kind_is_read_and_never_written(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    stored = new_integration(INTEGRATION)
    stored.Header.SubKind = "github"
    stored.Spec.ClearField("AWSOIDC")
    teleport.integration.integrations[INTEGRATION.name] = stored

    found = await client.get_integration(INTEGRATION.name)
    assert found == replace(INTEGRATION, sub_kind="github", role_arn="")
    with pytest.raises(Conflict, match="github"):
        await client.update_integration(INTEGRATION)
    with pytest.raises(ValueError, match="github"):
        await client.create_integration(found)
    assert teleport.journal.rpcs() == ["GetIntegration", "GetIntegration"]


async def test_labels_of_others_stay_on_a_token(client: TeleportClient) -> None:
    await client.create_token(replace(TOKEN, labels={"a": "1"}))
    await client.update_token(replace(TOKEN, labels={"b": "2"}))
    found = await client.get_token(TOKEN.name)
    assert found is not None
    assert found.labels == {"a": "1", "b": "2"}


def a_service(host_id: str, matchers: Mapping[str, list[str]]) -> PaginatedResource:
    message = DatabaseServiceV1()
    message.Header.Metadata.Name = host_id
    message.Header.Metadata.Expires.FromDatetime(datetime(2026, 6, 1, 12, 10, tzinfo=UTC))
    message.Spec.Hostname = f"ip-{host_id}"
    matcher = message.Spec.ResourceMatchers.add()
    for label, values in matchers.items():
        matcher.Labels.Values[label].Values.extend(values)
    return PaginatedResource(DatabaseService=message)


def a_server(host_id: str, health: str) -> PaginatedResource:
    message = DatabaseServerV3()
    message.Metadata.Name = "payments"
    message.Spec.HostID = host_id
    message.Spec.Hostname = f"ip-{host_id}"
    message.Spec.Version = "18.0.0"
    message.Status.TargetHealth.Status = health
    message.Status.TargetHealth.TransitionError = "dial tcp: i/o timeout"
    message.Status.TargetHealth.Message = "1 health check failed"
    return PaginatedResource(DatabaseServer=message)


async def test_agents_are_read_from_all_pages(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.auth.resources["db_service"] = [
        a_service(str(i), {"vpc-id": ["vpc-0a"], "region": ["eu-west-1", "*"]}) for i in range(5)
    ]

    agents = await client.agents()

    assert [agent.host_id for agent in agents] == ["0", "1", "2", "3", "4"]
    assert agents[0] == Agent(
        host_id="0",
        hostname="ip-0",
        matchers=({"vpc-id": ("vpc-0a",), "region": ("eu-west-1", "*")},),
        expires=datetime(2026, 6, 1, 12, 10, tzinfo=UTC),
    )
    assert teleport.journal.rpcs() == ["ListResources"] * 3


async def test_every_replica_of_a_database_is_read(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.auth.resources["db_server"] = [a_server("1", "unhealthy"), a_server("2", "")]

    first, second = await client.database_servers()

    assert first == DatabaseServer(
        database="payments",
        host_id="1",
        hostname="ip-1",
        version="18.0.0",
        expires=None,
        health=TargetHealth(
            status="unhealthy", error="dial tcp: i/o timeout", message="1 health check failed"
        ),
    )
    assert (second.host_id, second.health.status) == ("2", "")
    request = teleport.journal.sent("ListResources")
    assert isinstance(request, ListResourcesRequest)
    assert request.Namespace == "default"


async def test_no_heartbeats_are_an_empty_list(client: TeleportClient) -> None:
    assert await client.agents() == []
    assert await client.database_servers() == []


async def test_pages_that_do_not_end_are_not_followed_for_ever(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    teleport.auth.next_keys = {"": "same", "same": "same"}
    with pytest.raises(Transient, match="do not end"):
        await client.database_servers()


async def test_a_broken_page_gives_no_partial_list(teleport: FakeTeleport, client: TeleportClient) -> None:
    teleport.auth.resources["db_service"] = [a_service(str(i), {}) for i in range(4)]

    async def fail_the_next() -> None:
        teleport.journal.fail("ListResources", Status.UNAVAILABLE)

    teleport.journal.before["ListResources"] = fail_the_next
    with pytest.raises(Transient):
        await client.agents()


async def test_an_object_is_disowned_by_its_owner_alone(
    teleport: FakeTeleport, client: TeleportClient
) -> None:
    await client.create_database(replace(DATABASE, labels={"env": "prod", OWNER_MARK: "mine"}))
    theirs = DisownDatabase(condition=READY, object_name=DATABASE.name, owner="another")
    with pytest.raises(Conflict, match="has changed hands"):
        await client.apply(theirs)
    await client.apply(replace(theirs, owner="mine"))
    left = await client.get_database(DATABASE.name)
    assert left is not None
    assert left.labels == {"env": "prod"}


STEPS = [
    (CreateDatabase(condition=READY, database=DATABASE), ["CreateDatabase"]),
    (UpdateDatabase(condition=READY, database=DATABASE), ["GetDatabase", "UpdateDatabase"]),
    (
        DisownDatabase(condition=READY, object_name=DATABASE.name, owner=""),
        ["GetDatabase", "UpdateDatabase"],
    ),
    (DeleteDatabase(condition=READY, database=DATABASE.name, owner=""), ["GetDatabase", "DeleteDatabase"]),
    (CreateJoinToken(condition=READY, token=TOKEN), ["CreateTokenV2"]),
    (UpdateJoinToken(condition=READY, token=TOKEN), ["GetToken", "UpsertTokenV2"]),
    (DisownJoinToken(condition=READY, object_name=TOKEN.name, owner=""), ["GetToken", "UpsertTokenV2"]),
    (DeleteJoinToken(condition=READY, token=TOKEN.name, owner=""), ["GetToken", "DeleteToken"]),
    (CreateIntegration(condition=READY, integration=INTEGRATION), ["CreateIntegration"]),
    (UpdateIntegration(condition=READY, integration=INTEGRATION), ["GetIntegration", "UpdateIntegration"]),
    (
        DisownIntegration(condition=READY, object_name=INTEGRATION.name, owner=""),
        ["GetIntegration", "UpdateIntegration"],
    ),
    (
        DeleteIntegration(condition=READY, integration=INTEGRATION.name, owner=""),
        ["GetIntegration", "DeleteIntegration"],
    ),
]


async def test_steps_make_exactly_their_write(teleport: FakeTeleport, client: TeleportClient) -> None:
    for step, rpcs in STEPS:
        teleport.journal.requests.clear()
        await client.apply(step)
        assert teleport.journal.rpcs() == rpcs, step.name


def test_every_step_is_tried() -> None:
    classes = {
        c for c in vars(teleport_steps).values() if isinstance(c, type) and issubclass(c, TeleportStep)
    }
    assert {type(step) for step, _ in STEPS} == classes - {TeleportStep, DisownStep}


async def test_an_unknown_step_is_a_bug(client: TeleportClient) -> None:
    class Unknown(TeleportStep):
        pass

    with pytest.raises(TypeError, match="Unknown"):
        await client.apply(Unknown(condition=READY))


def test_equal_tokens_give_equal_messages_whatever_the_order_of_their_sets() -> None:
    rules = frozenset({JoinRule("2", "a"), JoinRule("1", "b"), JoinRule("1", "a")})
    token = JoinToken(name="t", join_method="iam", roles=frozenset({"Db", "App"}), rules=rules)
    message = new_token(token)
    assert [(rule.AWSAccount, rule.AWSARN) for rule in message.Spec.Allow] == [
        ("1", "a"),
        ("1", "b"),
        ("2", "a"),
    ]
    assert list(message.Spec.Roles) == ["App", "Db"]
