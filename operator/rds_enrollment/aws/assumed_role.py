"""Roles of other accounts: temporary credentials from sts:AssumeRole, renewed before they end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials
from botocore.session import Session

from rds_enrollment.aws.sharing import lean_session

SESSION_NAME = "rds-enrollment-operator"
"""What CloudTrail shows as the session of the role."""

_SHARED_COMPONENTS = ("data_loader", "response_parser_factory")
"""Of the operator's own session: the models of the services are most of a session's 30 MB."""


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role to act as. `external_id` is what the role's trust policy asks for; empty for none."""

    arn: str
    external_id: str = ""

    @property
    def account(self) -> str:
        """That the role is in: arn:PARTITION:iam::ACCOUNT:role/NAME. Empty when it is no ARN: AWS refuses it then."""
        parts = self.arn.split(":")
        return parts[4] if len(parts) > 4 else ""


class RoleCredentials:
    """A credential provider in botocore's sense, for one role.

    botocore asks for new credentials 15 minutes before the old ones end, on the thread that comes first; the others go
    on with the old ones. The default hour is what AWS allows when roles are chained.
    """

    def __init__(self, role: AssumedRole, sts: Callable[[], Any]) -> None:
        """`sts` gives a client that acts with the operator's own credentials."""
        self._role = role
        self._sts = sts
        self.credentials = DeferredRefreshableCredentials(refresh_using=self._fetch, method="assume-role")

    def load_credentials(self) -> DeferredRefreshableCredentials:
        """Called by botocore."""
        return self.credentials

    def _fetch(self) -> dict[str, str]:
        """sts:AssumeRole. No session tags: those of EKS Pod Identity are transitive by themselves."""
        external = {"ExternalId": self._role.external_id} if self._role.external_id else {}
        answer = self._sts().assume_role(RoleArn=self._role.arn, RoleSessionName=SESSION_NAME, **external)[
            "Credentials"
        ]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }


def core_session(own: Session, provider: RoleCredentials) -> Session:
    """A session that signs with the role's credentials and shares the models of the operator's own."""
    core = lean_session()
    for name in _SHARED_COMPONENTS:
        core.register_component(name, own.get_component(name))
    core.register_component("credential_provider", provider)
    return core
