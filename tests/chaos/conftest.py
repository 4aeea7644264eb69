"""One arena for the tests of a module: a process can hold one AWS at a time, and other tests need their own.

And the main job left alone, which most of them compare with.
"""

from collections.abc import Iterator

import pytest

from tests.chaos.arena import Arena, open_arena
from tests.chaos.runs import Run, undisturbed
from tests.chaos.workloads import CREATE
from tests.recorded_calls import record


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """All sandboxes; empty at the start of each run."""
    with open_arena(tmp_path_factory.mktemp("arena")) as opened:
        yield opened
        record(opened.aws.calls.operations)


@pytest.fixture(scope="module")
def reference(arena: Arena) -> Run:
    """The main job, left alone. A module about another workload has a reference of its own."""
    return undisturbed(arena, CREATE)
