"""Reading and writing `db` objects.

The server compares nothing when it writes. So every change reads first, compares the owner, and tells the revision
that it replaced: who reads back later knows an older state by it.
"""

from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.teleport.calls import LISTING_SECONDS, Caller
from rds_enrollment.teleport.databases_wire import new_database, read_database, write_database
from rds_enrollment.teleport.errors import NotFoundError, Permission, UnimplementedError
from rds_enrollment.teleport.metadata_wire import owner_of, require_owner
from rds_enrollment.teleport.paging import not_ending
from rds_enrollment.teleport.wire.auth_service_pb2 import ListDatabasesRequest
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

PAGE_SIZE = 500


def _needs(*verbs: str) -> Permission:
    # Every call on a database also checks the caller's access to its labels (Teleport lib/auth).
    return Permission("db", verbs, label_matcher="db_labels")


def _subject(name: str) -> str:
    return f"db {name}"


async def iterate_databases(call: Caller) -> AsyncIterator[DatabaseV3]:
    """All `db` objects that the operator's role may see, page by page where the server has pages.

    AuthService/ListDatabases is newer than v18.0. An answer with fields that we do not know might hold objects that
    we would overlook: then, too, everything is read at once.
    """
    page_token = ""
    while True:
        request = ListDatabasesRequest(page_size=PAGE_SIZE, page_token=page_token)
        try:
            page = await call(
                lambda session: session.auth.ListDatabases,
                request,
                permission=_needs("list", "read"),
                deadline_seconds=LISTING_SECONDS,
            )
        except UnimplementedError:
            break
        if len(UnknownFieldSet(page)):
            break
        for message in page.databases:
            yield message
        if not page.next_page_token:
            return
        if page.next_page_token == page_token:
            raise not_ending("db", page_token)
        page_token = page.next_page_token
    for message in await _all_at_once(call):
        yield message


async def _all_at_once(call: Caller) -> list[DatabaseV3]:
    reply = await call(
        lambda session: session.auth.GetDatabases,
        Empty(),
        permission=_needs("list", "read"),
        deadline_seconds=LISTING_SECONDS,
    )
    return list(reply.Databases)


async def list_databases(call: Caller) -> list[Database]:
    """The values of `iterate_databases`."""
    return list(
        {message.Metadata.Name: read_database(message) async for message in iterate_databases(call)}.values()
    )


async def fetch_database(call: Caller, name: str) -> DatabaseV3:
    """The message of that name. Raises NotFoundError."""
    return await call(
        lambda session: session.auth.GetDatabase,
        ResourceRequest(Name=name),
        permission=_needs("read"),
        subject=_subject(name),
    )


async def get_database(call: Caller, name: str) -> Database | None:
    """The object of that name, None when there is none."""
    try:
        return read_database(await fetch_database(call, name))
    except NotFoundError:
        return None


async def create_database(call: Caller, database: Database) -> None:
    """Raises Conflict when the name is taken."""
    await call(
        lambda session: session.auth.CreateDatabase,
        new_database(database),
        permission=_needs("create"),
        subject=_subject(database.name),
    )


async def update_database(call: Caller, database: Database, former_owner: str | None = None) -> str:
    """Changes what `database` says and keeps the rest of the object. Returns the revision that it replaced.

    Raises Conflict when it is gone or belongs to another owner than `database` names (than `former_owner`, of an
    object that is adopted).
    """
    message = await fetch_database(call, database.name)
    owner = owner_of(database.labels) if former_owner is None else former_owner
    require_owner(message.Metadata, owner, _subject(database.name))
    write_database(message, database)
    await call(
        lambda session: session.auth.UpdateDatabase,
        message,
        permission=_needs("update"),
        subject=_subject(database.name),
    )
    return message.Metadata.Revision


async def delete_database(call: Caller, name: str, owner: str) -> str | None:
    """Deletes the object if it carries this owner mark. Returns the revision that it had, None when it was gone.

    Raises Conflict when it belongs to another owner.
    """
    try:
        message = await fetch_database(call, name)
        require_owner(message.Metadata, owner, _subject(name))
        await call(
            lambda session: session.auth.DeleteDatabase,
            ResourceRequest(Name=name),
            permission=_needs("delete"),
            subject=_subject(name),
        )
    except NotFoundError:
        return None
    return message.Metadata.Revision
