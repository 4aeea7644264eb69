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
from tests.chaos.runs import undisturbed
from tests.chaos.sequels import lived
from tests.chaos.workloads import ACCESS, CREATE, Workload
from tests.chaos.writes import WriteName, as_rows

_FOLDER = Path(__file__).with_name("golden")


def read_golden(workload: Workload) -> list[WriteName]:
    """The writes, sorted."""
    return [WriteName(*row) for row in json.loads(_path(workload.name).read_text())]


def write_golden(name: str, writes: Sequence[WriteName]) -> None:
    """One line for each write of the workload of this name."""
    rows = ",\n".join(f"  {json.dumps(row)}" for row in as_rows(writes))
    _path(name).write_text(f"[\n{rows}\n]\n")
    sys.stdout.write(f"{name}: {len(writes)} writes\n")


def crashes(workload: Workload) -> list[Crash]:
    """Both plans of each write, in the order of the table."""
    return [Crash(write, moment) for write in read_golden(workload) for moment in Moment]


def _path(name: str) -> Path:
    return _FOLDER / f"{name}.json"


def main() -> None:
    """Run every workload undisturbed."""
    with tempfile.TemporaryDirectory() as folder, open_arena(Path(folder)) as arena:
        for workload in (CREATE, ACCESS, ADOPT):
            write_golden(workload.name, undisturbed(arena, workload).writes)
        for name, run in lived(arena, CREATE, CHANGES):
            write_golden(name, run.writes)


if __name__ == "__main__":
    main()
