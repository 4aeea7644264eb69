"""The operator beside what a user would write instead: time, writes, calls and memory."""

from collections.abc import Sequence
from statistics import median

from hack.bench.instead.counts import Counts
from hack.bench.instead.runs import Run, by_hand, by_kopf, by_operator, by_script
from hack.bench.samples import Table, percentile
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.proc import MEBIBYTE

ROUNDS = 3
_NOTHING = "-"
_HEAD = (
    "three objects, 100 databases",
    *("to Ready, p50", "to Ready, worst", "over the floor (excess)"),
    *("Kubernetes writes", "AWS calls (writes)", "Teleport calls", "resident memory"),
    *("a resync: Kubernetes writes", "AWS calls (writes)", "Teleport calls"),
)


def measure() -> list[Table]:
    """All four in turn, each in worlds of its own; the resyncs of the first round."""
    hand, script, kopf, ours = [], [], [], []
    with ControlPlane() as plane:
        by_hand(plane)  # what moto does at the first call of each service is nobody's
        for round_ in range(ROUNDS):
            hand.append(by_hand(plane))
            script.append(by_script(plane))
            kopf.append(by_kopf(plane, resyncs=round_ == 0))
            ours.append(by_operator(plane, resyncs=round_ == 0))
    floor = median(run.seconds for run in hand)
    rows = (
        ("by hand, side by side (the floor)", hand),
        ("rds-enrollment-operator", ours),
        ("script: boto3 in sequence, with waiters", script),
        ("kopf operator in the usual style", kopf),
    )
    return [Table(_HEAD, [_row(name, runs, floor) for name, runs in rows])]


def _row(name: str, runs: Sequence[Run], floor: float) -> list[str]:
    seconds = [run.seconds for run in runs]
    resident = [run.resident for run in runs if run.resident is not None]
    resync = next((run.resync for run in runs if run.resync is not None), None)
    return [
        name,
        f"{percentile(seconds, 0.5):.1f} s",
        f"{max(seconds):.1f} s",
        f"{percentile(seconds, 0.5) / floor:.1f} times ({percentile(seconds, 0.5) - floor:.1f} s)",
        *_counts(_median([run.made for run in runs])),
        f"{median(resident) / MEBIBYTE:.0f} MiB" if resident else _NOTHING,
        *(_counts(resync) if resync else [_NOTHING] * 3),
    ]


def _median(counts: Sequence[Counts]) -> Counts:
    return Counts(
        kubernetes=median(item.kubernetes for item in counts),
        aws=median(item.aws for item in counts),
        aws_writes=median(item.aws_writes for item in counts),
        teleport=median(item.teleport for item in counts),
    )


def _counts(counts: Counts) -> list[str]:
    return [f"{counts.kubernetes:g}", f"{counts.aws:g} ({counts.aws_writes:g})", f"{counts.teleport:g}"]
