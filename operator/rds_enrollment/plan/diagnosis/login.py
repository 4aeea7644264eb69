"""What a login test through Teleport tells: how it ended, and what to do.

Sources of the texts: Teleport lib/srv/db/common (errors of the proxy and of the agent, and
createRDSAccessDeniedError), lib/services (access checks); PostgreSQL, "Error Codes" (Appendix A); Amazon RDS User
Guide, "Troubleshooting for IAM DB authentication". Teleport gives its own errors no code, and quotes PostgreSQL's
within them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

POSTGRES = "postgres"
"""The protocol of `db` objects (Teleport lib/defaults) through which a login is tried."""
_QUOTED_STATE = re.compile(r"\(SQLSTATE ([0-9A-Z]{5})\)")
"""As pgconn, Teleport's client of PostgreSQL, ends its errors."""


class LoginResult(StrEnum):
    """How a login test ended. Meanings never change."""

    LOGGED_IN = "LoggedIn"
    NOT_TRIED = "NotTried"
    """The database speaks another protocol than PostgreSQL's."""
    CERTIFICATE_REFUSED = "CertificateRefused"
    """Teleport's auth service issues no certificate for the way to the database."""
    PROXY_UNREACHABLE = "ProxyUnreachable"
    NOT_SERVED = "NotServed"
    AGENT_OFFLINE = "AgentOffline"
    ACCESS_DENIED = "AccessDenied"
    """By Teleport's roles: db_labels, db_users, db_names."""
    MFA_REQUIRED = "MfaRequired"
    DATABASE_UNREACHABLE = "DatabaseUnreachable"
    """From the agent."""
    IAM_REFUSED = "IamRefused"
    USER_REFUSED = "UserRefused"
    DATABASE_NOT_FOUND = "DatabaseNotFound"
    CONNECT_DENIED = "ConnectDenied"
    """By the database: a privilege is missing."""
    FAILED = "Failed"
    """For a cause that is none of the above."""


ADVICE: Mapping[LoginResult, str] = MappingProxyType(
    {
        LoginResult.CERTIFICATE_REFUSED: (
            "The identity must be allowed to ask for certificates: Machine ID writes one that is with allow_reissue: "
            "true, tsh login with --out."
        ),
        LoginResult.PROXY_UNREACHABLE: "Logins lead through Teleport's proxy: it must be reached from here.",
        LoginResult.NOT_SERVED: "No agent that is alive serves the database: see TunnelConnected.",
        LoginResult.AGENT_OFFLINE: "The agents' heartbeats are there, and their tunnels are gone: see TasksRunning.",
        LoginResult.ACCESS_DENIED: (
            "No role of the identity allows this database with db_labels, this user with db_users and this name with "
            "db_names."
        ),
        LoginResult.MFA_REQUIRED: "A second factor is asked for each session, which only a person can give: use tsh.",
        LoginResult.DATABASE_UNREACHABLE: "The agent cannot connect to the database: see DatabasesReachable.",
        LoginResult.IAM_REFUSED: (
            "The task role must allow rds-db:connect for this user, and IAM authentication must be on (a change of it "
            "takes minutes)."
        ),
        LoginResult.USER_REFUSED: "The database has no such user, or it was not granted rds_iam.",
        LoginResult.DATABASE_NOT_FOUND: "The server has no database of this name.",
        LoginResult.CONNECT_DENIED: "The user lacks the privilege CONNECT on the database.",
    }
)


@dataclass(frozen=True, slots=True)
class LoginVerdict:
    """`said` is what the one that refused says, empty after a login."""

    result: LoginResult
    said: str = ""

    @property
    def advice(self) -> str:
        """What to do; empty where nothing is known but what was said."""
        return ADVICE.get(self.result, "")


@dataclass(frozen=True, slots=True)
class _Text:
    result: LoginResult
    any_of: tuple[str, ...]


_TEXTS = (
    _Text(LoginResult.MFA_REQUIRED, ("requires mfa",)),
    _Text(LoginResult.ACCESS_DENIED, ("user does not have permissions",)),
    _Text(LoginResult.NOT_SERVED, ("not found among registered database",)),
    _Text(
        LoginResult.AGENT_OFFLINE,
        ("failed to connect to any of the database servers", "database tunnel not found"),
    ),
    _Text(LoginResult.IAM_REFUSED, ("pam authentication failed",)),
)
"""In lower case. PAM is how RDS checks a token of IAM."""

_STATES: Mapping[str, LoginResult] = MappingProxyType(
    {
        "28000": LoginResult.USER_REFUSED,
        "28P01": LoginResult.USER_REFUSED,
        "3D000": LoginResult.DATABASE_NOT_FOUND,
        "42501": LoginResult.CONNECT_DENIED,
    }
)
"""invalid_authorization_specification, invalid_password, invalid_catalog_name, insufficient_privilege. A user that is
no member of rds_iam is asked for a password, which the token is not; one that does not exist is, too."""

_NO_CONNECTION = _Text(
    LoginResult.DATABASE_UNREACHABLE,
    (
        "i/o timeout",
        "connection refused",
        "context deadline exceeded",
        "no such host",
        "no route to host",
        "network is unreachable",
    ),
)
"""Go's package net. After the codes: a database that answers was reached."""


def refused_login(state: str, message: str) -> LoginVerdict:
    """What an error instead of a login means. `state` is its SQLSTATE, empty for Teleport's own."""
    text = message.lower()
    quoted = _QUOTED_STATE.search(message)
    by_state = _STATES.get(state or (quoted[1] if quoted else ""))
    by_text = next((item.result for item in _TEXTS if _has(text, item)), None)
    unreachable = _NO_CONNECTION.result if _has(text, _NO_CONNECTION) else None
    return LoginVerdict(by_text or by_state or unreachable or LoginResult.FAILED, message)


def _has(text: str, item: _Text) -> bool:
    return any(fragment in text for fragment in item.any_of)
