"""One hook around every external write, and one for every read, shared by the AWS, Teleport and Kubernetes sandboxes.

A crash test needs to stop a process just before a write takes effect, or just after it did and before the
answer is sent. Each sandbox calls the same `Gate`; what happens at the gate is the test's business. So is what `Reads`
answers: a system may show an earlier version of what it holds.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeVar

System = Literal["aws", "teleport", "kubernetes"]


class Cut(Exception):  # noqa: N818 - an instruction to the sandbox, not an error
    """Raised by a gate: the sandbox closes the connection without an answer.

    From `before` the write never takes effect; from `after` it has, and only the answer is lost.
    """


class Fault(StrEnum):
    """What a system may answer in place of its answer; each sandbox words it as its protocol does."""

    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    DENIED = "denied"
    CONFLICT = "conflict"
    """Somebody else has changed it meanwhile."""
    CUT_SHORT = "cut short"
    """The answer itself, ending in its middle: raised only where there is one."""


class Spoiled(Exception):  # noqa: N818 - an instruction to the sandbox, not an error
    """Raised by a gate: the sandbox answers with the fault.

    From `before` the write never takes effect; from `after` it has, and the answer says otherwise.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Write:
    """One write at the border of a sandbox.

    `operation` is the system's own name (`ecs:CreateService`, `proto.AuthService/CreateDatabase`,
    `patch databases/status`), `target` a short name for people; empty when the request names nothing.
    """

    system: System
    operation: str
    target: str


class Gate(Protocol):
    """Called by the thread that serves the write; it may block, and may raise `Cut` or `Spoiled`."""

    def before(self, write: Write) -> None:
        """The write has arrived and has no effect yet."""

    def after(self, write: Write) -> None:
        """The write took effect (or was refused); the answer has not been sent."""


A = TypeVar("A")


class Reads(Protocol):
    """Asked for the answer to each read of the operator; called by the thread that serves it."""

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        """What is answered: `fresh`, or one that this question had before.

        `question` begins with the operation and a blank. `text` is the same for answers that say the same. Raises Cut
        or Spoiled for an answer that is none, with any fault.
        """
