"""What happens at the gate of a run: writes are named and recorded, and at one of them the operator is struck."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hack.sandbox.gate import Cut, Spoiled, Write
from tests.chaos.writes import Namer, WriteName, is_report


class Moment(StrEnum):
    """When the operator is struck."""

    BEFORE = "before"
    """The write has arrived and has no effect yet."""
    AFTER = "after"
    """The write took effect; its answer was not sent."""


@dataclass(frozen=True)
class Crash:
    """A plan: be struck at this moment of this write."""

    write: WriteName
    moment: Moment

    def __str__(self) -> str:
        return f"{self.moment}: {self.write}"


Blow = Callable[[threading.Event], None]
"""What happens at the planned moment: sets the event once the operator is struck. Raises Cut to cut the write, or
Spoiled to spoil its answer."""


def killing(kill: Callable[[], None]) -> Blow:
    """The operator dies, and the write is cut. `kill` returns when its process is gone."""

    def blow(struck: threading.Event) -> None:
        kill()
        struck.set()
        raise Cut

    return blow


def answering(exception: Cut | Spoiled) -> Blow:
    """The operator gets that for an answer, and lives."""

    def blow(struck: threading.Event) -> None:
        struck.set()
        raise exception

    return blow


def holding(pause: Callable[[], None], go_on: threading.Event) -> Blow:
    """The operator stops, and the write is held up, until it may go on. `pause` returns when its process stands."""

    def blow(struck: threading.Event) -> None:
        pause()
        struck.set()
        go_on.wait()

    return blow


class Recorder:
    """A `hack.sandbox.gate.Gate` that records the writes which were let through.

    With a crash it also strikes. Only the planned write is cut or held up; others that are in flight at that time take
    effect, as they would in a real crash.
    """

    def __init__(
        self, mask: Callable[[str], str], crash: Crash | None = None, blow: Blow | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._namer = Namer(mask)
        self._crash = crash
        self._blow = blow
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
            planned = self._is_planned(names, Moment.BEFORE)
            if planned:
                self._namer.take_back(names)
            else:
                self._let_in(write, names)
        if planned:
            self._strike()
            with self._lock:  # late: what came meanwhile has its name
                self._let_in(write, self._namer.names_of(write))

    def after(self, write: Write) -> None:
        with self._lock:
            planned = self._is_planned(self._in_flight.pop(id(write)), Moment.AFTER)
        if planned:
            self._strike()

    def _let_in(self, write: Write, names: tuple[WriteName, ...]) -> None:
        self._names += names
        self._reports += is_report(write)
        self._in_flight[id(write)] = names

    def _is_planned(self, names: tuple[WriteName, ...], moment: Moment) -> bool:
        crash = self._crash
        return (
            crash is not None
            and not self.crashed.is_set()
            and crash.write in names
            and crash.moment is moment
        )

    def _strike(self) -> None:
        """Returns when the write was only held up."""
        if self._blow is not None:
            self._blow(self.crashed)
