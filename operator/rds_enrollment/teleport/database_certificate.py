"""A certificate that leads to one database: Teleport's proxy reads from it whom to connect with what."""

from dataclasses import replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from google.protobuf.timestamp_pb2 import Timestamp

from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.wire.auth_service_pb2 import RouteToDatabase, UserCertsRequest

LIFETIME = timedelta(minutes=1)
"""As Teleport's own connection test asks for (Teleport lib/client/conntest)."""


async def routed_identity(
    call: Caller, identity: Identity, database: Database, *, user: str, name: str, now: datetime
) -> Identity:
    """`identity` with a new key and a certificate for `user` in database `name`, for a minute (GenerateUserCerts).

    Raises Outcome; TeleportAccessDenied when the identity may not ask for certificates.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    expires = Timestamp()
    expires.FromDatetime(now + LIFETIME)
    request = UserCertsRequest(
        Username=_user_of(identity),
        Expires=expires,
        RouteToDatabase=RouteToDatabase(
            ServiceName=database.name, Protocol=database.protocol, Username=user, Database=name
        ),
        Usage=UserCertsRequest.Database,
        TLSPublicKey=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    reply = await call(
        lambda session: session.auth.GenerateUserCerts,
        request,
        permission=None,
        subject=f"db {database.name}",
    )
    return replace(
        identity,
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=reply.TLS,
    )


def _user_of(identity: Identity) -> str:
    """The common name of the certificate (Teleport lib/tlsca, Identity.Subject)."""
    subject = x509.load_pem_x509_certificate(identity.certificate_pem).subject
    return "".join(str(item.value) for item in subject.get_attributes_for_oid(NameOID.COMMON_NAME))
