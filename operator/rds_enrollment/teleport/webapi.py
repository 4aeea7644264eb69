"""The proxy's web API: what a cluster tells anybody about itself (Teleport lib/web, GET /webapi/find)."""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypedDict

import aiohttp

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.dialer import refused, unreachable
from rds_enrollment.teleport.http_proxy import HttpProxies
from rds_enrollment.teleport.tls_errors import is_about_time

FIND_SECONDS = 5.0
"""How long a request may take, from the connection to the last byte."""
_MAX_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of /webapi/find; what an older server does not tell is empty."""

    version: str
    """Semantic version of the proxy, without a leading v."""
    tls_routing: bool
    cluster_name: str = ""
    edition: str = ""
    """oss, ent or community."""
    agent_version: str = ""
    """The version that the cluster's automatic updates give to agents, without a leading v."""
    ahead_seconds: float | None = None
    """How far the server's clock is ahead of ours; None when it did not tell the time."""


@dataclass(frozen=True, slots=True)
class WebApi:
    """Asks proxies. Certificates are checked against the system's authorities and those of `ca_file`."""

    now: Callable[[], datetime]
    proxies: HttpProxies = field(default_factory=HttpProxies)
    ca_file: Path | None = None
    find_seconds: float = FIND_SECONDS
    _kept: dict[object, ssl.SSLContext] = field(default_factory=dict, repr=False, compare=False)
    """The shared context by the state of `ca_file`: to read the system's authorities takes some fifty milliseconds."""

    def context(self) -> ssl.SSLContext:
        """TLS with a proxy's web server, for the caller alone to change.

        Raises Blocked(TeleportNotTrusted) when the CA file cannot be used.
        """
        context = ssl.create_default_context()
        if self.ca_file is None:
            return context
        try:
            context.load_verify_locations(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Blocked(
                Reason.TELEPORT_NOT_TRUSTED,
                f"--teleport-ca-file {self.ca_file} holds no certificates that can be read "
                f"({error.strerror or type(error).__name__})",
            ) from error
        return context

    def session(self) -> aiohttp.ClientSession:
        """A session for requests to proxies, made with `through`. Raises as `context` does."""
        connector = aiohttp.TCPConnector(ssl=self.shared_context(), limit=1)
        return aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=self.find_seconds)
        )

    def check(self) -> None:
        """Raises as `context` does. Without a CA file nothing can be wrong, and nothing is read."""
        if self.ca_file is not None:
            self.shared_context()

    def shared_context(self) -> ssl.SSLContext:
        """As `context`, for nobody to change. May be called from any thread. Raises as `context` does."""
        state = _state_of(self.ca_file)
        context = self._kept.get(state)
        if context is None:
            context = self.context()
            self._kept.clear()
            self._kept[state] = context
        return context

    def through(self, address: Address) -> "Through":
        """The options of a request to `address` that lead it through the HTTP proxy, if there is one."""
        proxy = self.proxies.leading_to(address)
        if proxy is None:
            return Through(proxy=None, proxy_headers=None)
        headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
        return Through(proxy=proxy.url, proxy_headers=headers)

    async def find(self, address: Address) -> Found:
        """What the proxy at `address` tells.

        Raises Transient (TeleportUnreachable, TeleportFailed) or Blocked (NotTeleport, TeleportNotTrusted,
        TeleportClockSkew, HttpProxyRefused).
        """
        url = f"https://{address}/webapi/find"
        try:
            async with (
                self.session() as session,
                session.get(url, allow_redirects=False, **self.through(address)) as answer,
            ):
                body = await _read(answer)
        except (aiohttp.ClientError, OSError) as error:
            raise self.translate(error, address) from error
        return _found(address, answer.status, body, self._ahead(answer.headers.get("Date", "")))

    def translate(self, error: aiohttp.ClientError | OSError, address: Address) -> Outcome:
        """What a failed request to the proxy at `address` means."""
        where = f"Teleport at {address}"
        proxy = self.proxies.leading_to(address)
        match error:
            case aiohttp.ClientHttpProxyError() if proxy:
                return refused(proxy, address, error.status)
            case aiohttp.ClientProxyConnectionError() if proxy:
                return unreachable(proxy, address, error)
            case aiohttp.ClientConnectorCertificateError():
                return _of_certificate(where, error.certificate_error)
            case ssl.SSLCertVerificationError():
                return _of_certificate(where, error)
            case aiohttp.ClientSSLError() | ssl.SSLError():
                return Blocked(
                    Reason.NOT_TELEPORT, f"{where} speaks no TLS that we understand: no Teleport proxy"
                )
            case TimeoutError():
                problem = "did not answer in time"
            case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
                return Blocked(Reason.NOT_TELEPORT, f"{where} gives no proper HTTP answer: no Teleport proxy")
            case _:
                problem = f"cannot be connected to ({type(error).__name__})"
        return Transient(Reason.TELEPORT_UNREACHABLE, f"{where} {problem}")

    def _ahead(self, date: str) -> float | None:
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return None
        return (told.astimezone(UTC) - self.now()).total_seconds()


def _state_of(file: Path | None) -> object:
    """Differs once the file was replaced. None without a file, and for one that is not there."""
    if file is None or not file.exists():
        return None
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


class Through(TypedDict):
    """aiohttp's options for an HTTP proxy."""

    proxy: str | None
    proxy_headers: dict[str, str] | None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body, cut off where no proxy's answer would still go on."""
    body = bytearray()
    while len(body) < _MAX_ANSWER and (chunk := await answer.content.read(_MAX_ANSWER)):
        body += chunk
    return bytes(body)


def _of_certificate(where: str, error: Exception) -> Outcome:
    said = getattr(error, "verify_message", "") or type(error).__name__
    if is_about_time(error):
        return Blocked(
            Reason.TELEPORT_CLOCK_SKEW,
            f"{where} shows a web certificate that is outside its time by this machine's clock ({said}): set the "
            "clock right, or renew the certificate",
        )
    return Blocked(
        Reason.TELEPORT_NOT_TRUSTED,
        f"{where} shows a web certificate that no known authority vouches for ({said}): name its authority with "
        "--teleport-ca-file",
    )


def _found(address: Address, status: int, body: bytes, ahead: float | None) -> Found:
    if status >= 500:
        raise Transient(
            Reason.TELEPORT_FAILED, f"Teleport at {address} answered /webapi/find with status {status}"
        )
    answer = _object(body) if status == 200 else {}
    version, proxy = answer.get("server_version"), answer.get("proxy")
    if not isinstance(version, str) or not isinstance(proxy, dict):
        raise Blocked(
            Reason.NOT_TELEPORT,
            f"{address} does not answer /webapi/find as a Teleport proxy does (status {status}): name the address "
            "of Teleport's proxy or auth service",
        )
    update = answer.get("auto_update")
    return Found(
        version=version.removeprefix("v"),
        tls_routing=proxy.get("tls_routing_enabled") is True,
        cluster_name=_text(answer, "cluster_name"),
        edition=_text(answer, "edition"),
        agent_version=_text(update, "agent_version").removeprefix("v") if isinstance(update, dict) else "",
        ahead_seconds=ahead,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _text(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) else ""
