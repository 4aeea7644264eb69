"""Without the Lease nothing is written to Teleport; reads go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rds_enrollment.runtime.fence import Fence, NotLeadingError

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.teleport.test_teleport_role import OPERATIONS, prepare
from tests.unit.teleport.ways_in import Place, place

READS = {"list", "read", "use"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with TeleportSandbox() as teleport, place(tmp_path, teleport) as there:
        yield there


async def test_a_closed_fence_stops_every_write_and_no_read(here: Place) -> None:
    fence = Fence(lambda: 0.0)
    fence.open_until(1.0)
    fenced = here.client(here.teleport.address, "direct", guard=fence.check)
    await prepare(fenced, "update")
    written = len(here.teleport.writes)
    assert written > 0

    fence.close()
    for (_, verb), operation in OPERATIONS.items():
        if verb in READS:
            await operation(fenced)
        else:
            with pytest.raises(NotLeadingError):
                await operation(fenced)
    assert len(here.teleport.writes) == written
    fenced.close()
