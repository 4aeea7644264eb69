"""Runs in which one write is answered wrongly once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hack.sandbox.gate import Cut, Fault, Spoiled
from tests.chaos.arena import Arena
from tests.chaos.gates import Crash, Moment, Recorder, answering
from tests.chaos.golden import read_golden
from tests.chaos.overheard import Overheard, Said
from tests.chaos.runs import Run, begin, converged, wait_for_blow
from tests.chaos.workloads import Workload
from tests.chaos.writes import WriteName

_WITHOUT_EFFECT = (Fault.THROTTLED, Fault.UNAVAILABLE, Fault.DENIED, Fault.CONFLICT, None)
_WITH_EFFECT = (Fault.UNAVAILABLE, Fault.CUT_SHORT, None)
_CONFLICTS_IN_AWS = frozenset({"iam:CreateRole", "iam:CreateOpenIDConnectProvider"})
"""That document `ConcurrentModification` (IAM API reference)."""


@dataclass(frozen=True)
class WrongAnswer:
    """A plan: answer this write so at this moment. No fault: the connection is closed without an answer."""

    at: Crash
    fault: Fault | None

    @property
    def exception(self) -> Cut | Spoiled:
        """What the gate raises."""
        return Cut() if self.fault is None else Spoiled(self.fault)

    def __str__(self) -> str:
        effect = "no effect" if self.at.moment is Moment.BEFORE else "effect"
        return f"{self.fault or 'lost'}, {effect}: {self.at.write}"


def wrong_answers(workload: Workload) -> Sequence[WrongAnswer]:
    """Of every write of the golden table."""
    return [answer for write in read_golden(workload) for answer in _wrong_answers(write)]


def misled(
    arena: Arena, workload: Workload, plan: WrongAnswer, reference: Run
) -> tuple[Run, frozenset[Said]]:
    """Answer one write as planned, and wait for the state of the reference; also what conditions said on the way.

    Raises AssertionError when the planned write never came, when the workload does not get done, or with the
    difference when the state does not become that of the reference.
    """
    with arena.scene(workload) as scene:
        recorder = Recorder(scene.mask.text, plan.at, answering(plan.exception))
        overheard = Overheard(recorder, scene.namespace)
        begin(arena, scene, overheard)
        wait_for_blow(arena, scene, recorder, plan.at)
        return converged(arena, scene, recorder, reference), overheard.said


def _wrong_answers(write: WriteName) -> Iterator[WrongAnswer]:
    for fault in _WITHOUT_EFFECT:
        if fault is not Fault.CONFLICT or _may_conflict(write):
            yield WrongAnswer(Crash(write, Moment.BEFORE), fault)
    for fault in _WITH_EFFECT:
        yield WrongAnswer(Crash(write, Moment.AFTER), fault)


def _may_conflict(write: WriteName) -> bool:
    return write.system != "aws" or write.operation in _CONFLICTS_IN_AWS
