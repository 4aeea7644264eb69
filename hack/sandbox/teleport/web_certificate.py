"""The certificate of a web server, by an authority of its own: browsers' trust, not the cluster's."""

import ssl
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hack.sandbox.teleport.authority import CertificateAuthority
from hack.sandbox.teleport.identity import encode_private_key, new_key

_SLACK = timedelta(minutes=1)
_LIFETIME = timedelta(days=30)


class WebAuthority:
    """A private web CA."""

    def __init__(self, now: datetime) -> None:
        """`now` is real time: OpenSSL checks the certificates against the machine's clock."""
        self._now = now
        self._authority = CertificateAuthority.create("Example Web CA", now)

    @property
    def pem(self) -> str:
        return self._authority.pem

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the last certificate that servers show, as IAM writes it."""
        return self._authority.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 (IAM's choice)

    def write(self, path: Path) -> Path:
        """The authority's certificate, for `--teleport-ca-file`; returns `path`."""
        path.write_text(self.pem)
        return path

    def server_context(
        self, names: Sequence[str], protocols: Sequence[str], *, expired: bool = False
    ) -> ssl.SSLContext:
        """TLS of a web server with these DNS names, that knows these protocols (ALPN) and serves the authority, too."""
        key = new_key("ecdsa")
        end = self._now - _SLACK if expired else self._now + _LIFETIME
        certificate = self._authority.sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]),
            key.public_key(),
            self._now - _LIFETIME,
            end,
            ExtendedKeyUsageOID.SERVER_AUTH,
            names,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(list(protocols))
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(encode_private_key(key) + certificate.public_bytes(Encoding.PEM).decode() + self.pem)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Trusts this authority alone."""
        return ssl.create_default_context(cadata=self.pem)
