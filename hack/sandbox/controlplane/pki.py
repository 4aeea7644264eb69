"""Throw-away keys and certificates of one control plane: its own authority, server, administrator, tokens."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Long enough for any sandbox, short enough that a forgotten kubeconfig soon is worthless.
_LIFETIME = timedelta(days=7)
# Tolerates a clock that was set back a little since.
_BACKDATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Pki:
    """PEM files in one folder. A client certificate's organizations become Kubernetes groups."""

    ca: Path
    server_cert: Path
    server_key: Path
    admin_cert: Path
    admin_key: Path
    token_public_key: Path
    token_private_key: Path


def create_pki(folder: Path) -> Pki:
    """Write a new authority and everything it signs into the folder, private keys readable by the owner only."""
    authority = _Authority.create(datetime.now(UTC))
    pki = Pki(
        ca=folder / "ca.crt",
        server_cert=folder / "server.crt",
        server_key=folder / "server.key",
        admin_cert=folder / "admin.crt",
        admin_key=folder / "admin.key",
        token_public_key=folder / "token.pub",
        token_private_key=folder / "token.key",
    )
    pki.ca.write_bytes(_cert_pem(authority.certificate))
    authority.issue_server(pki.server_cert, pki.server_key)
    # `system:masters` is bound to cluster-admin by the API server itself.
    authority.issue_client("sandbox-admin", "system:masters", pki.admin_cert, pki.admin_key)
    token_key = ec.generate_private_key(ec.SECP256R1())
    _write_key(pki.token_private_key, token_key)
    pki.token_public_key.write_bytes(
        token_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return pki


@dataclass(frozen=True)
class _Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    now: datetime

    @classmethod
    def create(cls, now: datetime) -> "_Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("sandbox-ca")
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = _builder(name, name, key.public_key(), now)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(usage, critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()), now)

    def issue_server(self, cert: Path, key_path: Path) -> None:
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.DNSName("kubernetes.default.svc"),
                x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
            ]
        )
        self._issue(_name("kube-apiserver"), ExtendedKeyUsageOID.SERVER_AUTH, [names], cert, key_path)

    def issue_client(self, user: str, group: str, cert: Path, key_path: Path) -> None:
        self._issue(_name(user, group), ExtendedKeyUsageOID.CLIENT_AUTH, [], cert, key_path)

    def _issue(
        self,
        subject: x509.Name,
        usage: x509.ObjectIdentifier,
        extensions: list[x509.SubjectAlternativeName],
        cert: Path,
        key_path: Path,
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self.certificate.subject, key.public_key(), self.now)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        cert.write_bytes(_cert_pem(builder.sign(self.key, hashes.SHA256())))
        _write_key(key_path, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + _LIFETIME)
    )


def _name(common_name: str, organization: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _cert_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
