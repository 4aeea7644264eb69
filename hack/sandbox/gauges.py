"""What the operator's process holds."""

from dataclasses import dataclass

from hack.sandbox.metrics import Metrics
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.proc import status_number

_READ = (
    "controller_runtime_reconcile_total",
    "process_",
    "rds_enrollment_event_loop_tasks",
    "rds_enrollment_aws_clients",
    "workqueue_",
)
"""What the names of series that are read begin with. Of thousands, most are of single objects."""


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
    """From proc(5), and /metrics. Raises OSError: with the last words of a process that has ended."""
    threads = status_number(operator.pid, "Threads")
    lines = operator.read("/metrics").splitlines(keepends=True)
    metrics = Metrics.parse("".join(line for line in lines if line.startswith(_READ)))
    return Gauges(
        passes=metrics.total("controller_runtime_reconcile_total"),
        memory=metrics.value("process_resident_memory_bytes"),
        threads=threads,
        descriptors=metrics.value("process_open_fds"),
        tasks=metrics.value("rds_enrollment_event_loop_tasks"),
        clients=metrics.value("rds_enrollment_aws_clients"),
        waiting=metrics.total("workqueue_depth"),
        is_idle=metrics.is_idle,
    )
