"""What has been asked of the three systems by whoever does the job."""

from collections.abc import Callable
from dataclasses import dataclass

from hack.bench.world import BenchWorld
from hack.sandbox.kubernetes_gate.server import KubernetesGate

_LEASES = "leases"


@dataclass(frozen=True)
class Counts:
    """`kubernetes` are writes through a proxy that nobody else uses, without the renewals of a Lease; `aws` and
    `teleport` are calls, reads and writes."""

    kubernetes: float = 0
    aws: float = 0
    aws_writes: float = 0
    teleport: float = 0

    def __sub__(self, other: "Counts") -> "Counts":
        return self._with(other, lambda mine, theirs: mine - theirs)

    def __truediv__(self, times: float) -> "Counts":
        return self._with(self, lambda mine, _: mine / times)

    def _with(self, other: "Counts", combine: Callable[[float, float], float]) -> "Counts":
        return Counts(
            kubernetes=combine(self.kubernetes, other.kubernetes),
            aws=combine(self.aws, other.aws),
            aws_writes=combine(self.aws_writes, other.aws_writes),
            teleport=combine(self.teleport, other.teleport),
        )


def count(world: BenchWorld, gate: KubernetesGate | None) -> Counts:
    """Since the worlds were made. Without a gate nothing is asked of Kubernetes."""
    aws = world.stack.aws.calls
    writes = gate.writes if gate else []
    return Counts(
        kubernetes=sum(1 for write in writes if _LEASES not in write.operation),
        aws=aws.counts.total(),
        aws_writes=len(aws.writes),
        teleport=world.stack.teleport.calls.total(),
    )
