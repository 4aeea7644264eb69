# ruff: noqa: N802 - the methods are named by the protocol
"""An auth service over mutual TLS that keeps wire messages as it gets them, as Teleport's storage does."""

import socket
import ssl
import tempfile
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.protocol import H2Protocol
from grpclib.server import Server, Stream
from rds_enrollment.teleport.wire import auth_service_pb2 as auth
from rds_enrollment.teleport.wire import event_pb2 as events
from rds_enrollment.teleport.wire import integration_service_pb2 as integrations
from rds_enrollment.teleport.wire import user_tasks_pb2 as user_tasks
from rds_enrollment.teleport.wire.auth_service_grpc import AuthServiceBase
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3, DatabaseV3List
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.integration_service_grpc import IntegrationServiceBase
from rds_enrollment.teleport.wire.maintenance_pb2 import ClusterMaintenanceConfigV1
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, ProvisionTokenV2List
from rds_enrollment.teleport.wire.user_tasks_grpc import UserTaskServiceBase

from tests.unit.teleport.authority import Authority, ec_key, key_pem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SERVER_NAME = "teleport.cluster.local"
M = TypeVar("M", bound=Message)
Request = TypeVar("Request", bound=Message)


class Journal:
    """The requests in order, and what is to happen before an RPC is answered."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Message]] = []
        self.before: dict[str, Callable[[], Awaitable[None]]] = {}

    async def receive(self, rpc: str, stream: Stream[Request, Any]) -> Request:
        request = await stream.recv_message()
        assert request is not None
        self.requests.append((rpc, request))
        if rpc in self.before:
            await self.before[rpc]()
        return request

    def fail(self, rpc: str, status: Status, message: str = "") -> None:
        async def refuse() -> None:
            raise GRPCError(status, message)

        self.before[rpc] = refuse

    def rpcs(self) -> list[str]:
        return [rpc for rpc, _ in self.requests]

    def sent(self, rpc: str) -> Message:
        """The last request of an RPC."""
        return [request for name, request in self.requests if name == rpc][-1]


def stored(store: dict[str, M], name: str) -> M:
    if name not in store:
        raise GRPCError(Status.NOT_FOUND, f"{name} is not found")
    return store[name]


def add(store: dict[str, M], name: str, message: M) -> None:
    if name in store:
        raise GRPCError(Status.ALREADY_EXISTS, f"{name} already exists")
    store[name] = message


def replace(store: dict[str, M], name: str, message: M) -> None:
    stored(store, name)
    store[name] = message


def remove(store: dict[str, M], name: str) -> None:
    stored(store, name)
    del store[name]


class FakeAuthService(AuthServiceBase):
    """proto.AuthService."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.ping = auth.PingResponse(ClusterName="teleport.example.com", ServerVersion="18.0.0")
        self.databases: dict[str, DatabaseV3] = {}
        self.tokens: dict[str, ProvisionTokenV2] = {}
        self.resources: dict[str, list[auth.PaginatedResource]] = {}
        self.maintenance: ClusterMaintenanceConfigV1 | None = None
        self.page_size = 2
        self.has_list_databases = False
        """Servers of v18.0 have no such method."""
        self.odd_page: auth.ListDatabasesResponse | None = None
        """Overrides every page of ListDatabases."""
        self.next_keys: dict[str, str] = {}
        """Overrides the key that follows a start key."""

    async def Ping(self, stream: Stream[auth.PingRequest, auth.PingResponse]) -> None:
        await self.journal.receive("Ping", stream)
        await stream.send_message(self.ping)

    async def GetDatabases(self, stream: Stream[Empty, DatabaseV3List]) -> None:
        await self.journal.receive("GetDatabases", stream)
        await stream.send_message(DatabaseV3List(Databases=self.databases.values()))

    async def ListDatabases(
        self, stream: Stream[auth.ListDatabasesRequest, auth.ListDatabasesResponse]
    ) -> None:
        request = await self.journal.receive("ListDatabases", stream)
        if not self.has_list_databases:
            raise GRPCError(Status.UNIMPLEMENTED, "unknown method ListDatabases")
        items = list(self.databases.values())
        start = int(request.page_token) if request.page_token.isdigit() else 0
        end = start + min(request.page_size, self.page_size)
        token = self.next_keys.get(request.page_token, str(end) if end < len(items) else "")
        page = auth.ListDatabasesResponse(databases=items[start:end], next_page_token=token)
        await stream.send_message(self.odd_page or page)

    async def WatchEvents(self, stream: Stream[events.Watch, events.Event]) -> None:
        await self.journal.receive("WatchEvents", stream)
        raise GRPCError(Status.UNIMPLEMENTED, "unknown method WatchEvents")

    async def GetDatabase(self, stream: Stream[ResourceRequest, DatabaseV3]) -> None:
        request = await self.journal.receive("GetDatabase", stream)
        await stream.send_message(stored(self.databases, request.Name))

    async def CreateDatabase(self, stream: Stream[DatabaseV3, Empty]) -> None:
        request = await self.journal.receive("CreateDatabase", stream)
        add(self.databases, request.Metadata.Name, request)
        await stream.send_message(Empty())

    async def UpdateDatabase(self, stream: Stream[DatabaseV3, Empty]) -> None:
        request = await self.journal.receive("UpdateDatabase", stream)
        replace(self.databases, request.Metadata.Name, request)
        await stream.send_message(Empty())

    async def DeleteDatabase(self, stream: Stream[ResourceRequest, Empty]) -> None:
        request = await self.journal.receive("DeleteDatabase", stream)
        remove(self.databases, request.Name)
        await stream.send_message(Empty())

    async def GetToken(self, stream: Stream[ResourceRequest, ProvisionTokenV2]) -> None:
        request = await self.journal.receive("GetToken", stream)
        await stream.send_message(stored(self.tokens, request.Name))

    async def GetTokens(self, stream: Stream[Empty, ProvisionTokenV2List]) -> None:
        await self.journal.receive("GetTokens", stream)
        await stream.send_message(ProvisionTokenV2List(ProvisionTokens=self.tokens.values()))

    async def CreateTokenV2(self, stream: Stream[auth.CreateTokenV2Request, Empty]) -> None:
        request = await self.journal.receive("CreateTokenV2", stream)
        add(self.tokens, request.V2.Metadata.Name, request.V2)
        await stream.send_message(Empty())

    async def UpsertTokenV2(self, stream: Stream[auth.UpsertTokenV2Request, Empty]) -> None:
        request = await self.journal.receive("UpsertTokenV2", stream)
        self.tokens[request.V2.Metadata.Name] = request.V2
        await stream.send_message(Empty())

    async def DeleteToken(self, stream: Stream[ResourceRequest, Empty]) -> None:
        request = await self.journal.receive("DeleteToken", stream)
        remove(self.tokens, request.Name)
        await stream.send_message(Empty())

    async def GetClusterMaintenanceConfig(self, stream: Stream[Empty, ClusterMaintenanceConfigV1]) -> None:
        await self.journal.receive("GetClusterMaintenanceConfig", stream)
        if self.maintenance is None:
            raise GRPCError(Status.NOT_FOUND, "there is none")
        await stream.send_message(self.maintenance)

    async def GenerateUserCerts(self, stream: Stream[auth.UserCertsRequest, auth.Certs]) -> None:
        await self.journal.receive("GenerateUserCerts", stream)
        raise GRPCError(Status.PERMISSION_DENIED, "nobody gets certificates here")

    async def ListResources(
        self, stream: Stream[auth.ListResourcesRequest, auth.ListResourcesResponse]
    ) -> None:
        request = await self.journal.receive("ListResources", stream)
        items = self.resources.get(request.ResourceType, [])
        start = int(request.StartKey) if request.StartKey.isdigit() else 0
        end = start + min(request.Limit, self.page_size)
        next_key = self.next_keys.get(request.StartKey, str(end) if end < len(items) else "")
        await stream.send_message(auth.ListResourcesResponse(Resources=items[start:end], NextKey=next_key))


class FakeIntegrationService(IntegrationServiceBase):
    """teleport.integration.v1.IntegrationService."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.integrations: dict[str, IntegrationV1] = {}

    async def ListIntegrations(
        self, stream: Stream[integrations.ListIntegrationsRequest, integrations.ListIntegrationsResponse]
    ) -> None:
        await self.journal.receive("ListIntegrations", stream)
        answer = integrations.ListIntegrationsResponse(integrations=self.integrations.values())
        await stream.send_message(answer)

    async def GetIntegration(self, stream: Stream[integrations.GetIntegrationRequest, IntegrationV1]) -> None:
        request = await self.journal.receive("GetIntegration", stream)
        await stream.send_message(stored(self.integrations, request.name))

    async def CreateIntegration(
        self, stream: Stream[integrations.CreateIntegrationRequest, IntegrationV1]
    ) -> None:
        request = await self.journal.receive("CreateIntegration", stream)
        add(self.integrations, request.integration.Header.Metadata.Name, request.integration)
        await stream.send_message(request.integration)

    async def UpdateIntegration(
        self, stream: Stream[integrations.UpdateIntegrationRequest, IntegrationV1]
    ) -> None:
        request = await self.journal.receive("UpdateIntegration", stream)
        replace(self.integrations, request.integration.Header.Metadata.Name, request.integration)
        await stream.send_message(request.integration)

    async def DeleteIntegration(self, stream: Stream[integrations.DeleteIntegrationRequest, Empty]) -> None:
        request = await self.journal.receive("DeleteIntegration", stream)
        remove(self.integrations, request.name)
        await stream.send_message(Empty())


class FakeUserTaskService(UserTaskServiceBase):
    """teleport.usertasks.v1.UserTaskService."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.answer = user_tasks.ListUserTasksResponse()
        self.next_tokens: dict[str, str] = {}
        """The token that follows a page's token."""

    async def ListUserTasks(
        self, stream: Stream[user_tasks.ListUserTasksRequest, user_tasks.ListUserTasksResponse]
    ) -> None:
        request = await self.journal.receive("ListUserTasks", stream)
        answer = user_tasks.ListUserTasksResponse()
        answer.CopyFrom(self.answer)
        answer.next_page_token = self.next_tokens.get(request.page_token, "")
        await stream.send_message(answer)


class StoppableServer(Server):
    """A server that drops its connections when it stops; grpclib's goes on serving them."""

    def __init__(self, *handlers: AuthServiceBase | IntegrationServiceBase | UserTaskServiceBase) -> None:
        super().__init__(handlers)
        self._protocols: list[H2Protocol] = []

    def _protocol_factory(self) -> H2Protocol:
        protocol = super()._protocol_factory()
        self._protocols.append(protocol)
        return protocol

    async def stop(self) -> None:
        self.close()
        for protocol in self._protocols:
            if hasattr(protocol, "processor"):
                protocol.processor.close("stopped")
        await self.wait_closed()


class FakeTeleport:
    """Both services on one loopback port. State outlives stop and start."""

    def __init__(self, host_authority: Authority, user_authority: Authority) -> None:
        self.journal = Journal()
        self.auth = FakeAuthService(self.journal)
        self.integration = FakeIntegrationService(self.journal)
        self.user_task = FakeUserTaskService(self.journal)
        self.port = 0
        self.server_name = SERVER_NAME
        self._host_authority = host_authority
        self._user_authority = user_authority
        self._server: StoppableServer | None = None

    async def start(self) -> None:
        """Listens, on the same port as before if there was one."""
        # With the protocol named, accepted sockets get TCP_NODELAY; without it each answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = StoppableServer(self.auth, self.integration, self.user_task)
        await self._server.start(sock=listener, ssl=self._context())

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def _context(self) -> ssl.SSLContext:
        key = ec_key()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self._user_authority.pem.decode())
        context.set_alpn_protocols(["h2"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(key_pem(key) + self._host_authority.issue(key, dns_name=self.server_name))
            file.flush()
            context.load_cert_chain(file.name)
        return context
