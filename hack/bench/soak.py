"""Thousands of passes while objects come and go and accounts fail: what of the process grows with them."""

import argparse
import itertools
import time
from collections.abc import Sequence
from statistics import linear_regression

from rds_enrollment.api.kinds import RDS_ENROLLMENT

from hack.bench import report
from hack.bench.many_accounts import ACCOUNT_LABEL, ManyAccounts, Size, many_accounts
from hack.bench.samples import Figure
from hack.bench.until import until
from hack.sandbox import gauges
from hack.sandbox.gate import Fault
from hack.sandbox.gauges import Gauges
from hack.sandbox.proc import MEBIBYTE

PASSES = 10_000
SIZE = Size(accounts=4, regions=2, deployments=2, enrollments=2)
FAULTS = (Fault.DENIED, Fault.UNAVAILABLE, Fault.CUT_SHORT, Fault.THROTTLED)
_APART = 4
"""Rounds from one with a fault to the next."""
_WARM = 0.2
"""Part of the passes that is not judged: caches and the allocator's arenas fill."""
_SECONDS = 900.0


def measure(passes: int = PASSES, seconds: float = float("inf")) -> list[Figure]:
    """Rounds until so many passes were made, or so many seconds are over."""
    with many_accounts(SIZE) as world:
        world.start(RDS_ENROLLMENT_MAX_DELETIONS_PER_HOUR="0")
        deadline = time.monotonic() + seconds
        samples = [gauges.read(world.operator)]
        for number in itertools.count():
            _round(world, number)
            world.wait_ready()
            samples.append(gauges.read(world.operator))
            if samples[-1].passes - samples[0].passes >= passes or time.monotonic() > deadline:
                break
    return _figures(samples)


def _round(world: ManyAccounts, number: int) -> None:
    """Everything is looked at, the enrolments of one account go and come again, and now and then another account fails
    meanwhile."""
    churned, failing = (world.accounts[(number + offset) % len(world.accounts)] for offset in (0, 1))
    broken = {failing: FAULTS[number // _APART % len(FAULTS)]} if number % _APART == 0 else {}
    token = f"round-{number}"
    world.break_accounts(broken)
    world.fleet.request(token)
    count = world.size.objects * world.size.accounts
    until(lambda: world.fleet.handled(token) == count, "all have had their pass", _SECONDS)
    world.fleet.delete(RDS_ENROLLMENT, f"{ACCOUNT_LABEL}={churned}")
    world.fleet.create(world.manifests[churned])
    world.break_accounts({})
    for account in broken:
        world.fleet.request(f"{token}-healed", f"{ACCOUNT_LABEL}={account}")


def _figures(samples: Sequence[Gauges]) -> list[Figure]:
    total = samples[-1].passes - samples[0].passes
    judged = [sample for sample in samples if sample.passes - samples[0].passes >= _WARM * total]
    slope, _ = linear_regression([item.passes for item in judged], [item.memory for item in judged])
    span = judged[-1].passes - judged[0].passes
    memory = f"{judged[0].memory / MEBIBYTE:.1f} MiB, then {judged[-1].memory / MEBIBYTE:.1f} MiB"
    return [
        Figure("passes", f"{total:.0f} in {len(samples) - 1} rounds", f"{PASSES}"),
        Figure(f"resident memory {span:.0f} passes before the end, and at the end", memory, "reported"),
        Figure("slope of it", f"{slope * 1000 / 1024:.1f} KiB for each 1,000 passes", "reported"),
        *(
            _pair(what, [getattr(sample, name) for sample in judged])
            for what, name in (
                ("threads", "threads"),
                ("open file descriptors", "descriptors"),
                ("tasks of the event loop", "tasks"),
                ("clients of AWS", "clients"),
            )
        ),
    ]


def _pair(what: str, values: Sequence[float]) -> Figure:
    half = len(values) // 2
    early, late = max(values[: half or 1]), max(values[half:])
    return Figure(
        f"{what} between rounds, at most",
        f"{early:.0f} in the first half, {late:.0f} in the second",
        "no growth",
    )


def main() -> None:
    """As long as there is time."""
    parser = argparse.ArgumentParser(prog="hack.bench.soak", description=__doc__)
    parser.add_argument("passes", type=int)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="when to stop in any case")
    asked = parser.parse_args()
    print(report.table(measure(asked.passes, asked.seconds)))


if __name__ == "__main__":
    main()
