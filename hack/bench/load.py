"""Twenty accounts of which five fail, each in its own way: what the objects of the others notice of it."""

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from hack.bench import report
from hack.bench.echo_server import SILENT, Counts
from hack.bench.many_accounts import ACCOUNT_LABEL, ManyAccounts, Size, many_accounts
from hack.bench.samples import Comparison, Figure
from hack.bench.until import until
from hack.sandbox import gauges
from hack.sandbox.gate import Fault
from hack.sandbox.proc import MEBIBYTE

SIZE = Size(accounts=20, regions=5, deployments=5, enrollments=2)
"""500 deployments and 200 enrolments."""
ROUNDS = 2
FAULTS = (SILENT, Fault.THROTTLED, Fault.DENIED, Fault.UNAVAILABLE, Fault.CUT_SHORT)
CALLS_PER_SECOND = 40
_TARGET = 1.2
_SECONDS = 3600.0


@dataclass
class _Extremes:
    """The most that was seen of each while all objects were asked for a pass."""

    threads: int = 0
    memory: float = 0.0
    waiting: float = 0.0
    counts: list[Counts] = field(default_factory=list)


def measure(size: Size = SIZE, rounds: int = ROUNDS) -> list[Comparison | Figure]:
    """Passes over all objects of the accounts that answer, alone and beside the others, in turn."""
    alone, beside = [], []
    seen = _Extremes()
    with many_accounts(size) as world:
        broken = dict(zip(world.accounts, FAULTS[: size.accounts - 1], strict=False))
        healthy = f"{ACCOUNT_LABEL} notin ({','.join(broken)})"
        count = size.objects * (size.accounts - len(broken))
        world.start(RDS_ENROLLMENT_AWS_CALLS_PER_SECOND=str(CALLS_PER_SECOND))
        for number in range(rounds):
            alone.append(_passes(world, f"alone-{number}", healthy, count, seen))
            with _broken(world, broken, f"broken-{number}"):
                beside.append(_passes(world, f"beside-{number}", healthy, count, seen))
    what = f"a pass over each of {count} objects of {size.accounts - len(broken)} accounts"
    return [
        Comparison(f"{what}, beside {len(broken)} that fail; floor: without these", beside, alone, _TARGET),
        *_figures(seen),
    ]


@contextmanager
def _broken(world: ManyAccounts, faults: Mapping[str, str], token: str) -> Iterator[None]:
    """The accounts fail, and all their objects are to be looked at; in the end all are Ready again."""
    theirs = f"{ACCOUNT_LABEL} in ({','.join(faults)})"
    world.break_accounts(faults)
    world.fleet.request(token, theirs)
    yield
    world.break_accounts({})
    world.fleet.request(f"{token}-healed", theirs)
    world.wait_ready()


def _passes(world: ManyAccounts, token: str, selector: str, count: int, seen: _Extremes) -> float:
    """Seconds from the request until the last of the objects has had its pass."""
    world.counts()
    began = time.monotonic()
    world.fleet.request(token, selector)

    def is_handled() -> bool:
        _look(world, seen)
        return world.fleet.handled(token, selector) == count

    until(is_handled, "all have had their pass", _SECONDS, tick=0.2)
    seconds = time.monotonic() - began
    seen.counts.append(world.counts())
    return seconds


def _look(world: ManyAccounts, seen: _Extremes) -> None:
    now = gauges.read(world.operator)
    seen.threads = max(seen.threads, now.threads)
    seen.memory = max(seen.memory, now.memory)
    seen.waiting = max(seen.waiting, now.waiting)


def _figures(seen: _Extremes) -> list[Figure]:
    second = max(counts.most_in_a_second for counts in seen.counts)
    at_a_time = max(counts.most_at_a_time for counts in seen.counts)
    return [
        Figure("threads of the process, at most", f"{seen.threads}", "bounded: `--aws-threads` and some 15"),
        Figure("resident memory, at most", f"{seen.memory / MEBIBYTE:.0f} MiB", "reported"),
        Figure("keys that wait, at most", f"{seen.waiting:.0f}", "one for each object at most"),
        Figure("calls at a time in one account, at most", f"{at_a_time}", "a quarter of `--aws-threads`: 8"),
        Figure(
            "calls in one second, account and region, at most",
            f"{second}",
            f"{2 * CALLS_PER_SECOND}: `--aws-calls-per-second` {CALLS_PER_SECOND}, twice that after a pause",
        ),
    ]


def main() -> None:
    """Another size than that of `make bench`."""
    parser = argparse.ArgumentParser(prog="hack.bench.load", description=__doc__)
    parser.add_argument("accounts", type=int)
    parser.add_argument("--regions", type=int, default=SIZE.regions)
    parser.add_argument("--deployments", type=int, default=SIZE.deployments)
    parser.add_argument("--enrollments", type=int, default=SIZE.enrollments)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    size = Size(asked.accounts, asked.regions, asked.deployments, asked.enrollments)
    print(report.table(measure(size, asked.rounds)))


if __name__ == "__main__":
    main()
