"""The identity file that Teleport writes (`tctl auth sign`, Machine ID): who we are, and whom we trust.

Its blocks, in order: the private key (PEM), an OpenSSH certificate (one line), the TLS certificate (PEM),
`@cert-authority` lines, and the certificate authorities of the cluster (PEM). Of the PEM blocks the first is
the key, the second our certificate, the rest are the authorities (Teleport api/identityfile).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----\r?\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Identity:
    """A parsed identity file. The key is kept out of its repr."""

    source: Path
    key_pem: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)
    authorities_pem: bytes = field(repr=False)
    not_before: datetime
    """Aware, UTC."""
    not_after: datetime
    """Aware, UTC."""
    cluster_name: str = ""
    """The cluster that issued it; empty when its issuer has no name."""

    def check_valid(self, now: datetime) -> None:
        """Raises Blocked (TeleportIdentityNotYetValid, TeleportIdentityExpired) when `now` is outside its time."""
        # Without the present time: the same problem must give the same message, whenever it is met.
        if now < self.not_before:
            raise Blocked(
                Reason.TELEPORT_IDENTITY_NOT_YET_VALID,
                f"the Teleport identity {self.source} is not valid before {self.not_before.isoformat()}: "
                "check the clock of this machine",
            )
        if now >= self.not_after:
            raise Blocked(
                Reason.TELEPORT_IDENTITY_EXPIRED,
                f"the Teleport identity {self.source} expired at {self.not_after.isoformat()}: "
                "renew it (tbot, or tctl auth sign)",
            )


def parse(content: bytes, source: Path) -> Identity:
    """The identity in `content`; `source` names it in messages.

    Raises Blocked(TeleportIdentityUnreadable).
    """
    blocks = [match.group(0) for match in _PEM_BLOCK.finditer(content)]
    if len(blocks) < 3:
        raise unreadable(
            source,
            f"has {len(blocks)} PEM blocks instead of at least 3 (key, certificate, certificate authorities)",
        )
    certificate = _certificate(blocks[1], source)
    _check_key(blocks[0], certificate, source)
    for block in blocks[2:]:
        _certificate(block, source)
    return Identity(
        source=source,
        key_pem=blocks[0],
        certificate_pem=blocks[1],
        authorities_pem=b"".join(blocks[2:]),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        cluster_name=_issuing_cluster(certificate),
    )


def unreadable(source: Path, problem: str) -> Blocked:
    """The outcome for an identity that cannot be used as it is."""
    return Blocked(
        Reason.TELEPORT_IDENTITY_UNREADABLE,
        f"the Teleport identity {source} {problem}: give an identity file, or the folder where tbot writes it",
    )


def _certificate(block: bytes, source: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError:
        raise unreadable(source, "has a broken certificate") from None


def _issuing_cluster(certificate: x509.Certificate) -> str:
    """The organization of the authority, which bears its cluster's name (Teleport lib/tlsca, ClusterName)."""
    for attribute in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for name in certificate.issuer.get_attributes_for_oid(attribute):
            return str(name.value)
    return ""


def _check_key(block: bytes, certificate: x509.Certificate, source: Path) -> None:
    # What the library says is dropped (`from None`): nothing derived from the key may reach a log.
    try:
        key = load_pem_private_key(block, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise unreadable(source, "does not begin with an unencrypted private key") from None
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*encoding) != certificate.public_key().public_bytes(*encoding):
        raise unreadable(source, "has a certificate that is not for its private key")
