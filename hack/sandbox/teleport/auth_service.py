"""proto.AuthService: ping, databases, join tokens, and the lists of what agents publish."""

from typing import Any

from google.protobuf.empty_pb2 import Empty
from rds_enrollment.teleport.wire.auth_service_pb2 import (
    Certs,
    CreateTokenV2Request,
    ListDatabasesRequest,
    ListDatabasesResponse,
    ListResourcesRequest,
    ListResourcesResponse,
    PingRequest,
    PingResponse,
    UpsertTokenV2Request,
    UserCertsRequest,
)
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3, DatabaseV3List
from rds_enrollment.teleport.wire.maintenance_pb2 import (
    ClusterMaintenanceConfigSpecV1,
    ClusterMaintenanceConfigV1,
)
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, ProvisionTokenV2List

from hack.sandbox.teleport import user_certificates
from hack.sandbox.teleport.authority import Authority
from hack.sandbox.teleport.calls import Caller, Rpc
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.errors import bad_parameter, not_found, not_implemented
from hack.sandbox.teleport.heartbeat_lists import HeartbeatLists
from hack.sandbox.teleport.labels import selects
from hack.sandbox.teleport.paging import page
from hack.sandbox.teleport.validation.database import check_database
from hack.sandbox.teleport.validation.token import check_token

SERVICE = "proto.AuthService"


class AuthService:
    """Every method checks the caller's rule first, then the resource, then acts (Teleport lib/auth)."""

    def __init__(self, cluster: Cluster, authority: Authority) -> None:
        self._cluster = cluster
        self._authority = authority
        self._databases = cluster.resources.databases
        self._tokens = cluster.resources.tokens
        self._lists = HeartbeatLists(cluster)

    def rpcs(self) -> list[Rpc[Any, Any]]:
        return [
            Rpc(f"{SERVICE}/Ping", PingRequest, PingResponse, self.ping),
            Rpc(f"{SERVICE}/GetDatabases", Empty, DatabaseV3List, self.get_databases),
            Rpc(f"{SERVICE}/ListDatabases", ListDatabasesRequest, ListDatabasesResponse, self.list_databases),
            Rpc(f"{SERVICE}/GetDatabase", ResourceRequest, DatabaseV3, self.get_database),
            Rpc(f"{SERVICE}/CreateDatabase", DatabaseV3, Empty, self.create_database, _name_of_database),
            Rpc(f"{SERVICE}/UpdateDatabase", DatabaseV3, Empty, self.update_database, _name_of_database),
            Rpc(f"{SERVICE}/DeleteDatabase", ResourceRequest, Empty, self.delete_database, _name_of_request),
            Rpc(f"{SERVICE}/GetToken", ResourceRequest, ProvisionTokenV2, self.get_token),
            Rpc(f"{SERVICE}/GetTokens", Empty, ProvisionTokenV2List, self.get_tokens),
            Rpc(f"{SERVICE}/CreateTokenV2", CreateTokenV2Request, Empty, self.create_token, _name_of_token),
            Rpc(f"{SERVICE}/UpsertTokenV2", UpsertTokenV2Request, Empty, self.upsert_token, _name_of_token),
            Rpc(f"{SERVICE}/DeleteToken", ResourceRequest, Empty, self.delete_token, _name_of_request),
            Rpc(
                f"{SERVICE}/GetClusterMaintenanceConfig",
                Empty,
                ClusterMaintenanceConfigV1,
                self.get_maintenance,
            ),
            Rpc(f"{SERVICE}/GenerateUserCerts", UserCertsRequest, Certs, self.generate_user_certs),
            Rpc(f"{SERVICE}/ListResources", ListResourcesRequest, ListResourcesResponse, self.list_resources),
        ]

    def ping(self, _request: PingRequest, _caller: Caller) -> PingResponse:
        return PingResponse(
            ClusterName=self._cluster.name,
            ServerVersion=self._cluster.version,
            ProxyPublicAddr=self._cluster.proxy_address,
        )

    def get_databases(self, _request: Empty, caller: Caller) -> DatabaseV3List:
        return DatabaseV3List(Databases=self._visible_databases(caller))

    def list_databases(self, request: ListDatabasesRequest, caller: Caller) -> ListDatabasesResponse:
        if not self._cluster.lists_databases_by_page:
            raise not_implemented(f"version {self._cluster.version} has no ListDatabases")
        databases = self._visible_databases(caller)
        cut = page(databases, _name_of_database, request.page_token, request.page_size)
        return ListDatabasesResponse(databases=cut.items, next_page_token=cut.next_key)

    def _visible_databases(self, caller: Caller) -> list[DatabaseV3]:
        role = self._cluster.role_of(caller)
        role.check("db", "list", "read")
        return [each for each in self._databases.list() if selects(role.db_labels, each.Metadata.Labels)]

    def get_database(self, request: ResourceRequest, caller: Caller) -> DatabaseV3:
        role = self._cluster.role_of(caller)
        role.check("db", "read")
        database = self._databases.get(request.Name)
        role.check_database(request.Name, database.Metadata.Labels)
        return database

    def create_database(self, database: DatabaseV3, caller: Caller) -> Empty:
        role = self._cluster.role_of(caller)
        role.check("db", "create")
        check_database(database)
        role.check_database(database.Metadata.Name, database.Metadata.Labels)
        self._databases.create(database)
        return Empty()

    def update_database(self, database: DatabaseV3, caller: Caller) -> Empty:
        role = self._cluster.role_of(caller)
        role.check("db", "update")
        check_database(database)
        with self._cluster.resources.lock:
            stored = self._databases.get(database.Metadata.Name)
            role.check_database(stored.Metadata.Name, stored.Metadata.Labels)
            role.check_database(database.Metadata.Name, database.Metadata.Labels)
            self._databases.update(database)
        return Empty()

    def delete_database(self, request: ResourceRequest, caller: Caller) -> Empty:
        role = self._cluster.role_of(caller)
        role.check("db", "delete")
        with self._cluster.resources.lock:
            stored = self._databases.get(request.Name)
            role.check_database(request.Name, stored.Metadata.Labels)
            self._databases.delete(request.Name)
        return Empty()

    def get_token(self, request: ResourceRequest, caller: Caller) -> ProvisionTokenV2:
        self._cluster.role_of(caller).check("token", "read")
        return self._tokens.get(request.Name)

    def get_tokens(self, _request: Empty, caller: Caller) -> ProvisionTokenV2List:
        self._cluster.role_of(caller).check("token", "list", "read")
        return ProvisionTokenV2List(ProvisionTokens=self._tokens.list())

    def create_token(self, request: CreateTokenV2Request, caller: Caller) -> Empty:
        self._cluster.role_of(caller).check("token", "create")
        self._tokens.create(_token_of(request))
        return Empty()

    def upsert_token(self, request: UpsertTokenV2Request, caller: Caller) -> Empty:
        self._cluster.role_of(caller).check("token", "create", "update")
        self._tokens.put(_token_of(request))
        return Empty()

    def delete_token(self, request: ResourceRequest, caller: Caller) -> Empty:
        self._cluster.role_of(caller).check("token", "delete")
        self._tokens.delete(request.Name)
        return Empty()

    def get_maintenance(self, _request: Empty, caller: Caller) -> ClusterMaintenanceConfigV1:
        self._cluster.role_of(caller).check("cluster_maintenance_config", "read")
        if self._cluster.maintenance is None:
            raise not_found("cluster_maintenance_config", "cluster-maintenance-config")
        return ClusterMaintenanceConfigV1(
            Spec=ClusterMaintenanceConfigSpecV1(AgentUpgrades=self._cluster.maintenance)
        )

    def generate_user_certs(self, request: UserCertsRequest, caller: Caller) -> Certs:
        return user_certificates.generate(request, caller, self._authority)

    def list_resources(self, request: ListResourcesRequest, caller: Caller) -> ListResourcesResponse:
        return self._lists.list(request, self._cluster.role_of(caller))


def _token_of(request: CreateTokenV2Request | UpsertTokenV2Request) -> ProvisionTokenV2:
    if not request.HasField("V2"):
        raise bad_parameter("the request has no token of version v2")
    check_token(request.V2)
    return request.V2


def _name_of_database(database: DatabaseV3) -> str:
    return database.Metadata.Name


def _name_of_request(request: ResourceRequest) -> str:
    return request.Name


def _name_of_token(request: CreateTokenV2Request | UpsertTokenV2Request) -> str:
    return request.V2.Metadata.Name
