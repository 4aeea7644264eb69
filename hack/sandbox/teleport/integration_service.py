"""teleport.integration.v1.IntegrationService: integrations of sub kind aws-oidc."""

from typing import Any

from google.protobuf.empty_pb2 import Empty
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.integration_service_pb2 import (
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    ListIntegrationsRequest,
    ListIntegrationsResponse,
    UpdateIntegrationRequest,
)

from hack.sandbox.teleport.calls import Caller, Rpc
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.errors import not_implemented
from hack.sandbox.teleport.paging import page
from hack.sandbox.teleport.unknown import undeclared
from hack.sandbox.teleport.validation.integration import check_integration, check_new_name

SERVICE = "teleport.integration.v1.IntegrationService"
_DELETE_ASSOCIATED_RESOURCES = 2  # field of DeleteIntegrationRequest


class IntegrationService:
    """Integrations have no label rules: a verb on the kind is enough."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._integrations = cluster.resources.integrations

    def rpcs(self) -> list[Rpc[Any, Any]]:
        return [
            Rpc(f"{SERVICE}/ListIntegrations", ListIntegrationsRequest, ListIntegrationsResponse, self.list),
            Rpc(f"{SERVICE}/GetIntegration", GetIntegrationRequest, IntegrationV1, self.get),
            Rpc(
                f"{SERVICE}/CreateIntegration",
                CreateIntegrationRequest,
                IntegrationV1,
                self.create,
                _name_of_integration,
            ),
            Rpc(
                f"{SERVICE}/UpdateIntegration",
                UpdateIntegrationRequest,
                IntegrationV1,
                self.update,
                _name_of_integration,
            ),
            Rpc(
                f"{SERVICE}/DeleteIntegration",
                DeleteIntegrationRequest,
                Empty,
                self.delete,
                _name_of_deletion,
            ),
        ]

    def list(self, request: ListIntegrationsRequest, caller: Caller) -> ListIntegrationsResponse:
        self._cluster.role_of(caller).check("integration", "list", "read")
        cut = page(self._integrations.list(), _name, request.next_key, request.limit)
        return ListIntegrationsResponse(integrations=cut.items, next_key=cut.next_key)

    def get(self, request: GetIntegrationRequest, caller: Caller) -> IntegrationV1:
        self._cluster.role_of(caller).check("integration", "read")
        return self._integrations.get(request.name)

    def create(self, request: CreateIntegrationRequest, caller: Caller) -> IntegrationV1:
        self._cluster.role_of(caller).check("integration", "create")
        check_new_name(request.integration)
        check_integration(request.integration)
        return self._integrations.create(request.integration)

    def update(self, request: UpdateIntegrationRequest, caller: Caller) -> IntegrationV1:
        """Does not compare sub kinds: only Teleport's web handler does."""
        self._cluster.role_of(caller).check("integration", "update")
        check_integration(request.integration)
        return self._integrations.update(request.integration)

    def delete(self, request: DeleteIntegrationRequest, caller: Caller) -> Empty:
        self._cluster.role_of(caller).check("integration", "delete")
        if _DELETE_ASSOCIATED_RESOURCES in undeclared(request):
            raise not_implemented("delete_associated_resources is not for aws-oidc integrations")
        self._integrations.delete(request.name)
        return Empty()


def _name(integration: IntegrationV1) -> str:
    return integration.Header.Metadata.Name


def _name_of_integration(request: CreateIntegrationRequest | UpdateIntegrationRequest) -> str:
    return request.integration.Header.Metadata.Name


def _name_of_deletion(request: DeleteIntegrationRequest) -> str:
    return request.name
