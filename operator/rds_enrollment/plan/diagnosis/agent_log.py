"""What a Teleport agent logs while it cannot join its cluster, as reasons.

Sources of the fragments: Teleport lib/service (connections, and enforceVersionPolicy), lib/auth/middleware.go
(versions), lib/auth/join_iam.go and lib/auth/join.go (join by IAM); AWS STS (signatures); Go crypto/x509 (certificates)
and net (dialling).
"""

from collections.abc import Sequence
from typing import NamedTuple

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.diagnosis.logtext import clean
from rds_enrollment.plan.diagnosis.rules import Rule, classify

_DIAL = ("i/o timeout", "connection refused", "no such host", "no route to host", "network is unreachable")

LOG = (
    Rule(Reason.AGENT_TOO_NEW, ("teleport instance is too new",)),
    Rule(Reason.AGENT_TOO_OLD, ("teleport instance is too old", "client version is unsupported")),
    Rule(
        Reason.JOIN_DENIED,
        (
            "did not match any allow rules",
            "does not support the iam join method",
            "token does not allow",
            "can not join the cluster with role",
        ),
    ),
    Rule(Reason.JOIN_TOKEN_NOT_FOUND, ("token expired or not found", "provisioning token not found")),
    Rule(
        Reason.AGENT_CLOCK_SKEW,
        ("certificate has expired or is not yet valid", "signature expired", "signature not yet current"),
    ),
    Rule(Reason.WRONG_CLUSTER, ("already registered to a different cluster",)),
    Rule(
        Reason.PROXY_CERTIFICATE_NOT_TRUSTED,
        ("certificate signed by unknown authority", "x509: certificate is", "failed to verify certificate"),
    ),
    Rule(Reason.STS_UNREACHABLE, (*_DIAL, "context deadline exceeded"), ("amazonaws.com", "sts.")),
    Rule(Reason.TELEPORT_PROXY_UNREACHABLE, (*_DIAL, "context deadline exceeded")),
)
"""The order matters: a failed join is told along with the failed attempts at other ways in."""

_LINES = 3


class LogFinding(NamedTuple):
    """What a log tail tells. `line` is fit for a status."""

    reason: Reason | None
    line: str


def read_tail(lines: Sequence[str]) -> LogFinding:
    """The newest line that tells a known cause, or else the last lines; `lines` are the oldest first."""
    for line in reversed(lines):
        reason = classify(LOG, line)
        if reason is not None:
            return LogFinding(reason, clean(line))
    return LogFinding(None, " | ".join(filter(None, map(clean, lines[-_LINES:]))))
