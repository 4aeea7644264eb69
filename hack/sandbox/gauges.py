"""What the operator's process holds."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from hack.sandbox.operator_process import OperatorProcess

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Gauges:
    """At one moment."""

    passes: float
    """Since its start."""
    memory: float
    """Resident, in bytes."""
    threads: int
    descriptors: float
    """Sockets, most of them."""
    tasks: float
    """Of the event loop."""
    clients: float
    """Of AWS."""
    waiting: float
    """Keys in the queue."""
    is_idle: bool
    """Whether no key waits and no pass runs."""


def read(operator: OperatorProcess) -> Gauges:
    """From /metrics, and proc(5). Raises OSError."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(operator.read("/metrics")):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return Gauges(
        passes=sums.get("controller_runtime_reconcile_total", 0.0),
        memory=sums["process_resident_memory_bytes"],
        threads=_threads(operator.pid),
        descriptors=sums["process_open_fds"],
        tasks=sums["rds_enrollment_event_loop_tasks"],
        clients=sums["rds_enrollment_aws_clients"],
        waiting=sums.get("workqueue_depth", 0.0),
        is_idle=sums.get("workqueue_depth", 0.0) == sums.get("workqueue_unfinished_work_seconds", 0.0) == 0,
    )


def _threads(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Threads:"))
