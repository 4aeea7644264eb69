"""What a pass without changes costs with a hundred to fifty thousand databases."""

import json
import subprocess
import sys
from dataclasses import dataclass

from hack.bench.discovery import page_server
from hack.bench.plot import Series, draw
from hack.bench.samples import Table
from hack.bench.scale_pass import Cost
from hack.sandbox.stack import ROOT

RESYNC_SECONDS = 600
PLOT = ROOT / "docs" / "performance-scale.svg"
_HEAD = (
    "databases",
    *("AWS calls", "CPU", "for each", "a pass over all takes", "memory at its peak"),
    "one core idle over 10 min",
)


@dataclass(frozen=True)
class _Size:
    per_region: int
    accounts: int = 1
    regions: int = 1

    @property
    def databases(self) -> int:
        return self.per_region * self.accounts * self.regions


_SIZES = (_Size(100), _Size(1_000), _Size(10_000), _Size(250, accounts=20, regions=10))


def measure() -> list[Table]:
    """Calls, CPU seconds, time and memory of one pass; and the plot."""
    costs = [(size, _cost(size)) for size in _SIZES]
    counts = [size.databases for size, _ in costs]
    draw(
        PLOT,
        "databases",
        counts,
        [
            Series("AWS calls", [float(cost.calls) for _, cost in costs]),
            Series("CPU seconds", [cost.cpu for _, cost in costs]),
            Series("peak memory, MiB", [cost.memory for _, cost in costs]),
        ],
    )
    return [Table(_HEAD, [_row(size, cost) for size, cost in costs])]


def _cost(size: _Size) -> Cost:
    with page_server(size.per_region) as url:
        command = [
            *(sys.executable, "-m", "hack.bench.scale_pass"),
            *(url, str(size.accounts), str(size.regions)),
        ]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout))


def _row(size: _Size, cost: Cost) -> list[str]:
    place = f" in {size.accounts} accounts and {size.regions} regions" if size.accounts > 1 else ""
    return [
        f"{size.databases:,}{place}",
        f"{cost.calls:,}",
        f"{cost.cpu:.2f} s",
        f"{1_000_000 * cost.cpu / size.databases:.0f} µs",
        f"{cost.seconds:.1f} s",
        f"{cost.memory:.0f} MiB",
        f"{100 * (1 - cost.cpu / RESYNC_SECONDS):.2f} %",
    ]
