"""Runs in which the first answer to each kind of read is a wrong one."""

import threading
from dataclasses import dataclass, field
from typing import TypeVar

from hack.sandbox.gate import Cut, Fault, Spoiled, System
from tests.chaos.arena import Arena
from tests.chaos.gates import Recorder
from tests.chaos.runs import Run, begin, converged, is_idle, wait
from tests.chaos.workloads import Workload

A = TypeVar("A")
READ_FAULTS = (Fault.THROTTLED, Fault.UNAVAILABLE, Fault.DENIED, Fault.CUT_SHORT, None)
"""None: the connection is closed without an answer."""

_SYSTEMS: tuple[System, ...] = ("aws", "teleport")
"""Of Kubernetes each wrong answer to a read that kopf makes costs a process: other tests end it."""
_FALLBACKS = frozenset({(Fault.DENIED, "ec2")})
"""Who may not read the network gets public addresses, as the wizard gives them, and keeps them until a rollout."""


@dataclass
class Misleading:
    """`hack.sandbox.gate.Reads` that answer wrongly once for each operation, and truly from then on."""

    fault: Fault | None
    misled: set[str] = field(default_factory=set)
    """The operations that were answered wrongly."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        del text
        operation = question.split(" ")[0]
        with self._lock:
            spared = system not in _SYSTEMS or (self.fault, operation.partition(":")[0]) in _FALLBACKS
            if spared or operation in self.misled:
                return fresh
            self.misled.add(operation)
        raise Cut if self.fault is None else Spoiled(self.fault)


def misread(arena: Arena, workload: Workload, fault: Fault | None, reference: Run) -> tuple[Run, set[str]]:
    """Do the workload with such reads, look at everything once more, and wait for the state of the reference. Tells
    the operations that were answered wrongly, too.

    Raises AssertionError when the workload does not get done, or with the difference to the reference.
    """
    reads = Misleading(fault)
    with arena.scene(workload) as scene:
        arena.show(reads)
        recorder = Recorder(scene.mask.text)
        begin(arena, scene, recorder)
        wait(arena, scene, scene.is_done, "the workload is done")
        wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace), "the operator is idle")
        arena.operator.stop()  # what was not seen is told, and some of it is not asked for again for minutes
        arena.start_operator(scene)
        return converged(arena, scene, recorder, reference), reads.misled
