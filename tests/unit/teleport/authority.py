"""A certificate authority like Teleport's host and user authorities, and identity files signed by it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPIRES = datetime(2099, 3, 1, 12, tzinfo=UTC)
"""Far away: OpenSSL has no other clock than the machine's."""


def ec_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """A self-signed certificate authority."""

    common_name: str
    key: PrivateKey = field(default_factory=ec_key)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)])
        builder = _builder(name, name, self.key, ISSUED, EXPIRES).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.certificate = builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        key: PrivateKey,
        *,
        dns_name: str = "",
        not_before: datetime = ISSUED,
        not_after: datetime = EXPIRES,
    ) -> bytes:
        """A PEM certificate for `key`."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns_name or "bot-rds")])
        builder = _builder(subject, self.certificate.subject, key, not_before, not_after)
        if dns_name:
            names = x509.SubjectAlternativeName([x509.DNSName(dns_name)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def key_pem(
    key: PrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def identity_bytes(key: bytes, certificate: bytes, *authorities: bytes) -> bytes:
    """The blocks of an identity file, in the order in which Teleport writes them."""
    ssh_certificate = b"ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydA==\n"
    known_host = (
        b"@cert-authority teleport.example.com,*.teleport.example.com ecdsa-sha2-nistp256 AAAA type=host\n"
    )
    return key + ssh_certificate + certificate + known_host + b"".join(authorities)


def issue_identity(signer: Authority, trusted: Authority) -> bytes:
    """An identity file whose certificate `signer` signs and that trusts servers of `trusted`."""
    key = ec_key()
    return identity_bytes(key_pem(key), signer.issue(key), trusted.pem)
