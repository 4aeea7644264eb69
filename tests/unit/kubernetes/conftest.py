"""What the tests of the Kubernetes side share."""

from collections.abc import AsyncIterator

import pytest
from rds_enrollment.kubernetes.rest import Rest

from tests.unit.kubernetes.fake_api import FakeApi, fake_api


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
async def rest(api: FakeApi) -> AsyncIterator[Rest]:
    client = Rest(api.load, user_agent="test")
    yield client
    await client.close()
