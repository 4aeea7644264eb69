"""One pass without changes over an estate, in a process of its own.

`python -m hack.bench.scale_pass URL ACCOUNTS REGIONS` prints, as JSON, what it cost. The pages of
`hack.bench.rds_server` at `URL` answer for every account and region.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec, RdsEnrollmentStatus
from rds_enrollment.aws import rds
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed.aws import CallerIdentity, RdsInventory
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.steps.teleport import CreateDatabase
from rds_enrollment.runtime.garbage import spare_the_event_loop

from hack.bench.look import list_from
from hack.sandbox.proc import KIBIBYTE, MEBIBYTE, status_number


@dataclass(frozen=True)
class Cost:
    """Of one pass over every enrolment: `cpu` and `seconds` in seconds, `memory` the process's peak in MiB."""

    calls: int
    cpu: float
    seconds: float
    memory: float


class _Account(AwsAccount):
    """Nobody has to be asked whose account it is."""

    def __init__(self, clients: AwsClients, number: str) -> None:
        super().__init__(clients, None)
        self._number = number

    def identity(self) -> CallerIdentity:
        return CallerIdentity(self._number, f"arn:aws:sts::{self._number}:assumed-role/bench/bench")


class _Estate:
    """One enrolment for each account, over the same regions; everything is enrolled."""

    def __init__(self, accounts: int, regions: int) -> None:
        self.calls = 0
        clients = AwsClients(observe=self._count)
        numbers = [f"{100_000_000_000 + index}" for index in range(accounts)]
        self._regions = [f"us-west-{index + 1}" for index in range(regions)]
        self._accounts = {number: _Account(clients, number) for number in numbers}
        self._wanted = [_wanted(number, self._regions) for number in numbers]
        self._databases = tuple(self._enrolled())

    def _enrolled(self) -> Iterator[Database]:
        """What Teleport holds in the end."""
        for wanted in self._wanted:
            for step in steps_of(plan(wanted, self._world(wanted, ()))):
                if isinstance(step, CreateDatabase):
                    yield step.database

    def look(self) -> None:
        """One pass over each enrolment, from the listing to the status."""
        for wanted in self._wanted:
            world = self._world(wanted, self._databases)
            observed_status(RdsEnrollmentStatus(), wanted, world, {})
            if steps_of(plan(wanted, world)):
                raise RuntimeError("the bench's estate was to be converged")

    def _world(self, wanted: WantedEnrollment, databases: tuple[Database, ...]) -> EnrollmentWorld:
        return EnrollmentWorld(
            read_at=datetime.now(UTC),
            inventories=self._listed(wanted.account),
            databases=databases,
            servers=(),
            user_tasks=(),
            deployments=(),
        )

    def _listed(self, account: str) -> Mapping[str, RdsInventory]:
        """The same pages for every region, so that each database gets an identity of its own."""
        found = {region: rds.inventory(self._accounts[account], region) for region in self._regions}
        return {region: _in_place(inventory, account) for region, inventory in found.items()}

    def _count(self, *_: object, **__: object) -> None:
        self.calls += 1


def _in_place(inventory: RdsInventory, account: str) -> RdsInventory:
    place = f"{account}-{inventory.region}"
    instances = tuple(
        replace(item, resource_id=f"{item.resource_id}-{place}") for item in inventory.instances
    )
    return replace(inventory, instances=instances)


def _wanted(account: str, regions: Sequence[str]) -> WantedEnrollment:
    spec = {
        "integrationRef": {"name": "bench"},
        "regions": regions,
        "databases": {"all": {}},
        "naming": {"strategy": "Qualified"},
    }
    return WantedEnrollment(
        owner=Owner("bench", "rdsenroll", "teleport", f"estate-{account}"),
        uid=account,
        account=account,
        spec=RdsEnrollmentSpec.model_validate(spec),
        teleport_cluster="example.teleport.sh",
    )


def main(url: str, accounts: int, regions: int) -> Cost:
    """The second pass of the process: the first one warms it up."""
    list_from(url)
    estate = _Estate(accounts, regions)
    spare_the_event_loop()  # as the operator does at its start
    calls, cpu, began = estate.calls, time.process_time(), time.perf_counter()
    estate.look()
    return Cost(
        calls=estate.calls - calls,
        cpu=time.process_time() - cpu,
        seconds=time.perf_counter() - began,
        memory=_peak_memory(),
    )


def _peak_memory() -> float:
    """VmHWM of proc(5), in MiB. getrusage's peak begins with that of the parent process."""
    return status_number("self", "VmHWM") * KIBIBYTE / MEBIBYTE


if __name__ == "__main__":
    print(json.dumps(asdict(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
