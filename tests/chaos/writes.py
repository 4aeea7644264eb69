"""External writes under names that are the same in every run.

A write is known by its system, its operation, its target without generated ids, and its number among the writes of
that name: the n-th `ecs:RegisterTaskDefinition` of a family. Such names are deterministic where the operator's writes
are, whatever the order in which its concurrent passes come to them.

Two kinds of writes report what the operator has seen, and how many of them there are depends on timing: writes of
`status` and Events. Of these, only what every successful run must say has a name (`is_report` and `names_of`):

- the first status of each object,
- the first status that says Ready=True of each object, which may be the same write,
- the first Event that says Ready of each object.

All other reports are counted and have no name, nor have writes of the Lease: nothing can be planned at them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass

from hack.sandbox.gate import System, Write

_READY = " Ready="


@dataclass(frozen=True, order=True)
class WriteName:
    """One write of a workload. `occurrence` counts from 1."""

    system: System
    operation: str
    target: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.system} {self.operation} {self.target} #{self.occurrence}"


def is_lease(write: Write) -> bool:
    """Whether the write is about the Lease: how often it is renewed is a question of time."""
    return write.operation.endswith(" leases")


def is_report(write: Write) -> bool:
    """Whether the write is a status or an Event."""
    if write.system != "kubernetes":
        return False
    return write.operation.endswith("/status") or write.operation.endswith(" events")


def says_ready(write: WriteName) -> bool:
    """Whether it is an object's first status that says Ready=True."""
    return write.target.endswith(f"{_READY}True")


class Namer:
    """Names writes in the order of their arrival; one for each run."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        """`mask` takes generated ids out of a target."""
        self._mask = mask
        self._seen: Counter[tuple[System, str, str]] = Counter()

    def names_of(self, write: Write) -> tuple[WriteName, ...]:
        """One name, or none, or (a first status that says Ready=True) two."""
        if is_lease(write):
            return ()
        target = self._mask(write.target)
        if not is_report(write):
            return (self._next(write, target),)
        if write.operation.endswith(" events"):
            return self._first(write, target) if target.endswith(" Ready") else ()
        obj, _, ready = target.partition(_READY)
        announced = self._first(write, target) if ready == "True" else ()
        return (*self._first(write, obj), *announced)

    def take_back(self, names: Iterable[WriteName]) -> None:
        """A write was cut before it took effect: the next of its kind has its names."""
        for name in names:
            self._seen[name.system, name.operation, name.target] -= 1

    def _next(self, write: Write, target: str) -> WriteName:
        key = (write.system, write.operation, target)
        self._seen[key] += 1
        return WriteName(*key, self._seen[key])

    def _first(self, write: Write, target: str) -> tuple[WriteName, ...]:
        name = self._next(write, target)
        return (name,) if name.occurrence == 1 else ()


def surplus(writes: Iterable[WriteName], reference: Iterable[WriteName]) -> Sequence[WriteName]:
    """Writes that the reference does not have, in their order; reports aside, whose number is not fixed."""
    known = set(reference)
    return sorted(name for name in writes if name not in known and not _is_report(name))


def _is_report(name: WriteName) -> bool:
    return is_report(Write(name.system, name.operation, name.target))


def as_rows(names: Iterable[WriteName]) -> list[list[object]]:
    """For JSON, sorted."""
    return [list(astuple(name)) for name in sorted(names)]
