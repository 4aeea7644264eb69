"""The kinds of Teleport objects that the live view holds, and how each is read as a compact value.

Protobuf messages are several times larger than what the planning needs of them; and of ten thousand databases most
share their labels' names, account, region and network. So values alone are held, and equal strings once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from sys import intern

from rds_enrollment.plan.observed.teleport import Agent, Database, DatabaseServer, Integration, JoinToken
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.heartbeats_wire import read_agent, read_database_server
from rds_enrollment.teleport.integrations_wire import read_integration
from rds_enrollment.teleport.metadata_wire import expiry, owner_of
from rds_enrollment.teleport.tokens_wire import read_token
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServerV3, DatabaseServiceV1
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.resource_pb2 import Metadata
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2

ABSENT = ""
"""The revision of an object that does not exist."""

Value = Database | DatabaseServer | Agent | JoinToken | Integration
WireMessage = DatabaseV3 | DatabaseServerV3 | DatabaseServiceV1 | ProvisionTokenV2 | IntegrationV1


class Kind(StrEnum):
    """Kinds by Teleport's names (api/types/constants.go)."""

    DATABASE = "db"
    DATABASE_SERVER = "db_server"
    DATABASE_SERVICE = "db_service"
    TOKEN = "token"  # noqa: S105 - a word, no secret
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class Held:
    """One object as it is held."""

    kind: Kind
    key: str
    """Its name; of a db_server `server_key`."""
    value: Value
    owner: str
    """The owner mark, of a db_server that of its database; empty when there is none."""
    revision: str
    expires: datetime | None


def server_key(host_id: str, database: str) -> str:
    """Each agent has a db_server of its own for a database."""
    return f"{host_id}/{database}"


def hold(message: WireMessage) -> Held:
    """The compact form of a message."""
    match message:
        case DatabaseV3():
            return _held(Kind.DATABASE, message.Metadata, read_database(message), message.Metadata.Labels)
        case DatabaseServerV3():
            server = read_database_server(message)
            held = _held(
                Kind.DATABASE_SERVER, message.Metadata, server, message.Spec.Database.Metadata.Labels
            )
            return replace(held, key=server_key(server.host_id, server.database))
        case DatabaseServiceV1():
            metadata = message.Header.Metadata
            return _held(Kind.DATABASE_SERVICE, metadata, read_agent(message), metadata.Labels)
        case ProvisionTokenV2():
            return _held(Kind.TOKEN, message.Metadata, read_token(message), message.Metadata.Labels)
        case IntegrationV1():
            metadata = message.Header.Metadata
            return _held(Kind.INTEGRATION, metadata, read_integration(message), metadata.Labels)


def _held(kind: Kind, metadata: Metadata, value: Value, labels: Mapping[str, str]) -> Held:
    owner = intern(owner_of(labels))
    return Held(kind, metadata.Name, value, owner, metadata.Revision, expiry(metadata))
