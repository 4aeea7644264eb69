"""Reading and writing `db` objects."""

from google.protobuf.empty_pb2 import Empty

from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.teleport.calls import LISTING_SECONDS, Caller
from rds_enrollment.teleport.databases_wire import new_database, read_database, write_database
from rds_enrollment.teleport.errors import NotFoundError, Permission
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest


def _needs(*verbs: str) -> Permission:
    # Every call on a database also checks the caller's access to its labels (Teleport lib/auth).
    return Permission("db", verbs, label_matcher="db_labels")


def _subject(name: str) -> str:
    return f"db {name}"


async def list_databases(call: Caller) -> list[Database]:
    """All `db` objects that the operator's role may see (AuthService/GetDatabases, which has no pages)."""
    reply = await call(
        lambda session: session.auth.GetDatabases,
        Empty(),
        permission=_needs("list", "read"),
        deadline_seconds=LISTING_SECONDS,
    )
    return [read_database(message) for message in reply.Databases]


async def get_database(call: Caller, name: str) -> Database | None:
    """The object of that name, None when there is none."""
    try:
        return read_database(await _get(call, name))
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


async def update_database(call: Caller, database: Database) -> None:
    """Changes what `database` says and keeps the rest of the object. Raises Conflict when it is gone."""
    message = await _get(call, database.name)
    write_database(message, database)
    await call(
        lambda session: session.auth.UpdateDatabase,
        message,
        permission=_needs("update"),
        subject=_subject(database.name),
    )


async def delete_database(call: Caller, name: str) -> None:
    """Deletes the object; one that is gone is deleted."""
    try:
        await call(
            lambda session: session.auth.DeleteDatabase,
            ResourceRequest(Name=name),
            permission=_needs("delete"),
            subject=_subject(name),
        )
    except NotFoundError:
        return


async def _get(call: Caller, name: str) -> DatabaseV3:
    return await call(
        lambda session: session.auth.GetDatabase,
        ResourceRequest(Name=name),
        permission=_needs("read"),
        subject=_subject(name),
    )
