"""Certificates that lead to one database (proto.AuthService/GenerateUserCerts), and what a proxy reads from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rds_enrollment.teleport.wire.auth_service_pb2 import Certs, UserCertsRequest

from hack.sandbox.teleport.authority import Authority
from hack.sandbox.teleport.calls import Caller, subject_of
from hack.sandbox.teleport.errors import access_denied, bad_parameter

_SERVICE, _PROTOCOL, _USER, _DATABASE = (f"1.3.9999.2.{number}" for number in range(1, 5))
"""Attributes of the subject (Teleport lib/tlsca, ca.go)."""


@dataclass(frozen=True)
class Route:
    """Who comes, and where the certificate leads."""

    roles: frozenset[str]
    service: str
    """The name of the db object."""
    protocol: str


def generate(request: UserCertsRequest, caller: Caller, authority: Authority) -> Certs:
    """As Teleport lib/auth does, less impersonation and second factors."""
    if request.Username != caller.user:
        raise access_denied("access denied: impersonation is not allowed")
    if not caller.may_reissue:
        raise access_denied("access denied: identity is not allowed to reissue certificates")
    key = load_pem_public_key(request.TLSPublicKey) if request.TLSPublicKey else None
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise bad_parameter("the sandbox signs TLS certificates alone")
    route = request.RouteToDatabase
    attributes = {
        _SERVICE: route.ServiceName,
        _PROTOCOL: route.Protocol,
        _USER: route.Username,
        _DATABASE: route.Database,
    }
    certificate = authority.user_certificate(
        caller.user,
        sorted(caller.roles),
        key,
        request.Expires.ToDatetime(UTC),
        {oid: value for oid, value in attributes.items() if value},
    )
    return Certs(TLS=certificate.encode(), TLSCACerts=[authority.host_ca.pem.encode()])


def route_of(certificate: Mapping[str, Any]) -> Route:
    """What a certificate, as `ssl` gives it, says. Raises KeyError: it leads to no database."""
    subject = subject_of(certificate)
    names = dict(subject)
    roles = frozenset(value for name, value in subject if name == "organizationName")
    return Route(roles, names[_SERVICE], names[_PROTOCOL])
