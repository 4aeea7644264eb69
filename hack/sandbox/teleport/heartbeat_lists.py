"""proto.AuthService/ListResources for what agents publish: `db_server` and `db_service`."""

from rds_enrollment.teleport.wire.auth_service_pb2 import (
    ListResourcesRequest,
    ListResourcesResponse,
    PaginatedResource,
)
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServiceV1

from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.errors import bad_parameter, not_implemented
from hack.sandbox.teleport.labels import selects
from hack.sandbox.teleport.paging import page
from hack.sandbox.teleport.resources import database_server_key
from hack.sandbox.teleport.roles import Role
from hack.sandbox.teleport.unknown import undeclared
from hack.sandbox.teleport.validation.metadata import DEFAULT_NAMESPACE

_OPTIONS = {
    5: "Labels",
    6: "PredicateExpression",
    7: "SearchKeywords",
    8: "SortBy",
    9: "NeedTotalCount",
    10: "WindowsDesktopFilter",
    11: "UseSearchAsRoles",
    12: "UsePreviewAsRoles",
    13: "IncludeLogins",
}
"""Fields of proto.ListResourcesRequest that change the answer, and that the sandbox does not have."""


class HeartbeatLists:
    """Plain paging: an object per agent and database, filtered by the labels that the role selects."""

    def __init__(self, cluster: Cluster) -> None:
        self._resources = cluster.resources

    def list(self, request: ListResourcesRequest, role: Role) -> ListResourcesResponse:
        options = [_OPTIONS.get(number, f"field {number}") for number in sorted(undeclared(request))]
        if options:
            raise not_implemented(f"ListResources: the sandbox does not have {', '.join(options)}")
        if request.Namespace not in ("", DEFAULT_NAMESPACE):
            raise bad_parameter(f"namespace {request.Namespace!r} is not {DEFAULT_NAMESPACE!r}")
        match request.ResourceType:
            case "db_server":
                return self._database_servers(request, role)
            case "db_service":
                return self._database_services(request, role)
        raise not_implemented(f"ListResources: the sandbox has no {request.ResourceType!r}")

    def _database_servers(self, request: ListResourcesRequest, role: Role) -> ListResourcesResponse:
        role.check("db_server", "list", "read")
        servers = [
            each
            for each in self._resources.database_servers.list()
            if selects(role.db_labels, each.Spec.Database.Metadata.Labels)
        ]
        cut = page(servers, database_server_key, request.StartKey, request.Limit)
        resources = [PaginatedResource(DatabaseServer=each) for each in cut.items]
        return ListResourcesResponse(Resources=resources, NextKey=cut.next_key)

    def _database_services(self, request: ListResourcesRequest, role: Role) -> ListResourcesResponse:
        role.check("db_service", "list", "read")
        services = [
            each
            for each in self._resources.database_services.list()
            if selects(role.db_service_labels, each.Header.Metadata.Labels)
        ]
        cut = page(services, _host_id, request.StartKey, request.Limit)
        resources = [PaginatedResource(DatabaseService=each) for each in cut.items]
        return ListResourcesResponse(Resources=resources, NextKey=cut.next_key)


def _host_id(service: DatabaseServiceV1) -> str:
    return service.Header.Metadata.Name
