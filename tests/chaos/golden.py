"""The golden tables: every named write of each workload's reference run. `make chaos-golden` writes them."""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.arena import open_arena
from tests.chaos.gates import Crash, Moment
from tests.chaos.runs import undisturbed
from tests.chaos.workloads import WORKLOADS, Workload
from tests.chaos.writes import WriteName, as_rows

_FOLDER = Path(__file__).with_name("golden")


def read_golden(workload: Workload) -> list[WriteName]:
    """The writes, sorted."""
    return [WriteName(*row) for row in json.loads(_path(workload).read_text())]


def write_golden(workload: Workload, writes: Sequence[WriteName]) -> None:
    """One line for each write."""
    rows = ",\n".join(f"  {json.dumps(row)}" for row in as_rows(writes))
    _path(workload).write_text(f"[\n{rows}\n]\n")


def crashes(workload: Workload) -> list[Crash]:
    """Both plans of each write, in the order of the table."""
    return [Crash(write, moment) for write in read_golden(workload) for moment in Moment]


def _path(workload: Workload) -> Path:
    return _FOLDER / f"{workload.name}.json"


def main() -> None:
    """Run every workload undisturbed."""
    with tempfile.TemporaryDirectory() as folder, open_arena(Path(folder)) as arena:
        for workload in WORKLOADS.values():
            run = undisturbed(arena, workload)
            write_golden(workload, run.writes)
            sys.stdout.write(f"{workload.name}: {len(run.writes)} writes\n")


if __name__ == "__main__":
    main()
