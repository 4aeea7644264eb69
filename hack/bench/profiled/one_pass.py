"""One pass without changes under cProfile, by whichever version of `rds_enrollment` comes first in PYTHONPATH.

`python -m hack.bench.profiled.one_pass URL` prints, as JSON, what it cost. It keeps to what all versions have. The
pages of `hack.bench.rds_server` at `URL` answer.
"""

import cProfile
import gc
import json
import os
import pstats
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec, RdsEnrollmentStatus
from rds_enrollment.aws import rds
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed.aws import CallerIdentity
from rds_enrollment.plan.ownership import Owner

from hack.sandbox.aws.rds_pages import ACCOUNT

_REGION = "us-west-1"
_WANTED = WantedEnrollment(
    owner=Owner("bench", "rdsenroll", "teleport", "prod"),
    uid="1",
    account=ACCOUNT,
    spec=RdsEnrollmentSpec.model_validate(
        {"integrationRef": {"name": "prod-aws"}, "regions": [_REGION], "databases": {"all": {}}}
    ),
    teleport_cluster="example.teleport.sh",
)
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


class _Account(AwsAccount):
    """Nobody has to be asked whose account it is."""

    def identity(self) -> CallerIdentity:
        return CallerIdentity(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/bench/bench")


def main(url: str) -> Profile:
    """The second pass is timed and the third one profiled: the first one warms the process up."""
    os.environ.update(
        AWS_ENDPOINT_URL_RDS=url,
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106 - nothing checks it
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1",
    )
    account = _Account(AwsClients(), None)
    steps = [step for part in plan(_WANTED, _world(account, ())) for step in part.steps]
    databases = tuple(step.database for step in steps if hasattr(step, "database"))
    del steps
    gc.collect()
    if find_spec(_GARBAGE):  # as the operator does at its start
        import_module(_GARBAGE).spare_the_event_loop()
    _look(account, databases)
    began = time.process_time()
    _look(account, databases)
    cpu = time.process_time() - began
    profiler = cProfile.Profile()
    profiler.runcall(_look, account, databases)
    return Profile(cpu, _functions(profiler))


def _look(account: AwsAccount, databases: tuple[Any, ...]) -> None:
    world = _world(account, databases)
    parts = plan(_WANTED, world)
    observed_status(RdsEnrollmentStatus(), _WANTED, world, {})
    if any(part.steps for part in parts):
        raise RuntimeError("the bench's estate was to be converged")


def _world(account: AwsAccount, databases: tuple[Any, ...]) -> EnrollmentWorld:
    return EnrollmentWorld(
        read_at=datetime.now(UTC),
        inventories={_REGION: rds.inventory(account, _REGION)},
        databases=databases,
        servers=(),
        user_tasks=(),
        deployments=(),
    )


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
