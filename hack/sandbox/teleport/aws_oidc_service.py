"""teleport.integration.v1.AWSOIDCService: acting in AWS through an integration. Only Ping is served."""

from collections.abc import Callable
from typing import Any

from rds_enrollment.teleport.wire.aws_oidc_service_pb2 import PingRequest, PingResponse

from hack.sandbox.teleport.calls import Caller, Rpc
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.errors import access_denied, bad_parameter

SERVICE = "teleport.integration.v1.AWSOIDCService"

AssumeRole = Callable[[str, str], str | None]
"""(role ARN, issuer without scheme) -> why AWS refuses Teleport's token, or None."""


def always_assumed(role_arn: str, issuer: str) -> str | None:
    """An AWS that lets Teleport in everywhere, for a Teleport without one."""
    return None


class AwsOidcService:
    """`assume_role` may be replaced at any time."""

    def __init__(self, cluster: Cluster) -> None:
        self.assume_role: AssumeRole = always_assumed
        self._cluster = cluster

    def rpcs(self) -> list[Rpc[Any, Any]]:
        return [Rpc(f"{SERVICE}/Ping", PingRequest, PingResponse, self.ping)]

    def ping(self, request: PingRequest, caller: Caller) -> PingResponse:
        """AWS's refusal has the code of a refusal of Teleport's own (trace.AccessDenied)."""
        self._cluster.role_of(caller).check("integration", "use", "read")
        integration = self._cluster.resources.integrations.get(request.integration)
        role_arn = integration.Spec.AWSOIDC.RoleARN
        if not role_arn:
            raise bad_parameter(f"integration {request.integration} is not of sub kind aws-oidc")
        why_not = self.assume_role(role_arn, self._cluster.proxy_address.removesuffix(":443"))
        if why_not:
            raise access_denied(
                f"operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, {why_not}"
            )
        account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        return PingResponse(account_id=account, arn=f"arn:aws:sts::{account}:assumed-role/{role}/teleport")
