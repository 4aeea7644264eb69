"""The boto3 sessions behind the clients: that of the operator's own credentials, and one for each role it assumes."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidEndpointConfigurationError,
    NoCredentialsError,
)
from botocore.session import Session
from botocore.utils import parse_timestamp

from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.assumed_role import AssumedRole, RoleCredentials, core_session
from rds_enrollment.aws.calls import CallHooks, FailureListener
from rds_enrollment.aws.error_table import CREDENTIAL_REASONS, row_of_answer, row_of_exception
from rds_enrollment.aws.models import Models
from rds_enrollment.aws.sharing import Shared, lean_session
from rds_enrollment.aws.xml_answers import ParserFactory

if TYPE_CHECKING:
    from rds_enrollment.plan.observed.aws import CallerIdentity

Signer = AssumedRole | None
"""Whose credentials sign a call; None: the operator's own."""

ClientKey = tuple[Signer, str, str | None, bool]
"""Signer, service, region, and whether each request is sent once."""

_GLOBAL_SERVICES = ("iam", "sts")

_GLOBAL_REGION = "us-east-1"
"""Where the global endpoints of the partition `aws` are signed for. botocore knows it for AWS's own endpoints,
not for one of AWS_ENDPOINT_URL. In another partition boto3's region has to be configured."""

_RENEWALS = logging.getLogger("botocore.credentials")

_AS_CONFIGURED = Config()
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


class OwnSession:
    """The boto3 session of the operator's own credentials, those of roles derived from it, and the clients of all.

    Used under its owner's lock, except by the hooks, which only set what the next use looks at.
    """

    def __init__(
        self,
        models: Models,
        config: Config,
        capacity: int,
        hooks: Callable[[Signer, FailureListener], CallHooks],
        *,
        sts: Callable[[], Any],
        made_at: float,
    ) -> None:
        """
        Args:
            models: what clients are made from.
            config: that of every client.
            capacity: clients kept; the least recently used goes first.
            hooks: what listens to the calls that a signer signs, and tells of those that failed.
            sts: gives a client that acts with the operator's own credentials.
            made_at: now, on the owner's clock.

        Raises:
            BotoCoreError: no credentials were found, or the configuration is not usable.
        """
        _RENEWALS.addFilter(_untraced)
        self.refused = False
        """Whether AWS has refused the credentials: the next use needs a new session."""
        self.made_at = made_at
        self.identities: dict[Signer, tuple[str, CallerIdentity]] = {}
        """By signer: the access key that was asked for, and whose it is."""
        self._config = config
        self._capacity = capacity
        self._hooks = hooks
        self._sts = sts
        self._clients: OrderedDict[ClientKey, Any] = OrderedDict()
        self._roles: dict[AssumedRole, RoleSession] = {}
        self._core = core = lean_session()
        models.share(core)
        self._shared = Shared()
        self._shared.between(core)
        core.register_component("response_parser_factory", ParserFactory(timestamp_parser=_timestamp))
        self._boto: Any = boto3.Session(botocore_session=core)
        self.credentials: Any = self._boto.get_credentials()
        if self.credentials is None:
            raise NoCredentialsError
        hooks(None, self._on_failure).register(self._boto.events)

    @property
    def client_count(self) -> int:
        """How many clients are kept."""
        return len(self._clients)

    def credentials_of(self, signer: Signer) -> Any:
        """botocore's credentials. Raises BotoCoreError or ClientError when they cannot be had."""
        return self._role(signer).provider.credentials if signer else self.credentials

    def client(self, key: ClientKey) -> Any:
        """The client of this key, made at its first use. Raises BotoCoreError: the region is not usable."""
        signer, service, region, once = key
        boto = self._role(signer).boto if signer else self._boto
        if key not in self._clients:
            self._clients[key] = self._new_client(boto, service, region, _ONCE if once else _AS_CONFIGURED)
            if len(self._clients) > self._capacity:
                self._clients.popitem(last=False)
        self._clients.move_to_end(key)
        return self._clients[key]

    def _role(self, role: AssumedRole) -> "RoleSession":
        """The role's session; a new one, without the clients of the old one, when AWS refused its credentials."""
        known = self._roles.get(role)
        if known is not None and not known.refused:
            return known
        for key in [key for key in self._clients if key[0] == role]:
            del self._clients[key]
        made = RoleSession(self._core, role, self._sts)
        self._shared.between(made.core)
        self._hooks(role, made.on_failure).register(made.boto.events)
        self._roles[role] = made
        return made

    def _new_client(self, boto: Any, service: str, region: str | None, retries: Config) -> Any:
        config = self._config.merge(retries)
        try:
            return boto.client(service, region_name=region or self._default_region(service), config=config)
        except BotoCoreError:
            raise
        except ValueError as error:  # how botocore refuses an endpoint that is not a URL
            raise InvalidEndpointConfigurationError(msg=str(error)) from error

    def _default_region(self, service: str) -> str | None:
        configured: str | None = self._boto.region_name
        return configured or (_GLOBAL_REGION if service in _GLOBAL_SERVICES else None)

    def _on_failure(
        self, operation: str, code: str, text: str, status: int, exception: Exception | None
    ) -> None:
        reason = _reason(operation, code, text, status, exception)
        if reason in CREDENTIAL_REASONS:
            self.refused = True
        if reason == Reason.REGION_NOT_ENABLED:  # or revoked credentials: STS will tell
            self.identities.clear()


class RoleSession:
    """The session of one assumed role, and whether AWS still takes its credentials."""

    def __init__(self, own: Session, role: AssumedRole, sts: Callable[[], Any]) -> None:
        self.refused = False
        self.provider = RoleCredentials(role, sts)
        self.core = core_session(own, self.provider)
        # Typed as Any: the stubs know services by literal name only.
        self.boto: Any = boto3.Session(botocore_session=self.core)

    def on_failure(
        self, operation: str, code: str, text: str, status: int, exception: Exception | None
    ) -> None:
        """An `aws.calls.FailureListener`."""
        if _reason(operation, code, text, status, exception) in CREDENTIAL_REASONS:
            self.refused = True


def _untraced(record: logging.LogRecord) -> bool:
    """botocore warns of a failed renewal with a traceback, whose texts quote requests and answers: tokens and keys."""
    if record.exc_info and (error := record.exc_info[1]):
        record.error = f"{type(error).__name__} {_code(error)}".rstrip()
        record.exc_info = None
    return True


def _code(error: BaseException) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _reason(operation: str, code: str, text: str, status: int, exception: Exception | None) -> Reason | None:
    row = row_of_exception(exception) if exception else row_of_answer(operation, code, text, status)
    return None if row is None else row.reason


def _timestamp(value: Any) -> datetime:
    """A time from an AWS answer. botocore's own parser of ISO 8601 takes a third of the time of an RDS listing."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return parse_timestamp(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
