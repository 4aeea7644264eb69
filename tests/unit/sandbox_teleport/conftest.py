from collections.abc import AsyncIterator, Iterator

import pytest

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.client import Client, connect
from tests.unit.sandbox_teleport.world import FakeAws, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def sandbox(clock: ManualClock) -> Iterator[TeleportSandbox]:
    """A cluster whose time stands still, without agents."""
    with TeleportSandbox(clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
async def bot(sandbox: TeleportSandbox) -> AsyncIterator[Client]:
    async with connect(sandbox.address, sandbox.identity_file) as client:
        yield client
