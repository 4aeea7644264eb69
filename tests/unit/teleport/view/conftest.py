"""A live view over the sandbox's auth server."""

from collections.abc import AsyncIterator, Iterator

import pytest

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.view.view_world import (
    PACE,
    ManualTime,
    World,
    open_world,
)


@pytest.fixture
def clock() -> ManualTime:
    return ManualTime()


@pytest.fixture
def sandbox(clock: ManualTime) -> Iterator[TeleportSandbox]:
    with TeleportSandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def world(sandbox: TeleportSandbox, clock: ManualTime) -> AsyncIterator[World]:
    """In step with an empty cluster."""
    async with open_world(sandbox, clock, PACE) as world:
        await world.in_step()
        yield world
