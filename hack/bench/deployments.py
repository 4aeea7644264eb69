"""What a resync of one to a thousand deployments costs: of nothing but deployments, with nothing to change."""

from dataclasses import dataclass

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.bench.many_accounts import ManyAccounts, Size, many_accounts
from hack.bench.plot import Series, draw
from hack.bench.samples import Table
from hack.bench.scale import RESYNC_SECONDS
from hack.bench.until import until
from hack.bench.world import CPU_SECONDS
from hack.sandbox.metrics import Metrics
from hack.sandbox.proc import MEBIBYTE
from hack.sandbox.stack import ROOT

SIZES = (
    (Size(accounts=1, regions=1, deployments=1, enrollments=0), 10),
    (Size(accounts=1, regions=1, deployments=10, enrollments=0), 10),
    (Size(accounts=1, regions=10, deployments=10, enrollments=0), 60),
    (Size(accounts=10, regions=10, deployments=10, enrollments=0), 300),
)
"""And the resync period of each in seconds, so that a resync of all is over before the next one."""
PLOT = ROOT / "docs" / "performance-deployments.svg"
_LOOKS = 3
"""At the fewest deployments, of which each would count for much."""
_SECONDS = 1800.0
_HEAD = (
    "deployments",
    *("AWS calls", "for each", "CPU", "for each", "one pass takes", "resident memory"),
    "one core idle over 10 min",
)


@dataclass(frozen=True)
class DeploymentCost:
    """Of one pass over each of `count` deployments; `memory` in bytes, all else in seconds."""

    count: int
    calls: float
    cpu: float
    memory: float
    seconds: float
    """Of one pass, on the average."""


def measure() -> list[Table]:
    """And draw the plot."""
    costs = [_cost(size, resync) for size, resync in SIZES]
    draw(
        PLOT,
        "deployments",
        [cost.count for cost in costs],
        [
            Series("AWS calls", [cost.calls for cost in costs]),
            Series("CPU seconds", [cost.cpu for cost in costs]),
            Series("memory, MiB", [cost.memory / MEBIBYTE for cost in costs]),
        ],
    )
    return [Table(_HEAD, [_row(cost) for cost in costs])]


def _cost(size: Size, resync_seconds: int) -> DeploymentCost:
    """One process of the operator, which finds everything made already."""
    count = size.accounts * size.regions * size.deployments
    with many_accounts(size, resync_seconds) as world:
        world.start()
        start = _metrics(world)
        until(
            lambda: (
                _metrics(world).passes(DATABASE_SERVICE_DEPLOYMENT) >= _passes(start) + max(count, _LOOKS)
            ),
            "all had a pass",
            _SECONDS,
            tick=2.0,
        )
        counts, end = world.counts(), _metrics(world)
    if counts.unknown:
        raise RuntimeError(f"{counts.unknown} questions were not recorded: writes, above all")
    passes = _passes(end) - _passes(start)
    share = count / passes
    return DeploymentCost(
        count=count,
        calls=counts.calls * share,
        cpu=(end.value(CPU_SECONDS) - start.value(CPU_SECONDS)) * share,
        memory=end.value("process_resident_memory_bytes"),
        seconds=(_pass_seconds(end) - _pass_seconds(start)) / passes,
    )


def _metrics(world: ManyAccounts) -> Metrics:
    return Metrics.parse(world.operator.read("/metrics"))


def _passes(metrics: Metrics) -> float:
    return metrics.passes(DATABASE_SERVICE_DEPLOYMENT)


def _pass_seconds(metrics: Metrics) -> float:
    controller = DATABASE_SERVICE_DEPLOYMENT.kind.lower()
    return metrics.total("controller_runtime_reconcile_time_seconds_sum", controller=controller)


def _row(cost: DeploymentCost) -> list[str]:
    return [
        f"{cost.count:,}",
        f"{cost.calls:,.0f}",
        f"{cost.calls / cost.count:.1f}",
        f"{cost.cpu:.2f} s",
        f"{1000 * cost.cpu / cost.count:.0f} ms",
        f"{1000 * cost.seconds:.0f} ms",
        f"{cost.memory / MEBIBYTE:.0f} MiB",
        f"{100 * (1 - cost.cpu / RESYNC_SECONDS):.1f} %",
    ]
