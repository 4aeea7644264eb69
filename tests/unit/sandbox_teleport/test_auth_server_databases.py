"""`db`: what the server accepts, fills in and refuses."""

from collections.abc import Callable

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.const import Status
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

from tests.unit.sandbox_teleport.client import TIMEOUT, Client, refused
from tests.unit.sandbox_teleport.world import ORDERS, database

ORIGIN = "teleport.dev/origin"


async def get(bot: Client, name: str = "orders") -> DatabaseV3:
    return await bot.auth.GetDatabase(ResourceRequest(Name=name), timeout=TIMEOUT)


async def create(bot: Client, resource: DatabaseV3) -> DatabaseV3:
    await bot.auth.CreateDatabase(resource, timeout=TIMEOUT)
    return await get(bot, resource.Metadata.Name)


async def test_the_server_forces_kind_and_version_and_fills_in_origin_namespace_and_revision(
    bot: Client,
) -> None:
    resource = database()
    resource.Kind, resource.Version = "something", "v9"
    stored = await create(bot, resource)
    assert (stored.Kind, stored.Version, stored.Metadata.Namespace) == ("db", "v3", "default")
    assert stored.Metadata.Labels[ORIGIN] == "dynamic"
    assert stored.Metadata.Revision


async def test_a_legal_origin_is_kept(bot: Client) -> None:
    stored = await create(bot, database(**{ORIGIN: "kubernetes"}))
    assert stored.Metadata.Labels[ORIGIN] == "kubernetes"


@pytest.mark.parametrize(
    ("host", "region", "instance", "cluster"),
    [
        ("orders.c0ffee.us-west-1.rds.amazonaws.com", "us-west-1", "orders", ""),
        ("orders.cluster-c0ffee.eu-central-1.rds.amazonaws.com", "eu-central-1", "", "orders"),
        ("orders.cluster-ro-c0ffee.eu-central-1.rds.amazonaws.com", "eu-central-1", "", "orders"),
        ("orders.c0ffee.rds.cn-north-1.amazonaws.com.cn", "cn-north-1", "orders", ""),
        ("orders.proxy-c0ffee.us-west-1.rds.amazonaws.com", "", "", ""),
        ("db.internal", "", "", ""),
    ],
)
async def test_region_and_identifier_come_from_a_standard_rds_endpoint(
    bot: Client, host: str, region: str, instance: str, cluster: str
) -> None:
    aws = (await create(bot, database(uri=f"{host}:5432"))).Spec.AWS
    assert (aws.Region, aws.RDS.InstanceID, aws.RDS.ClusterID) == (region, instance, cluster)


async def test_what_the_client_says_wins_over_the_endpoint(bot: Client) -> None:
    resource = database()
    resource.Spec.AWS.Region, resource.Spec.AWS.RDS.InstanceID = "eu-west-1", "renamed"
    aws = (await create(bot, resource)).Spec.AWS
    assert (aws.Region, aws.RDS.InstanceID) == ("eu-west-1", "renamed")


async def test_a_custom_aurora_endpoint_is_accepted_with_its_cluster(bot: Client) -> None:
    resource = database(uri="reports.cluster-custom-c0ffee.us-west-1.rds.amazonaws.com:5432")
    with refused(Status.INVALID_ARGUMENT, "cluster_id"):
        await bot.auth.CreateDatabase(resource, timeout=TIMEOUT)
    resource.Spec.AWS.RDS.ClusterID = "orders"
    assert (await create(bot, resource)).Spec.AWS.RDS.ClusterID == "orders"


@pytest.mark.parametrize("name", ["o", "Orders-2", "a" * 200])
async def test_a_name_of_letters_digits_and_dashes_is_accepted(bot: Client, name: str) -> None:
    assert (await create(bot, database(name))).Metadata.Name == name


def _set_protocol(value: str) -> Callable[[DatabaseV3], None]:
    def change(resource: DatabaseV3) -> None:
        resource.Spec.Protocol = value

    return change


def _set_account(value: str) -> Callable[[DatabaseV3], None]:
    def change(resource: DatabaseV3) -> None:
        resource.Spec.AWS.AccountID = value

    return change


def _set_uri(value: str) -> Callable[[DatabaseV3], None]:
    def change(resource: DatabaseV3) -> None:
        resource.Spec.URI = value

    return change


def _set_name(value: str) -> Callable[[DatabaseV3], None]:
    def change(resource: DatabaseV3) -> None:
        resource.Metadata.Name = value

    return change


def _set_label(key: str, value: str) -> Callable[[DatabaseV3], None]:
    def change(resource: DatabaseV3) -> None:
        resource.Metadata.Labels[key] = value

    return change


def _set_namespace(resource: DatabaseV3) -> None:
    resource.Metadata.Namespace = "other"


def _set_external_id(resource: DatabaseV3) -> None:
    resource.Spec.AWS.MergeFromString(b"\x52\x02id")  # field 10 of types.AWS


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_set_name(""), "name"),
        (_set_name("1orders"), "name '1orders'"),
        (_set_name("orders-"), "name 'orders-'"),
        (_set_name("orders.eu"), "name 'orders.eu'"),
        (_set_uri(""), "host:port"),
        (_set_uri(ORDERS), "host:port"),
        (_set_uri(f"{ORDERS}:postgres"), "host:port"),
        (_set_uri(f"postgres://{ORDERS}:5432"), "host:port"),
        (_set_protocol(""), "protocol"),
        (_set_protocol("mariadb"), "protocol 'mariadb'"),
        (_set_account("12345678901"), "12 digits"),
        (_set_account("12345678901a"), "12 digits"),
        (_set_label("no spaces", "x"), "label key"),
        (_set_label(ORIGIN, "integration_awsoidc"), "integration_awsoidc"),
        (_set_namespace, "namespace 'other'"),
        (_set_external_id, "assume_role_arn"),
    ],
)
async def test_a_broken_database_is_refused_on_create_and_on_update(
    bot: Client, change: Callable[[DatabaseV3], None], text: str
) -> None:
    await create(bot, database())
    resource = database()
    change(resource)
    with refused(Status.INVALID_ARGUMENT, text):
        await bot.auth.CreateDatabase(resource, timeout=TIMEOUT)
    with refused(Status.INVALID_ARGUMENT, text):
        await bot.auth.UpdateDatabase(resource, timeout=TIMEOUT)


async def test_an_external_id_with_a_role_to_assume_is_accepted(bot: Client) -> None:
    resource = database()
    _set_external_id(resource)
    resource.Spec.AWS.MergeFromString(b"\x5a\x03arn")  # field 11
    await create(bot, resource)


async def test_a_protocol_whose_rules_are_not_here_is_said_to_be_so(bot: Client) -> None:
    resource = database()
    resource.Spec.Protocol = "mongodb"
    with refused(Status.UNIMPLEMENTED, "mysql and postgres"):
        await bot.auth.CreateDatabase(resource, timeout=TIMEOUT)


async def test_a_second_create_is_refused_and_changes_nothing(bot: Client) -> None:
    first = await create(bot, database())
    with refused(Status.ALREADY_EXISTS, "orders"):
        await bot.auth.CreateDatabase(database(team="other"), timeout=TIMEOUT)
    assert await get(bot) == first


async def test_an_update_is_unconditional_gives_a_new_revision_and_keeps_unknown_fields(bot: Client) -> None:
    first = await create(bot, database())
    changed = database(team="data")
    changed.Metadata.Revision = "of somebody else"
    changed.Spec.MergeFromString(b"\x52\x08\x0a\x068.0.28")  # DatabaseSpecV3.MySQL
    await bot.auth.UpdateDatabase(changed, timeout=TIMEOUT)
    stored = await get(bot)
    assert stored.Metadata.Labels["team"] == "data"
    assert stored.Metadata.Revision not in (first.Metadata.Revision, "of somebody else")
    assert b"8.0.28" in stored.SerializeToString()


async def test_what_does_not_exist_can_be_neither_read_nor_updated_nor_deleted(bot: Client) -> None:
    with refused(Status.NOT_FOUND, "orders"):
        await get(bot)
    with refused(Status.NOT_FOUND, "orders"):
        await bot.auth.UpdateDatabase(database(), timeout=TIMEOUT)
    with refused(Status.NOT_FOUND, "orders"):
        await bot.auth.DeleteDatabase(ResourceRequest(Name="orders"), timeout=TIMEOUT)


async def test_a_deleted_database_is_gone_from_the_list(bot: Client) -> None:
    for name in ("orders", "billing"):
        await create(bot, database(name))
    await bot.auth.DeleteDatabase(ResourceRequest(Name="orders"), timeout=TIMEOUT)
    listed = await bot.auth.GetDatabases(Empty(), timeout=TIMEOUT)
    assert [each.Metadata.Name for each in listed.Databases] == ["billing"]
