"""One pass without changes under cProfile, by whichever version of `rds_enrollment` comes first in PYTHONPATH.

`python -m hack.bench.profiled.one_pass URL` prints, as JSON, what it cost. It keeps to what all versions have. The
pages of `hack.bench.rds_server` at `URL` answer.
"""

import cProfile
import gc
import json
import pstats
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rds_enrollment.aws.session import AwsClients

from hack.bench.look import Account, enrolled, list_from, look

_ROOTS = ("/site-packages/", "/operator/", "/lib/python3.11/")
_GARBAGE = "rds_enrollment.runtime.garbage"


@dataclass(frozen=True)
class Function:
    """`own` and `total` are seconds under the profiler, without and with what it called."""

    name: str
    calls: int
    own: float
    total: float


@dataclass(frozen=True)
class Profile:
    """`cpu` is that of a pass without the profiler, in seconds."""

    cpu: float
    functions: list[Function]


def main(url: str) -> Profile:
    """The second pass is timed and the third one profiled: the first one warms the process up."""
    list_from(url)
    account = Account(AwsClients(), None)
    databases = enrolled(account)
    gc.collect()
    if find_spec(_GARBAGE):  # as the operator does at its start
        import_module(_GARBAGE).spare_the_event_loop()
    look(account, databases)
    began = time.process_time()
    look(account, databases)
    cpu = time.process_time() - began
    profiler = cProfile.Profile()
    profiler.runcall(look, account, databases)
    return Profile(cpu, _functions(profiler))


def _functions(profiler: cProfile.Profile) -> list[Function]:
    stats: Any = pstats.Stats(profiler)
    found = [
        Function(_name(file, name), calls, own, total)
        for (file, _, name), (_, calls, own, total, _) in stats.stats.items()
    ]
    return sorted(found, key=lambda function: -function.own)


def _name(file: str, function: str) -> str:
    """`botocore/parsers.py _parse_shape`, whatever folder it is in."""
    if file == "~":
        return function.strip("<>")
    for root in _ROOTS:
        _, found, path = file.rpartition(root)
        if found:
            return f"{path} {function}"
    return f"{file.rpartition('/')[2]} {function}"


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1]))))
