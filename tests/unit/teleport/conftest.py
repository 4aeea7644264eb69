"""A Teleport to talk to, and clients for it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Direct

from tests.unit.teleport.authority import Authority, issue_identity
from tests.unit.teleport.fake_auth import FakeTeleport

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def host_authority() -> Authority:
    return Authority("host authority")


@pytest.fixture(scope="session")
def user_authority() -> Authority:
    return Authority("user authority")


@pytest.fixture
async def teleport(host_authority: Authority, user_authority: Authority) -> AsyncIterator[FakeTeleport]:
    server = FakeTeleport(host_authority, user_authority)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def identity_path(tmp_path: Path, host_authority: Authority, user_authority: Authority) -> Path:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, host_authority))
    return path


@pytest.fixture
def way_to(identity_path: Path) -> Callable[[int], Direct]:
    """The way to a loopback port, with the identity at identity_path."""
    return lambda port: Direct(Address("127.0.0.1", port), IdentityFile(identity_path, lambda: NOW))


@pytest.fixture
async def client(teleport: FakeTeleport, way_to: Callable[[int], Direct]) -> AsyncIterator[TeleportClient]:
    connected = TeleportClient(way_to(teleport.port))
    yield connected
    connected.close()
