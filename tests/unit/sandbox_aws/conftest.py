"""One sandbox a test: an empty world on a port of its own."""

from collections.abc import Iterator

import pytest

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World

from .support import QUICK, REGION, Aws


@pytest.fixture
def sandbox() -> Iterator[AwsSandbox]:
    with AwsSandbox(timing=QUICK) as running:
        yield running


@pytest.fixture
def world(sandbox: AwsSandbox) -> World:
    return World(sandbox.url)


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "main")


@pytest.fixture
def aws(sandbox: AwsSandbox) -> Aws:
    return Aws(sandbox.url)
