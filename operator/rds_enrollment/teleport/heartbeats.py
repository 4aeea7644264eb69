"""Reading what agents publish: `db_service` and `db_server`."""

from collections.abc import AsyncIterator

from rds_enrollment.plan.observed.teleport import Agent, DatabaseServer
from rds_enrollment.teleport.calls import LISTING_SECONDS, Caller
from rds_enrollment.teleport.errors import Permission
from rds_enrollment.teleport.heartbeats_wire import read_agent, read_database_server
from rds_enrollment.teleport.metadata_wire import NAMESPACE
from rds_enrollment.teleport.paging import not_ending
from rds_enrollment.teleport.wire.auth_service_pb2 import ListResourcesRequest, PaginatedResource
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1

PAGE_SIZE = 500
_LABEL_MATCHERS = {"db_server": "db_labels", "db_service": "db_service_labels"}
"""The field of a role that decides which objects of a kind are listed."""


async def list_agents(call: Caller) -> list[Agent]:
    """All Database Services whose heartbeat the server still keeps.

    Without the role's db_service_labels the list is empty, not refused.
    """
    return [read_agent(message) async for message in iterate_agents(call)]


async def list_database_servers(call: Caller) -> list[DatabaseServer]:
    """One entry for each agent and each database that it serves."""
    return [read_database_server(message) async for message in iterate_database_servers(call)]


async def iterate_agents(call: Caller) -> AsyncIterator[DatabaseServiceV1]:
    """The messages of `list_agents`."""
    async for item in _resources(call, "db_service"):
        yield item.DatabaseService


async def iterate_database_servers(call: Caller) -> AsyncIterator[DatabaseServerV3]:
    """The messages of `list_database_servers`."""
    async for item in _resources(call, "db_server"):
        yield item.DatabaseServer


async def _resources(call: Caller, kind: str) -> AsyncIterator[PaginatedResource]:
    """All pages of AuthService/ListResources.

    Neither sorting nor a total count is asked for: with either, the server merges the replicas of a db_server.
    """
    start_key = ""
    while True:
        page = await call(
            lambda session: session.auth.ListResources,
            ListResourcesRequest(ResourceType=kind, Namespace=NAMESPACE, Limit=PAGE_SIZE, StartKey=start_key),
            permission=Permission(kind, ("list", "read"), label_matcher=_LABEL_MATCHERS[kind]),
            subject=kind,
            deadline_seconds=LISTING_SECONDS,
        )
        for item in page.Resources:
            yield item
        if not page.NextKey:
            return
        if page.NextKey == start_key:
            raise not_ending(kind, start_key)
        start_key = page.NextKey
