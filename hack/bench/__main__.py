"""`python -m hack.bench [NAME ...] [--write]`: measure, print the tables, and with --write put them into the docs."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from hack.bench import (
    apply_to_ready,
    deployments,
    discovery,
    load,
    reaction,
    report,
    scale,
    soak,
    start,
    ten_thousand,
)
from hack.bench.instead import table as instead
from hack.bench.profiled import measure as profiled
from hack.bench.report import Measured
from hack.sandbox.stack import ROOT

BENCHES: Mapping[str, Callable[[], Sequence[Measured]]] = {
    "start": start.measure,
    "apply-to-ready": apply_to_ready.measure,
    "instead": instead.measure,
    "reaction": reaction.measure,
    "discovery": discovery.measure,
    "scale": scale.measure,
    "deployments": deployments.measure,
    "profile": profiled.measure,
    "ten-thousand": ten_thousand.measure,
    "load": load.measure,
    "soak": soak.measure,
}
PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="hack.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; default: all")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - BENCHES.keys():
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    for name in asked.names or BENCHES:
        text = report.table(BENCHES[name]())
        print(f"{name}\n{text}\n", flush=True)
        if asked.write:
            report.write(PAGE, name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
