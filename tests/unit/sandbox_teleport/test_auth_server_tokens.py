"""Join tokens of version v2."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.const import Status
from rds_enrollment.teleport.wire.auth_service_pb2 import CreateTokenV2Request, UpsertTokenV2Request
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, TokenRule

from tests.unit.sandbox_teleport.client import TIMEOUT, Client, refused
from tests.unit.sandbox_teleport.world import ACCOUNT, ManualClock, token


async def create(bot: Client, value: ProvisionTokenV2) -> None:
    await bot.auth.CreateTokenV2(CreateTokenV2Request(V2=value), timeout=TIMEOUT)


async def upsert(bot: Client, value: ProvisionTokenV2) -> None:
    await bot.auth.UpsertTokenV2(UpsertTokenV2Request(V2=value), timeout=TIMEOUT)


async def get(bot: Client, name: str) -> ProvisionTokenV2:
    return await bot.auth.GetToken(ResourceRequest(Name=name), timeout=TIMEOUT)


@pytest.mark.parametrize(
    "rule",
    [TokenRule(AWSAccount=ACCOUNT), TokenRule(AWSARN="arn:aws:sts::*:assumed-role/x/*")],
    ids=["account", "arn"],
)
async def test_a_rule_needs_an_account_or_an_arn(bot: Client, rule: TokenRule) -> None:
    await create(bot, token("agents", rule))
    stored = await get(bot, "agents")
    assert (stored.Kind, stored.Version, stored.Metadata.Namespace) == ("token", "v2", "default")
    assert list(stored.Spec.Allow) == [rule]


def _without_rules(value: ProvisionTokenV2) -> None:
    del value.Spec.Allow[:]


def _with_rule(rule: TokenRule) -> Callable[[ProvisionTokenV2], None]:
    def change(value: ProvisionTokenV2) -> None:
        value.Spec.Allow.append(rule)

    return change


def _with_roles(*roles: str) -> Callable[[ProvisionTokenV2], None]:
    def change(value: ProvisionTokenV2) -> None:
        value.Spec.Roles[:] = roles

    return change


def _without_name(value: ProvisionTokenV2) -> None:
    value.Metadata.Name = ""


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_without_rules, "needs an allow rule"),
        (_with_rule(TokenRule()), "aws_account or aws_arn"),
        (_with_rule(TokenRule(AWSAccount=ACCOUNT, AWSRole="x")), "aws_role"),
        (_with_rule(TokenRule(AWSAccount=ACCOUNT, AWSRegions=["us-west-1"])), "aws_regions"),
        (_with_roles(), "no roles"),
        (_with_roles("db"), "'db' is not known"),
        (_with_roles("Db", "Db"), "twice"),
        (_without_name, "name is missing"),
    ],
)
async def test_a_broken_token_is_refused_on_create_and_on_upsert(
    bot: Client, change: Callable[[ProvisionTokenV2], None], text: str
) -> None:
    value = token()
    change(value)
    with refused(Status.INVALID_ARGUMENT, text):
        await create(bot, value)
    with refused(Status.INVALID_ARGUMENT, text):
        await upsert(bot, value)


@pytest.mark.parametrize("method", ["", "token", "ec2", "kubernetes"])
async def test_a_join_method_whose_rules_are_not_here_is_said_to_be_so(bot: Client, method: str) -> None:
    value = token()
    value.Spec.JoinMethod = method
    with refused(Status.UNIMPLEMENTED, "iam"):
        await create(bot, value)


async def test_a_request_without_a_v2_token_is_refused(bot: Client) -> None:
    with refused(Status.INVALID_ARGUMENT, "v2"):
        await bot.auth.CreateTokenV2(CreateTokenV2Request(), timeout=TIMEOUT)


async def test_a_second_create_is_refused_and_an_upsert_is_not(bot: Client) -> None:
    await create(bot, token("agents"))
    first = await get(bot, "agents")
    with refused(Status.ALREADY_EXISTS, "token"):
        await create(bot, token("agents"))
    await upsert(bot, token("agents", roles=("Db", "App")))
    second = await get(bot, "agents")
    assert list(second.Spec.Roles) == ["Db", "App"]
    assert second.Metadata.Revision != first.Metadata.Revision


async def test_an_upsert_creates_what_is_not_there(bot: Client) -> None:
    await upsert(bot, token("agents"))
    listed = await bot.auth.GetTokens(Empty(), timeout=TIMEOUT)
    assert [each.Metadata.Name for each in listed.ProvisionTokens] == ["agents"]


async def test_a_missing_token_is_not_found_and_its_name_is_masked(bot: Client) -> None:
    with refused(Status.NOT_FOUND, "'******ts'"):
        await get(bot, "myagents")
    with refused(Status.NOT_FOUND, "token"):
        await bot.auth.DeleteToken(ResourceRequest(Name="agents"), timeout=TIMEOUT)


async def test_a_deleted_token_is_gone(bot: Client) -> None:
    await create(bot, token("agents"))
    await bot.auth.DeleteToken(ResourceRequest(Name="agents"), timeout=TIMEOUT)
    with refused(Status.NOT_FOUND, "token"):
        await get(bot, "agents")


async def test_a_token_is_gone_when_it_expires(bot: Client, clock: ManualClock) -> None:
    value = token("agents")
    value.Metadata.Expires.FromDatetime(clock.now + timedelta(seconds=60))
    await create(bot, value)
    clock.advance(59)
    assert (await get(bot, "agents")).Metadata.Name == "agents"
    clock.advance(1)
    with refused(Status.NOT_FOUND, "token"):
        await get(bot, "agents")
    await create(bot, token("agents"))
