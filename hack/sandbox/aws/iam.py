"""moto's IAM with checked trust policies and the whole life of an OIDC identity provider.

Source: AWS IAM API Reference, CreateRole, CreateOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider.
"""

import json
from typing import Any

import moto.iam.urls
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse


class IamError(ServiceException):
    """An IAM error: `IamError(code, message)`. moto words errors by the module that their class is from."""


class SimulatedIamBackend(IAMBackend):
    """One account and partition."""

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return moto.iam.urls


class SimulatedIamResponse(IamResponse):
    def create_role(self) -> ActionResult:
        check_trust_policy(str(self._get_param("AssumeRolePolicyDocument")))
        return super().create_role()

    def update_assume_role_policy(self) -> ActionResult:
        check_trust_policy(str(self._get_param("PolicyDocument")))
        return super().update_assume_role_policy()

    def create_open_id_connect_provider(self) -> ActionResult:
        url = str(self._get_param("Url"))
        if not url.startswith("https://"):
            raise IamError("InvalidInput", "Invalid Open ID Connect Provider URL")
        host = url.removeprefix("https://")
        if any(arn.endswith(f":oidc-provider/{host}") for arn in self.backend.open_id_providers):
            raise IamError("EntityAlreadyExists", f"Provider with url {url} already exists.")
        created = super().create_open_id_connect_provider()
        return ActionResult({**_members(created), "Tags": self._get_param("Tags", [])})

    def add_client_id_to_open_id_connect_provider(self) -> ActionResult:
        provider = self._provider()
        client_id = self._get_param("ClientID")
        if client_id not in provider.client_id_list:
            provider.client_id_list.append(client_id)
        return EmptyResult()

    def remove_client_id_from_open_id_connect_provider(self) -> ActionResult:
        provider = self._provider()
        client_id = self._get_param("ClientID")
        if client_id in provider.client_id_list:
            provider.client_id_list.remove(client_id)
        return EmptyResult()

    def _provider(self) -> Any:
        return self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))


def check_trust_policy(document: str) -> None:
    """Raises MalformedPolicyDocument: not JSON, no Principal, an unknown kind of principal, or bad actions."""
    IAMTrustPolicyDocumentValidator(document).validate()
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        _check_principal(statement)


def _check_principal(statement: dict[str, Any]) -> None:
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if principal is None:
        raise _malformed("Missing required field Principal")
    if principal == "*":
        return
    kinds = {"AWS", "Service", "Federated", "CanonicalUser"}
    if not isinstance(principal, dict) or not principal or not set(principal) <= kinds:
        raise _malformed("Invalid principal in policy")


def _malformed(message: str) -> IamError:
    return IamError("MalformedPolicyDocument", message)


def _members(result: ActionResult) -> dict[str, Any]:
    members = result.result
    if not isinstance(members, dict):
        raise TypeError(f"moto answered with {type(members).__name__}, not with members")
    return members
