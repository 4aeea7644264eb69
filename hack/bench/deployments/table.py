"""What a resync of one to a thousand deployments costs, as a table and a plot."""

from hack.bench.deployments.measure import DeploymentCost, deployment_costs
from hack.bench.plot import Series, draw
from hack.bench.samples import Table
from hack.bench.scale import RESYNC_SECONDS
from hack.sandbox.stack import ROOT

PLOT = ROOT / "docs" / "performance-deployments.svg"
_MEBIBYTE = 2**20
_HEAD = (
    "deployments",
    *("AWS calls", "for each", "CPU", "for each", "one pass takes", "resident memory"),
    "one core idle over 10 min",
)


def measure() -> list[Table]:
    """And draw the plot."""
    costs = deployment_costs()
    draw(
        PLOT,
        "deployments",
        [cost.count for cost in costs],
        [
            Series("AWS calls", [cost.calls for cost in costs]),
            Series("CPU seconds", [cost.cpu for cost in costs]),
            Series("memory, MiB", [cost.memory / _MEBIBYTE for cost in costs]),
        ],
    )
    return [Table(_HEAD, [_row(cost) for cost in costs])]


def _row(cost: DeploymentCost) -> list[str]:
    return [
        f"{cost.count:,}",
        f"{cost.calls:,.0f}",
        f"{cost.calls / cost.count:.1f}",
        f"{cost.cpu:.2f} s",
        f"{1000 * cost.cpu / cost.count:.0f} ms",
        f"{1000 * cost.seconds:.0f} ms",
        f"{cost.memory / _MEBIBYTE:.0f} MiB",
        f"{100 * (1 - cost.cpu / RESYNC_SECONDS):.1f} %",
    ]
