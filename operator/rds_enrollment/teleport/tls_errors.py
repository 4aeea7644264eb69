"""What a failed TLS handshake means: our check of the server's certificate, and the alerts that servers send.

Alerts are RFC 8446, 6.2; the names are OpenSSL's. With TLS 1.3 a server refuses our certificate only after the
handshake is over for us, so that the same alert may also end a first call.
"""

import ssl
from dataclasses import dataclass

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient

NOT_YET_VALID = 9
EXPIRED = 10
"""OpenSSL's verify codes (x509_vfy.h) for certificates outside their time."""
_NAME_MISMATCH = frozenset({62, 64})

_ALERTS_OF_TIME = ("CERTIFICATE_EXPIRED",)
_ALERTS_OF_TRUST = (
    "UNKNOWN_CA",
    "BAD_CERTIFICATE",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_REQUIRED",
    "UNSUPPORTED_CERTIFICATE",
    "ACCESS_DENIED",
)
_NO_COMMON_PROTOCOL = "NO_APPLICATION_PROTOCOL"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`problem` reads on after "Teleport at ..."."""

    outcome: type[Outcome]
    reason: Reason
    problem: str


def meaning(error: ssl.SSLError) -> Meaning:
    """What ended the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_verification(error)
    alert = error.reason or ""
    if alert.endswith(_ALERTS_OF_TIME):
        return Meaning(
            Blocked,
            Reason.TELEPORT_CLOCK_SKEW,
            f"finds the identity outside its time of validity ({alert}), which it is not by this machine's clock: "
            "set both clocks right",
        )
    if alert.endswith(_ALERTS_OF_TRUST):
        return Meaning(
            Blocked,
            Reason.TELEPORT_IDENTITY_REFUSED,
            f"refuses the identity ({alert}): it is of another cluster, or from before its authority was rotated; "
            "renew it for this cluster",
        )
    if alert.endswith(_NO_COMMON_PROTOCOL):
        return Meaning(
            Blocked,
            Reason.NOT_TELEPORT,
            f"offers no connection to an auth service ({alert}): it is no Teleport, or TLS routing is off",
        )
    return Meaning(
        Transient,
        Reason.TELEPORT_UNREACHABLE,
        f"ended the TLS handshake ({alert or type(error).__name__}): it is restarting, or no Teleport auth service",
    )


def is_about_time(error: Exception) -> bool:
    """Whether a certificate is outside its time, so that neither the address nor the trust is in question."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_code in (NOT_YET_VALID, EXPIRED)
    return isinstance(error, ssl.SSLError) and (error.reason or "").endswith(_ALERTS_OF_TIME)


def lacks_common_protocol(error: ssl.SSLError) -> bool:
    """Whether the server knows none of the protocols that we offered (ALPN)."""
    return (error.reason or "").endswith(_NO_COMMON_PROTOCOL)


def _of_verification(error: ssl.SSLCertVerificationError) -> Meaning:
    said = error.verify_message
    if error.verify_code == NOT_YET_VALID:
        return Meaning(
            Blocked,
            Reason.TELEPORT_CLOCK_SKEW,
            f"shows a certificate that is not valid yet by this machine's clock ({said}): set the clock right",
        )
    if error.verify_code == EXPIRED:
        return Meaning(
            Blocked,
            Reason.TELEPORT_CLOCK_SKEW,
            f"shows a certificate that is expired by this machine's clock ({said}): set the clock right, or "
            "renew the server's certificate",
        )
    if error.verify_code in _NAME_MISMATCH:
        return Meaning(
            Blocked,
            Reason.NOT_TELEPORT,
            f"shows a certificate of its cluster for another service ({said}): name the address of the auth "
            "service or of the proxy",
        )
    return Meaning(
        Blocked,
        Reason.TELEPORT_NOT_TRUSTED,
        f"shows a certificate that the identity's authorities do not vouch for ({said}): wrong cluster, an "
        "identity from before its authority was rotated, or no Teleport auth service",
    )
