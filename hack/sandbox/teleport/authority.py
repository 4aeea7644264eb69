"""The throw-away certificate authorities of a simulated cluster, and what they sign.

A Teleport cluster signs its own services with the Host CA and its users and bots with the User CA; both bear
the cluster's name (Teleport lib/auth/keystore, lib/tlsca). A client trusts the Host CA and presents a
certificate of the User CA.
"""

import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hack.sandbox.teleport.identity import KeyKind, PublicKey, encode_private_key, new_key, ssh_certificate

SERVER_NAME = "teleport.cluster.local"
"""SAN of every auth server's certificate, and the SNI of its clients (Teleport api/constants, APIDomain)."""

BOT_ROLE_NAME = "rds-enrollment-operator"

Attributes = Mapping[str, str]
"""Of a certificate's subject, by dotted object identifier; all of Teleport's are below 1.3.9999 (lib/tlsca, ca.go)."""
DISALLOW_REISSUE = "1.3.9999.2.9"

_CA_LIFETIME = timedelta(days=365)
_IDENTITY_LIFETIME = timedelta(days=7)
_CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class CertificateAuthority:
    """A self-signed CA."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, cluster_name: str, now: datetime) -> "CertificateAuthority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(cluster_name, [cluster_name])
        certificate = (
            _builder(name, name, key.public_key(), now - _CLOCK_SKEW, now + _CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def ssh_public_key(self) -> str:
        """The same key in OpenSSH form, `<type> <base64>`."""
        public = self.key.public_key()
        return public.public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        ).decode()

    def sign(
        self,
        subject: x509.Name,
        key: PublicKey,
        not_before: datetime,
        not_after: datetime,
        usage: x509.ObjectIdentifier,
        dns_names: Sequence[str] = (),
    ) -> x509.Certificate:
        """A leaf certificate for `key`, a public one; `usage` is an extended key usage."""
        issuer = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(subject, self.certificate.subject, key, not_before, not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False
            )
        )
        if dns_names:
            names = [x509.DNSName(name) for name in dns_names]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Authority:
    """Host CA and User CA of one cluster."""

    def __init__(self, cluster_name: str, now: datetime) -> None:
        """`now` is real time: OpenSSL checks the certificates against the machine's clock."""
        self._cluster_name = cluster_name
        self._now = now
        self.host_ca = CertificateAuthority.create(cluster_name, now)
        self.user_ca = CertificateAuthority.create(cluster_name, now)

    def server_context(self, protocols: Sequence[str] = ("h2",), names: Sequence[str] = ()) -> ssl.SSLContext:
        """TLS of the auth server: HTTP/2 only, and no client without a valid certificate of the User CA. With other
        protocols and further DNS names it is another service's of the cluster."""
        key = new_key("ecdsa")
        certificate = self.host_ca.sign(
            _name(f"auth.{self._cluster_name}", ["Auth"]),
            key.public_key(),
            self._now - _CLOCK_SKEW,
            self._now + _CA_LIFETIME,
            ExtendedKeyUsageOID.SERVER_AUTH,
            [SERVER_NAME, f"*.{SERVER_NAME}", self._cluster_name, *names],
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.user_ca.pem)
        context.set_alpn_protocols(list(protocols))
        # The ssl module reads keys from files only.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(encode_private_key(key) + _pem(certificate))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def write_identity(
        self,
        path: Path,
        user: str,
        *,
        roles: Sequence[str] = (BOT_ROLE_NAME,),
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        key: KeyKind = "ecdsa",
        may_reissue: bool = True,
    ) -> Path:
        """Write an identity file for `user`, readable by its owner only; returns `path`. With one that may not reissue,
        as Machine ID writes them by default, no certificate can be asked for.

        Its parts come in the order of Teleport api/identityfile: key, OpenSSH certificate, TLS certificate,
        `@cert-authority` line, TLS CA. Roles are the organizations of the TLS subject (Teleport lib/tlsca).
        """
        private = new_key(key)
        begin = not_before or self._now - _CLOCK_SKEW
        end = not_after or self._now + _IDENTITY_LIFETIME
        subject = _name(user, roles, {} if may_reissue else {DISALLOW_REISSUE: "true"})
        certificate = self.user_ca.sign(
            subject, private.public_key(), begin, end, ExtendedKeyUsageOID.CLIENT_AUTH
        )
        parts = (
            encode_private_key(private),
            ssh_certificate(private, self.user_ca.key, user, begin, end) + "\n",
            _pem(certificate),
            self._known_hosts_line() + "\n",
            self.host_ca.pem,
        )
        path.touch(mode=0o600)
        path.write_text("".join(parts))
        return path

    def user_certificate(
        self, user: str, roles: Sequence[str], key: PublicKey, not_after: datetime, more: Attributes
    ) -> str:
        """A certificate of the User CA for `key`, in PEM; `more` are further attributes of its subject."""
        subject = _name(user, roles, more)
        begin = self._now - _CLOCK_SKEW
        return _pem(self.user_ca.sign(subject, key, begin, not_after, ExtendedKeyUsageOID.CLIENT_AUTH))

    def _known_hosts_line(self) -> str:
        hosts = f"{self._cluster_name},*.{self._cluster_name}"
        return f"@cert-authority {hosts} {self.host_ca.ssh_public_key}"


def _name(
    common_name: str, organizations: Sequence[str], more: Attributes = MappingProxyType({})
) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    further = [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in more.items()]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name), *further])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
