"""Integrations of sub kind aws-oidc."""

from collections.abc import Callable

import pytest
from grpclib.const import Status
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.integration_service_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    ListIntegrationsRequest,
    UpdateIntegrationRequest,
)

from tests.unit.sandbox_teleport.client import TIMEOUT, Client, refused
from tests.unit.sandbox_teleport.world import ACCOUNT, ROLE_ARN, integration


async def create(bot: Client, value: IntegrationV1) -> IntegrationV1:
    return await bot.integrations.CreateIntegration(
        CreateIntegrationRequest(integration=value), timeout=TIMEOUT
    )


async def update(bot: Client, value: IntegrationV1) -> IntegrationV1:
    return await bot.integrations.UpdateIntegration(
        UpdateIntegrationRequest(integration=value), timeout=TIMEOUT
    )


async def get(bot: Client, name: str = "prod-aws") -> IntegrationV1:
    return await bot.integrations.GetIntegration(GetIntegrationRequest(name=name), timeout=TIMEOUT)


@pytest.mark.parametrize("name", ["a", "prod-aws", "a" * 63])
async def test_a_created_integration_is_answered_and_kept(bot: Client, name: str) -> None:
    created = await create(bot, integration(name))
    assert (created.Header.Kind, created.Header.SubKind, created.Header.Version) == (
        "integration",
        "aws-oidc",
        "v1",
    )
    assert created.Spec.AWSOIDC.RoleARN == ROLE_ARN
    assert created.Header.Metadata.Revision
    assert await get(bot, name) == created


@pytest.mark.parametrize("name", ["Prod", "1prod", "prod-", "prod_aws", "prod.aws", "a" * 64])
async def test_the_name_of_a_new_one_must_be_a_dns_label(bot: Client, name: str) -> None:
    with refused(Status.INVALID_ARGUMENT, "DNS-1035"):
        await create(bot, integration(name))


def _with_role(arn: str) -> Callable[[IntegrationV1], None]:
    def change(value: IntegrationV1) -> None:
        value.Spec.AWSOIDC.RoleARN = arn

    return change


def _without_spec(value: IntegrationV1) -> None:
    value.ClearField("Spec")


def _with_audience(value: IntegrationV1) -> None:
    value.Spec.AWSOIDC.MergeFromString(b"\x1a\x05other")  # field 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_with_role(""), "role_arn is missing"),
        (_with_role("teleport-prod"), "not the ARN"),
        (_with_role("arn:aws:iam::12345:role/x"), "not the ARN"),
        (_with_role(f"arn:aws:iam::{ACCOUNT}:user/x"), "not the ARN"),
        (_with_role(f"arn:aws:iam::{ACCOUNT}:role/"), "not the ARN"),
        (_with_audience, "audience"),
        (_without_spec, "spec is missing"),
    ],
)
async def test_a_broken_integration_is_refused_on_create_and_on_update(
    bot: Client, change: Callable[[IntegrationV1], None], text: str
) -> None:
    value = integration()
    change(value)
    with refused(Status.INVALID_ARGUMENT, text):
        await create(bot, value)
    with refused(Status.INVALID_ARGUMENT, text):
        await update(bot, value)


async def test_another_sub_kind_is_said_not_to_be_here(bot: Client) -> None:
    value = integration()
    value.ClearField("Spec")
    value.Spec.MergeFromString(b"\x1a\x00")  # GitHub
    with refused(Status.UNIMPLEMENTED, "aws-oidc"):
        await create(bot, value)


async def test_a_second_create_is_refused(bot: Client) -> None:
    await create(bot, integration())
    with refused(Status.ALREADY_EXISTS, "prod-aws"):
        await create(bot, integration())


async def test_an_update_replaces_what_exists(bot: Client) -> None:
    with refused(Status.NOT_FOUND, "prod-aws"):
        await update(bot, integration())
    first = await create(bot, integration())
    second = await update(bot, integration(role_arn=f"{ROLE_ARN}-2"))
    assert second.Spec.AWSOIDC.RoleARN == f"{ROLE_ARN}-2"
    assert second.Header.Metadata.Revision != first.Header.Metadata.Revision
    assert await get(bot) == second


async def test_a_deleted_integration_is_gone(bot: Client) -> None:
    await create(bot, integration())
    await bot.integrations.DeleteIntegration(DeleteIntegrationRequest(name="prod-aws"), timeout=TIMEOUT)
    with refused(Status.NOT_FOUND, "prod-aws"):
        await get(bot)
    with refused(Status.NOT_FOUND, "prod-aws"):
        await bot.integrations.DeleteIntegration(DeleteIntegrationRequest(name="prod-aws"), timeout=TIMEOUT)


async def test_associated_resources_cannot_be_deleted_along(bot: Client) -> None:
    await create(bot, integration())
    request = DeleteIntegrationRequest(name="prod-aws")
    request.MergeFromString(b"\x10\x01")
    with refused(Status.UNIMPLEMENTED, "delete_associated_resources"):
        await bot.integrations.DeleteIntegration(request, timeout=TIMEOUT)
    await get(bot)


async def test_lists_come_in_pages(bot: Client) -> None:
    for name in ("c", "a", "b"):
        await create(bot, integration(name))
    first = await bot.integrations.ListIntegrations(ListIntegrationsRequest(limit=2), timeout=TIMEOUT)
    rest = await bot.integrations.ListIntegrations(
        ListIntegrationsRequest(limit=2, next_key=first.next_key), timeout=TIMEOUT
    )
    pages = [[each.Header.Metadata.Name for each in page.integrations] for page in (first, rest)]
    assert pages == [["a", "b"], ["c"]]
    assert rest.next_key == ""
