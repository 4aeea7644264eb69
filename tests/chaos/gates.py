"""What happens at the gate of a run: writes are named and recorded, and at one of them the operator dies."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hack.sandbox.gate import Cut, Write
from tests.chaos.writes import Namer, WriteName, is_report


class Moment(StrEnum):
    """When the operator dies."""

    BEFORE = "before"
    """The write has arrived; it never takes effect."""
    AFTER = "after"
    """The write took effect; its answer is never sent."""


@dataclass(frozen=True)
class Crash:
    """A plan: die at this moment of this write."""

    write: WriteName
    moment: Moment

    def __str__(self) -> str:
        return f"{self.moment}: {self.write}"


class Recorder:
    """A `hack.sandbox.gate.Gate` that records the writes which were let through.

    With a crash it is also the murderer: `kill` ends the operator's process and returns when it is gone. Only the
    planned write is cut; others that are in flight at that time take effect, as they would in a real crash.
    """

    def __init__(
        self, mask: Callable[[str], str], crash: Crash | None = None, kill: Callable[[], None] | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._namer = Namer(mask)
        self._crash = crash
        self._kill = kill
        self._names: list[WriteName] = []
        self._in_flight: dict[int, tuple[WriteName, ...]] = {}
        self._reports = 0
        self.crashed = threading.Event()

    @property
    def names(self) -> list[WriteName]:
        """Names of the writes so far."""
        with self._lock:
            return list(self._names)

    @property
    def reports(self) -> int:
        """How many of the writes so far were reports, named or not."""
        with self._lock:
            return self._reports

    def before(self, write: Write) -> None:
        with self._lock:
            names = self._namer.names_of(write)
            dies = self._dies_at(names, Moment.BEFORE)
            if dies:
                self._namer.take_back(names)
            else:
                self._names += names
                self._reports += is_report(write)
                self._in_flight[id(write)] = names
        if dies:
            self._die()

    def after(self, write: Write) -> None:
        with self._lock:
            dies = self._dies_at(self._in_flight.pop(id(write)), Moment.AFTER)
        if dies:
            self._die()

    def _dies_at(self, names: tuple[WriteName, ...], moment: Moment) -> bool:
        crash = self._crash
        return (
            crash is not None
            and not self.crashed.is_set()
            and crash.write in names
            and crash.moment is moment
        )

    def _die(self) -> None:
        if self._kill is not None:
            self._kill()
        self.crashed.set()
        raise Cut
