"""The golden tables: every named write of each workload's reference run. `make chaos-golden` writes them."""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.adoption import ADOPT
from tests.chaos.arena import open_arena
from tests.chaos.changes import CHANGES
from tests.chaos.gates import Crash, Moment
from tests.chaos.runs import Run, undisturbed
from tests.chaos.sequels import lived
from tests.chaos.workloads import ACCESS, CREATE, Workload
from tests.chaos.writes import WriteName, as_rows, says_ready

_FOLDER = Path(__file__).with_name("golden")


def read_golden(workload: Workload) -> list[WriteName]:
    """The writes, sorted."""
    return [WriteName(*row) for row in json.loads(_path(workload.name).read_text())]


def fixed(workload: Workload, writes: Sequence[WriteName]) -> list[WriteName]:
    """Those of a run's writes that each run of the workload makes, sorted."""
    return sorted(write for write in writes if workload.ends_ready or not says_ready(write))


def write_golden(workload: Workload, run: Run) -> None:
    """One line for each write."""
    writes = fixed(workload, run.writes)
    rows = ",\n".join(f"  {json.dumps(row)}" for row in as_rows(writes))
    _path(workload.name).write_text(f"[\n{rows}\n]\n")
    sys.stdout.write(f"{workload.name}: {len(writes)} writes\n")


def crashes(workload: Workload) -> list[Crash]:
    """Both plans of each write, in the order of the table."""
    return [Crash(write, moment) for write in read_golden(workload) for moment in Moment]


def _path(name: str) -> Path:
    return _FOLDER / f"{name}.json"


def main() -> None:
    """Run every workload undisturbed."""
    with tempfile.TemporaryDirectory() as folder, open_arena(Path(folder)) as arena:
        for workload in (CREATE, ACCESS, ADOPT):
            write_golden(workload, undisturbed(arena, workload))
        for change, (_, run) in zip(CHANGES, lived(arena, CREATE, CHANGES), strict=True):
            write_golden(change, run)


if __name__ == "__main__":
    main()
