"""Clients of AWS: whose credentials sign a call, and one boto3 session per process behind all of them."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config

from rds_enrollment import __version__
from rds_enrollment.aws import sts
from rds_enrollment.aws.assumed_role import AssumedRole
from rds_enrollment.aws.boto_sessions import OwnSession, Signer
from rds_enrollment.aws.calls import CallHooks, CallObserver, FailureListener, unobserved
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.models import Models
from rds_enrollment.aws.rate import RateLimit
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.runtime.fence import Guard, unguarded

if TYPE_CHECKING:
    from types_boto3_ec2.client import EC2Client
    from types_boto3_ecs.client import ECSClient
    from types_boto3_iam.client import IAMClient
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_rds.client import RDSClient
    from types_boto3_sts.client import STSClient

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
        calls_per_second: float = 0.0,
        connections: int = 16,
        capacity: int = 512,
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
            calls_per_second: requests in one account and region, repeated ones too; 0: as many as come.
            connections: that are kept open to one host, for the clients of all accounts. More are opened while more
                calls are under way.
            capacity: clients kept; the least recently used goes first.
            attempts: HTTP requests for one call, the first included; botocore backs off between them.
            connect_timeout: seconds for a connection, per attempt.
            read_timeout: seconds between two bytes of an answer, per attempt.
            fips: whether AWS is called at its FIPS endpoints; else boto3's own AWS_USE_FIPS_ENDPOINT decides.
            monotonic: the clock that calls are timed with.
        """
        self._capacity = capacity
        self._monotonic = monotonic
        self._rate = RateLimit(calls_per_second, clock=monotonic)
        self._observe = observe
        self._guard = guard
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=connections,
            use_fips_endpoint=fips or None,
            user_agent_extra=f"rds-enrollment-operator/{__version__}",
        )
        self._models = Models()
        self._lock = threading.Lock()
        self._current: OwnSession | None = None
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

    def client(self, signer: Signer, service: str, region: str | None, *, once: bool = False) -> Any:
        """The client of `service` with the credentials of `signer`; with `once` it repeats no request.

        Raises:
            BotoCoreError: no credentials were found, or the region or the configuration is not usable.
        """
        with self._lock:
            return self._usable_session().client((signer, service, region, once))

    def identity(self, signer: Signer, ask: Callable[[], CallerIdentity]) -> CallerIdentity:
        """Whose the credentials of `signer` are: asked once per access key, and again after a failure.

        Raises:
            BotoCoreError, ClientError: there are no credentials, or they could not be refreshed.
            Outcome: what `ask` raises.
        """
        with self._lock:
            session = self._usable_session()
            credentials = session.credentials_of(signer)
        access_key = str(credentials.get_frozen_credentials().access_key)
        known = session.identities.get(signer)
        if known is not None and known[0] == access_key:
            return known[1]
        identity = ask()
        session.identities[signer] = (access_key, identity)
        return identity

    def reread_credentials(self) -> None:
        """Look for the credentials anew at the next use: those that were found are good, but not the right ones."""
        with self._lock:
            session = self._current
            if session is not None and self._monotonic() - session.made_at >= _REREAD_SECONDS:
                session.refused = True

    def count(self) -> int:
        """The clients that are kept."""
        with self._lock:
            return self._current.client_count if self._current else 0

    def credentials_end(self) -> datetime | None:
        """When the operator's own credentials end, as far as botocore has asked: it renews those of IRSA, Pod Identity
        and instance roles at their next use from fifteen minutes before. None: static ones, or none were used yet."""
        with self._lock:
            credentials = self._current.credentials if self._current else None
        # botocore.credentials.RefreshableCredentials tells it nowhere else.
        return getattr(credentials, "_expiry_time", None)

    def _hooks_of(self, signer: Signer, on_failure: FailureListener) -> CallHooks:
        return CallHooks(
            observe=self._observe,
            on_failure=on_failure,
            guard=self._guard,
            pace=lambda region: self._rate.wait(self._account_of(signer), region),
            monotonic=self._monotonic,
        )

    def _account_of(self, signer: Signer) -> str:
        """Empty: the operator's own, as long as it was not asked which that is."""
        if signer is not None:
            return signer.account
        session = self._current
        known = session.identities.get(None) if session else None
        return known[1].account if known else ""

    def _usable_session(self) -> OwnSession:
        if self._current is None or self._current.refused:
            self._current = None
            self._current = OwnSession(
                self._models,
                self._config,
                self._capacity,
                self._hooks_of,
                sts=lambda: self._own_account.client("sts"),
                made_at=self._monotonic(),
            )
        return self._current


class AwsAccount:
    """An AWS account, as whoever signs the calls in it sees it."""

    def __init__(self, clients: AwsClients, signer: Signer) -> None:
        self._clients = clients
        self._signer = signer

    def __eq__(self, other: object) -> bool:
        """Two are the same whose calls the same credentials sign."""
        return isinstance(other, AwsAccount) and self._signer == other._signer

    def __hash__(self) -> int:
        return hash(self._signer)

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
        return self._clients.client(self._signer, service, region or None)

    def once(self, service: str, region: str) -> Any:
        """A client as above that sends each request once: for writes that AWS does again when they are repeated."""
        return self._clients.client(self._signer, service, region, once=True)

    def identity(self) -> CallerIdentity:
        """Whose the credentials are, asked once per access key.

        Raises:
            Outcome: also for missing, expired or refused credentials.
        """
        whose = f"IAM role {self._signer.arn}" if self._signer else "the operator's AWS credentials"
        with translated("sts:GetCallerIdentity", whose):
            return self._clients.identity(self._signer, lambda: sts.get_caller_identity(self, whose))

    def reread_credentials(self) -> None:
        """Look for the operator's credentials anew at the next use, as they may have been replaced."""
        self._clients.reread_credentials()
