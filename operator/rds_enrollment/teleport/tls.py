"""Mutual TLS with an identity."""

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.identity import Identity, unreadable

AUTH_SERVER_NAME = "teleport.cluster.local"
"""A name that every auth server's certificate carries (Teleport api/constants, APIDomain)."""


def client_context(identity: Identity, alpn: Sequence[str]) -> ssl.SSLContext:
    """A context that shows the identity's certificate and trusts its authorities and no other.

    Raises Blocked(TeleportIdentityUnreadable) when OpenSSL refuses what the identity holds.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(alpn))
    try:
        context.load_verify_locations(cadata=identity.authorities_pem.decode("ascii"))
    except ssl.SSLError as error:
        raise _refused(identity, error) from None
    present(context, identity)
    return context


def present(context: ssl.SSLContext, identity: Identity) -> None:
    """Have a context show the identity's certificate. Raises as `client_context` does."""
    try:
        with _as_path(identity.key_pem + identity.certificate_pem) as path:
            context.load_cert_chain(path, password=_no_password)
    except ssl.SSLError as error:
        raise _refused(identity, error) from None


def _refused(identity: Identity, error: ssl.SSLError) -> Blocked:
    return unreadable(identity.source, f"is refused by OpenSSL ({error.reason})")


def _no_password() -> str:
    """Keeps OpenSSL from asking on the terminal."""
    return ""


@contextmanager
def _as_path(secret: bytes) -> Iterator[str]:
    """A path under which OpenSSL, which loads keys from files only, reads `secret`; in memory where possible."""
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("identity"), "wb") as file:
            file.write(secret)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(secret)
            file.flush()
            yield file.name
