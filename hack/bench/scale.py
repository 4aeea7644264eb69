"""What a pass without changes costs with a hundred to fifty thousand databases."""

import json
import subprocess
import sys
from dataclasses import dataclass

from hack.bench.discovery import page_server
from hack.bench.plot import Series, draw
from hack.bench.samples import Figure
from hack.bench.scale_pass import Cost
from hack.sandbox.stack import ROOT

RESYNC_SECONDS = 600
PLOT = ROOT / "docs" / "performance-scale.svg"


@dataclass(frozen=True)
class _Size:
    per_region: int
    accounts: int = 1
    regions: int = 1

    @property
    def databases(self) -> int:
        return self.per_region * self.accounts * self.regions


_SIZES = (_Size(100), _Size(1_000), _Size(10_000), _Size(250, accounts=20, regions=10))


def measure() -> list[Figure]:
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
    return [_figure(size, cost) for size, cost in costs]


def _cost(size: _Size) -> Cost:
    with page_server(size.per_region) as url:
        command = [
            *(sys.executable, "-m", "hack.bench.scale_pass"),
            *(url, str(size.accounts), str(size.regions)),
        ]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout))


def _figure(size: _Size, cost: Cost) -> Figure:
    place = f" in {size.accounts} accounts and {size.regions} regions" if size.accounts > 1 else ""
    idle = 100 * (1 - cost.cpu / RESYNC_SECONDS)
    value = (
        f"{cost.calls} AWS calls, {cost.cpu:.2f} s of CPU in {cost.seconds:.1f} s, {cost.memory:.0f} MiB at its peak; "
        f"one core idle for {idle:.1f} % of a resync period"
    )
    return Figure(
        f"{size.databases:,} databases{place}", value, "95 % idle" if size.accounts > 1 else "reported"
    )
