"""The key and the OpenSSH certificate of an identity file."""

from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import ssh

KeyKind = Literal["ecdsa", "ed25519", "rsa"]
"""Teleport's signature algorithm suites give users and bots one of these."""

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def new_key(kind: KeyKind) -> PrivateKey:
    match kind:
        case "ecdsa":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "rsa":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encode_private_key(key: PrivateKey) -> str:
    """PEM: PKCS#1 for RSA, PKCS#8 for the others (Teleport api/utils/keys)."""
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    form = serialization.PrivateFormat.TraditionalOpenSSL if is_rsa else serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return pem.decode()


def ssh_certificate(
    key: PrivateKey,
    authority: ec.EllipticCurvePrivateKey,
    user: str,
    not_before: datetime,
    not_after: datetime,
) -> str:
    """One line, `<type>-cert-v01@openssh.com <base64>`."""
    certificate = (
        ssh.SSHCertificateBuilder()
        .public_key(key.public_key())
        .type(ssh.SSHCertificateType.USER)
        .key_id(user.encode())
        .valid_principals([user.encode()])
        .valid_after(int(not_before.timestamp()))
        .valid_before(int(not_after.timestamp()))
        .sign(authority)
    )
    return certificate.public_bytes().decode().strip()
