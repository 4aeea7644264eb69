"""Who gets in: mutual TLS and identity files."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, ssh
from grpclib.exceptions import StreamTerminatedError
from rds_enrollment.teleport.wire.auth_service_pb2 import PingRequest

from hack.sandbox.teleport.authority import Authority
from hack.sandbox.teleport.identity import KeyKind
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import TIMEOUT, connect, connect_with, trusting

REFUSED = (StreamTerminatedError, OSError)
"""How a client sees a failed handshake: TLS 1.3 tells it only after the client believes to be connected."""


async def ping(sandbox: TeleportSandbox, identity: Path) -> str:
    async with connect(sandbox.address, identity) as client:
        answer = await client.auth.Ping(PingRequest(), timeout=TIMEOUT)
        return answer.ClusterName


@pytest.mark.parametrize("key", ["ecdsa", "ed25519", "rsa"])
async def test_an_identity_with_any_of_teleports_keys_gets_in(
    sandbox: TeleportSandbox, tmp_path: Path, key: KeyKind
) -> None:
    identity = sandbox.authority.write_identity(tmp_path / "identity", "bot-test", key=key)
    assert await ping(sandbox, identity) == "example.teleport.sh"


async def test_a_certificate_of_another_ca_is_refused_by_tls(
    sandbox: TeleportSandbox, tmp_path: Path
) -> None:
    stranger = Authority("example.teleport.sh", datetime.now(UTC))
    stranger.host_ca = sandbox.authority.host_ca
    identity = stranger.write_identity(tmp_path / "identity", "bot-test")
    with pytest.raises(REFUSED):
        await ping(sandbox, identity)
    assert sandbox.calls.total() == 0


@pytest.mark.parametrize(("begin", "end"), [(-2, -1), (1, 2)], ids=["expired", "not yet valid"])
async def test_a_certificate_outside_its_time_is_refused_by_tls(
    sandbox: TeleportSandbox, tmp_path: Path, begin: int, end: int
) -> None:
    now = datetime.now(UTC)
    identity = sandbox.authority.write_identity(
        tmp_path / "identity",
        "bot-test",
        not_before=now + timedelta(hours=begin),
        not_after=now + timedelta(hours=end),
    )
    with pytest.raises(REFUSED):
        await ping(sandbox, identity)


async def test_a_client_without_a_certificate_is_refused_by_tls(sandbox: TeleportSandbox) -> None:
    with pytest.raises(REFUSED):
        async with connect_with(sandbox.address, trusting(sandbox.authority.host_ca.pem)) as client:
            await client.auth.Ping(PingRequest(), timeout=TIMEOUT)


def test_the_parts_of_an_identity_file_are_in_teleports_order(tmp_path: Path) -> None:
    authority = Authority("example.teleport.sh", datetime.now(UTC))
    path = authority.write_identity(tmp_path / "identity", "bot-test", roles=("one", "two"))
    parts = re.fullmatch(
        r"(-----BEGIN PRIVATE KEY-----\n.+?-----END PRIVATE KEY-----\n)"
        r"(ecdsa-sha2-nistp256-cert-v01@openssh\.com \S+)\n"
        r"(-----BEGIN CERTIFICATE-----\n.+?-----END CERTIFICATE-----\n)"
        r"@cert-authority example\.teleport\.sh,\*\.example\.teleport\.sh ecdsa-sha2-nistp256 \S+\n"
        r"(-----BEGIN CERTIFICATE-----\n.+?-----END CERTIFICATE-----\n)",
        path.read_text(),
        re.DOTALL,
    )
    assert parts is not None
    key = load_pem_private_key(parts[1].encode(), None)
    certificate = x509.load_pem_x509_certificate(parts[3].encode())
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=bot-test,O=two,O=one"
    identity = ssh.load_ssh_public_identity(parts[2].encode())
    assert isinstance(identity, ssh.SSHCertificate)
    assert identity.public_key() == key.public_key()
    assert parts[4] == authority.host_ca.pem
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_cluster_says_what_it_is_set_to_say(sandbox: TeleportSandbox) -> None:
    sandbox.cluster_name, sandbox.version, sandbox.proxy_address = (
        "other.example",
        "18.1.2",
        "proxy.example:3080",
    )
    async with connect(sandbox.address, sandbox.identity_file) as client:
        answer = await client.auth.Ping(PingRequest(), timeout=TIMEOUT)
    said = (answer.ClusterName, answer.ServerVersion, answer.ProxyPublicAddr)
    assert said == ("other.example", "18.1.2", "proxy.example:3080")


async def test_a_stopped_cluster_is_unreachable_and_comes_back_as_it_was(sandbox: TeleportSandbox) -> None:
    address = sandbox.address
    async with connect(address, sandbox.identity_file) as client:
        await client.auth.Ping(PingRequest(), timeout=TIMEOUT)
        sandbox.stop()
        with pytest.raises(REFUSED):
            await client.auth.Ping(PingRequest(), timeout=TIMEOUT)
        sandbox.start()
        assert sandbox.address == address
        await client.auth.Ping(PingRequest(), timeout=TIMEOUT)


def test_a_taken_port_is_an_error(sandbox: TeleportSandbox) -> None:
    port = int(sandbox.address.rpartition(":")[2])
    second = TeleportSandbox(port=port)
    try:
        with pytest.raises(OSError, match="in use"):
            second.start()
    finally:
        second.close()
