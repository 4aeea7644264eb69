"""Events of a stream from their wire message (proto.Event)."""

from dataclasses import dataclass

from rds_enrollment.teleport.kinds import Held, Kind, hold, server_key
from rds_enrollment.teleport.wire import event_pb2
from rds_enrollment.teleport.wire.resource_pb2 import ResourceHeader

_FIELDS = ("Database", "DatabaseServer", "DatabaseService", "ProvisionToken", "Integration")


@dataclass(frozen=True, slots=True)
class Init:
    """The first event: the kinds that the stream tells of."""

    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class Put:
    """An object was created, changed or renewed."""

    held: Held

    @property
    def address(self) -> tuple[Kind, str]:
        """Kind and key of the object."""
        return self.held.kind, self.held.key


@dataclass(frozen=True, slots=True)
class Delete:
    """An object is gone."""

    kind: Kind
    key: str

    @property
    def address(self) -> tuple[Kind, str]:
        """Kind and key of the object."""
        return self.kind, self.key


Event = Init | Put | Delete


def read_event(message: event_pb2.Event, asked: frozenset[Kind]) -> Event | None:
    """The event, None for one that we have no use for.

    An INIT without a status, as servers from before v14 send it, confirms all kinds `asked` for.
    """
    match message.Type:
        case event_pb2.INIT:
            return Init(_confirmed(message, asked))
        case event_pb2.PUT:
            field = message.WhichOneof("Resource")
            return Put(hold(getattr(message, field))) if field in _FIELDS else None
        case event_pb2.DELETE:
            return _read_delete(message.ResourceHeader)
    return None


def _confirmed(message: event_pb2.Event, asked: frozenset[Kind]) -> frozenset[Kind]:
    if not message.HasField("WatchStatus"):
        return asked
    return asked & {each.Kind for each in message.WatchStatus.Spec.Kinds}


def _read_delete(header: ResourceHeader) -> Delete | None:
    """Of a db_server the host id comes as the description."""
    if header.Kind not in set(Kind):
        return None
    kind, metadata = Kind(header.Kind), header.Metadata
    if kind is Kind.DATABASE_SERVER:
        return Delete(kind, server_key(metadata.Description, metadata.Name))
    return Delete(kind, metadata.Name)
