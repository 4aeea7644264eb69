"""The connection: one channel at a time, replaced when the identity changes or the network fails.

grpclib's channel connects by itself and again after the server went away. What it does not do is notice a new
identity, or leave a connection that swallows everything; a channel that failed is therefore not used again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from grpclib.client import Channel
from grpclib.events import SendRequest, listen

from rds_enrollment.runtime.fence import Guard, unguarded
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.ways import Way
from rds_enrollment.teleport.wire.auth_service_grpc import AuthServiceStub
from rds_enrollment.teleport.wire.aws_oidc_service_grpc import AWSOIDCServiceStub
from rds_enrollment.teleport.wire.integration_service_grpc import IntegrationServiceStub
from rds_enrollment.teleport.wire.user_tasks_grpc import UserTaskServiceStub

_READS = ("Get", "List", "Ping", "WatchEvents")
"""How the names of RPCs that change nothing begin. Any other counts as a write."""


class Session:
    """One channel, the services behind it, and how many calls use it."""

    def __init__(self, identity: Identity, channel: Channel) -> None:
        self.identity = identity
        self.auth = AuthServiceStub(channel)
        self.integrations = IntegrationServiceStub(channel)
        self.aws_oidc = AWSOIDCServiceStub(channel)
        self.user_tasks = UserTaskServiceStub(channel)
        self._channel = channel
        self._calls = 0
        self._retired = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keeps the channel open at least as long as the call in the block."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._close_when_unused()

    def retire(self) -> None:
        """Closes the channel as soon as no call uses it."""
        self._retired = True
        self._close_when_unused()

    def close(self) -> None:
        """Closes the channel at once; calls that use it fail."""
        # A channel that is just connecting ignores close: it is closed again when its last call has ended.
        self._retired = True
        self._channel.close()

    def _close_when_unused(self) -> None:
        if self._retired and self._calls == 0:
            self._channel.close()


@dataclass(slots=True)
class Connection:
    """Hands out the session that new calls use. Used from one event loop."""

    way: Way
    guard: Guard = unguarded
    """Asked before each write, once there is a channel for it."""
    _session: Session | None = None

    @property
    def address(self) -> Address:
        """Where it leads."""
        return self.way.address

    @property
    def proxy(self) -> Address | None:
        """The Teleport proxy that it is known to lead through."""
        return self.way.proxy

    def session(self) -> Session:
        """The current session, a new one if there is none or the identity changed.

        Raises Blocked: TeleportIdentityUnreadable, TeleportIdentityExpired, TeleportIdentityNotYetValid.
        """
        identity = self.way.identity()
        if self._session is None or self._session.identity is not identity:
            channel = self.way.channel(identity)
            listen(channel, SendRequest, self._sending)
            fresh = Session(identity, channel)
            if self._session is not None:
                self._session.retire()
            self._session = fresh
        return self._session

    def discard(self, session: Session) -> None:
        """Takes a session that failed out of use: the next call opens a new one."""
        session.retire()
        if self._session is session:
            self._session = None

    async def _sending(self, event: SendRequest) -> None:
        if not event.method_name.rpartition("/")[2].startswith(_READS):
            self.guard()

    def close(self) -> None:
        """Closes the current channel; calls in flight fail."""
        if self._session is not None:
            self._session.close()
            self._session = None
