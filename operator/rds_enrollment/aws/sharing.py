"""What the clients of many accounts have in common, kept once.

botocore gives each client a description of its service, methods and connections of its own. With a client for each
service in each region of each account these are most of the process's memory: of HTTPS connections alone each client
has read all certificate authorities (half a MiB).
"""

from typing import TYPE_CHECKING, Any, ClassVar

from botocore.client import BaseClient
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST, REGISTER_LAST
from botocore.session import Session

if TYPE_CHECKING:
    from botocore.endpoint import Endpoint
    from botocore.httpsession import URLLib3Session
    from botocore.model import ServiceModel

_CREATING = "creating-client-class"
"""botocore's event, with the service's id behind it: the class of a client can be changed. boto3 does so, too."""
_EVENT_NAMES = frozenset({"sts", "iam", "ec2", "ecs", "rds", "cloudwatch-logs", "service-quotas"})
"""The services that are called, as botocore names them in its events."""


def lean_session() -> Session:
    """A session as botocore makes it, without its handlers of events that are none of ours: each client copies the
    table of all, in which more than a hundred are for other services and for documentation."""
    session = Session(include_builtin_handlers=False)
    events = session.get_component("event_emitter")
    register = {REGISTER_FIRST: events.register_first, REGISTER_LAST: events.register_last}
    for event, handler, *order in BUILTIN_HANDLERS:
        if _is_ours(event):
            (register[order[0]] if order else events.register)(event, handler)
    return session


class Shared:
    """Of all clients of the sessions that it was given. Clients are made one at a time."""

    def __init__(self) -> None:
        self._models: dict[str, ServiceModel] = {}
        """By the service's name."""
        self._connections: dict[str, URLLib3Session] = {}
        """By endpoint. They know no credentials: each request is signed by itself."""
        self._bases: dict[str, type[BaseClient]] = {}
        """By event: what the classes of one service's clients derive from, with all methods."""

    def between(self, session: Session) -> None:
        """Have the session's clients use what other sessions' use."""
        session.register(_CREATING, self._creating)

    def model(self, fresh: "ServiceModel") -> "ServiceModel":
        """The one description of a service: what it has resolved of a shape is resolved for all."""
        return self._models.setdefault(fresh.service_name, fresh)

    def connect(self, endpoint: "Endpoint") -> None:
        """Have an endpoint use the connections of others with its address."""
        endpoint.http_session = self._connections.setdefault(endpoint.host, endpoint.http_session)

    def _creating(self, **event: Any) -> None:
        class_attributes: dict[str, Any] = event["class_attributes"]
        base_classes: list[type] = event["base_classes"]
        event_name: str = event["event_name"]
        base = self._bases.get(event_name)
        if base is None:
            attributes = {**class_attributes, "shared": self}
            base = self._bases[event_name] = type(event_name, (_Client, *base_classes), attributes)
        class_attributes.clear()
        base_classes[:] = [base]


class _Client(BaseClient):
    """A client that takes from `shared` what is there already."""

    shared: ClassVar[Shared]

    def __init__(self, **parts: Any) -> None:
        self.shared.connect(parts["endpoint"])
        super().__init__(**{**parts, "service_model": self.shared.model(parts["service_model"])})


def _is_ours(event: str) -> bool:
    """Not for the prose of classes, and not for another service."""
    name, _, rest = event.partition(".")
    service = rest.partition(".")[0]
    return name != "docs" and (service in _EVENT_NAMES or service in ("", "*"))
