"""Clients of AWS: one boto3 session per process, few clients, and the scope that every call acts in."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, InvalidEndpointConfigurationError, NoCredentialsError
from botocore.utils import parse_timestamp

from rds_enrollment import __version__
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws import sts
from rds_enrollment.aws.assumed_role import AssumedRole, RoleCredentials, boto_session
from rds_enrollment.aws.calls import CallHooks, CallObserver, unobserved
from rds_enrollment.aws.error_table import CREDENTIAL_REASONS, row_of_answer, row_of_exception
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.models import Models
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.runtime.fence import Guard, unguarded

if TYPE_CHECKING:
    from types_boto3_ec2.client import EC2Client
    from types_boto3_ecs.client import ECSClient
    from types_boto3_iam.client import IAMClient
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_rds.client import RDSClient
    from types_boto3_sts.client import STSClient

_GLOBAL_SERVICES = ("iam", "sts")

_GLOBAL_REGION = "us-east-1"
"""Where the global endpoints of the partition `aws` are signed for. botocore knows it for AWS's own endpoints,
not for one of AWS_ENDPOINT_URL. In another partition boto3's region has to be configured."""

Scope = AssumedRole | None
"""Whose credentials sign a call; None: the operator's own."""

_ClientKey = tuple[Scope, str, str | None, bool]
"""Credentials, service, region, and whether each request is sent once."""

_AS_CONFIGURED = Config()
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})

_REREAD_SECONDS = 5.0
"""How old a session must be to be given up on request: however many objects name a wrong account, a session is
not made for each of their passes."""


class AwsClients:
    """All clients of the process. Safe to use from many threads.

    Credentials come from boto3's own chain (environment, IRSA, Pod Identity, shared files) and the endpoint
    from its AWS_ENDPOINT_URL. When AWS refuses the credentials, none are found, or they are said to be the wrong
    ones, the session is given up and the next use starts from the sources again: a file or token that appears
    later heals the operator.
    """

    def __init__(
        self,
        *,
        observe: CallObserver = unobserved,
        guard: Guard = unguarded,
        threads: int = 8,
        capacity: int = 128,
        attempts: int = 4,
        connect_timeout: float = 3.0,
        read_timeout: float = 15.0,
        fips: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            observe: told of each call.
            guard: asked before each request, repeated ones too; what it raises ends the call.
            threads: how many threads call at the same time; sizes each client's connection pool.
            capacity: clients kept; the least recently used goes first.
            attempts: HTTP requests for one call, the first included; botocore backs off between them.
            connect_timeout: seconds for a connection, per attempt.
            read_timeout: seconds between two bytes of an answer, per attempt.
            fips: whether AWS is called at its FIPS endpoints; else boto3's own AWS_USE_FIPS_ENDPOINT decides.
            monotonic: the clock that calls are timed with.
        """
        self._observe = observe
        self._guard = guard
        self._capacity = capacity
        self._monotonic = monotonic
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=threads,
            use_fips_endpoint=fips or None,
            user_agent_extra=f"rds-enrollment-operator/{__version__}",
        )
        self._models = Models()
        self._lock = threading.Lock()
        self._current: _Session | None = None
        self._own_account = AwsAccount(self, None)

    def preload(self) -> None:
        """Do beforehand what the first clients would take half a second for. Needs no credentials, and calls nobody."""
        self._models.preload()

    def own(self) -> "AwsAccount":
        """The account that the operator's own credentials belong to."""
        return self._own_account

    def assumed(self, role: AssumedRole) -> "AwsAccount":
        """The account of a role that the operator's own credentials may assume."""
        return AwsAccount(self, role)

    def client(self, scope: Scope, service: str, region: str | None, *, once: bool = False) -> Any:
        """The client of `service` with the credentials of `scope`; with `once` it repeats no request.

        Raises:
            BotoCoreError: no credentials were found, or the region or the configuration is not usable.
        """
        with self._lock:
            return self._usable_session().client((scope, service, region, once))

    def identity(self, scope: Scope, ask: Callable[[], CallerIdentity]) -> CallerIdentity:
        """Whose the credentials of `scope` are: asked once per access key, and again after a failure.

        Raises:
            BotoCoreError, ClientError: there are no credentials, or they could not be refreshed.
            Outcome: what `ask` raises.
        """
        with self._lock:
            session = self._usable_session()
            credentials = session.credentials_of(scope)
        access_key = str(credentials.get_frozen_credentials().access_key)
        known = session.identities.get(scope)
        if known is not None and known[0] == access_key:
            return known[1]
        identity = ask()
        session.identities[scope] = (access_key, identity)
        return identity

    def reread_credentials(self) -> None:
        """Look for the credentials anew at the next use: those that were found are good, but not the right ones."""
        with self._lock:
            session = self._current
            if session is not None and self._monotonic() - session.made_at >= _REREAD_SECONDS:
                session.refused = True

    def credentials_end(self) -> datetime | None:
        """When the operator's own credentials end, as far as botocore has asked: it renews those of IRSA, Pod Identity
        and instance roles ten minutes before, at their next use. None: static ones, or none were used yet."""
        with self._lock:
            credentials = self._current.credentials if self._current else None
        # botocore.credentials.RefreshableCredentials tells it nowhere else.
        return getattr(credentials, "_expiry_time", None)

    def _usable_session(self) -> "_Session":
        if self._current is None or self._current.refused:
            self._current = None
            self._current = _Session(
                self._models,
                self._config,
                self._capacity,
                self._observe,
                self._guard,
                self._monotonic,
                self._own_account,
            )
        return self._current


class AwsAccount:
    """The scope of every call: whose credentials sign it."""

    def __init__(self, clients: AwsClients, scope: Scope) -> None:
        self._clients = clients
        self._scope = scope

    @overload
    def client(self, service: Literal["ec2"], region: str | None = None) -> "EC2Client": ...
    @overload
    def client(self, service: Literal["ecs"], region: str | None = None) -> "ECSClient": ...
    @overload
    def client(self, service: Literal["iam"], region: str | None = None) -> "IAMClient": ...
    @overload
    def client(self, service: Literal["logs"], region: str | None = None) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["rds"], region: str | None = None) -> "RDSClient": ...
    @overload
    def client(self, service: Literal["sts"], region: str | None = None) -> "STSClient": ...
    @overload
    def client(self, service: Literal["service-quotas"], region: str | None = None) -> Any: ...
    def client(self, service: str, region: str | None = None) -> Any:
        """The shared client of `service`; IAM and STS need no region.

        Raises:
            BotoCoreError: no credentials, no such region; call it inside `errors.translated`.
        """
        return self._clients.client(self._scope, service, region or None)

    def once(self, service: str, region: str) -> Any:
        """A client as above that sends each request once: for writes that AWS does again when they are repeated."""
        return self._clients.client(self._scope, service, region, once=True)

    def identity(self) -> CallerIdentity:
        """Whose the credentials are, asked once per access key.

        Raises:
            Outcome: also for missing, expired or refused credentials.
        """
        whose = f"IAM role {self._scope.arn}" if self._scope else "the operator's AWS credentials"
        with translated("sts:GetCallerIdentity", whose):
            return self._clients.identity(self._scope, lambda: sts.get_caller_identity(self))

    def reread_credentials(self) -> None:
        """Look for the operator's credentials anew at the next use, as they may have been replaced."""
        self._clients.reread_credentials()


class _Session:
    """One boto3 session, those of roles derived from it, the clients, and whether AWS still takes its credentials."""

    def __init__(
        self,
        models: Models,
        config: Config,
        capacity: int,
        observe: CallObserver,
        guard: Guard,
        monotonic: Callable[[], float],
        own_account: AwsAccount,
    ) -> None:
        self.refused = False
        self.made_at = monotonic()
        self.identities: dict[Scope, tuple[str, CallerIdentity]] = {}
        """By scope: the access key that was asked for, and whose it is."""
        self._config = config
        self._capacity = capacity
        self._observe = observe
        self._guard = guard
        self._monotonic = monotonic
        self._own_account = own_account
        self._clients: OrderedDict[_ClientKey, Any] = OrderedDict()
        self._roles: dict[AssumedRole, _RoleSession] = {}
        self._core = core = botocore.session.get_session()
        models.share(core)
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
        # Typed as Any: the stubs know services by literal name only.
        self._boto: Any = boto3.Session(botocore_session=core)
        self.credentials: Any = self._boto.get_credentials()
        if self.credentials is None:
            raise NoCredentialsError
        CallHooks(observe, self._on_failure, guard, monotonic).register(self._boto.events)

    def credentials_of(self, scope: Scope) -> Any:
        return self._role(scope).provider.credentials if scope else self.credentials

    def client(self, key: _ClientKey) -> Any:
        scope, service, region, once = key
        boto = self._role(scope).boto if scope else self._boto
        if key not in self._clients:
            self._clients[key] = self._new_client(boto, service, region, _ONCE if once else _AS_CONFIGURED)
            if len(self._clients) > self._capacity:
                self._clients.popitem(last=False)
        self._clients.move_to_end(key)
        return self._clients[key]

    def _role(self, role: AssumedRole) -> "_RoleSession":
        """The role's session; a new one, without the clients of the old one, when AWS refused its credentials."""
        known = self._roles.get(role)
        if known is not None and not known.refused:
            return known
        for key in [key for key in self._clients if key[0] == role]:
            del self._clients[key]
        made = _RoleSession(self._core, role, lambda: self._own_account.client("sts"))
        CallHooks(self._observe, made.on_failure, self._guard, self._monotonic).register(made.boto.events)
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
        row = row_of_exception(exception) if exception else row_of_answer(operation, code, text, status)
        if row is None:
            return
        if row.reason in CREDENTIAL_REASONS:
            self.refused = True
        if row.reason == Reason.REGION_NOT_ENABLED:  # or revoked credentials: STS will tell
            self.identities.clear()


class _RoleSession:
    """The session of one assumed role, and whether AWS still takes its credentials."""

    def __init__(self, own: botocore.session.Session, role: AssumedRole, sts: Callable[[], Any]) -> None:
        self.refused = False
        self.provider = RoleCredentials(role, sts)
        self.boto: Any = boto_session(own, self.provider)

    def on_failure(
        self, operation: str, code: str, text: str, status: int, exception: Exception | None
    ) -> None:
        row = row_of_exception(exception) if exception else row_of_answer(operation, code, text, status)
        if row is not None and row.reason in CREDENTIAL_REASONS:
            self.refused = True


def _timestamp(value: Any) -> datetime:
    """A time from an AWS answer. botocore's own parser of ISO 8601 takes a third of the time of an RDS listing."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return parse_timestamp(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
