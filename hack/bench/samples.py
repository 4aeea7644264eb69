"""Series of durations and what is said about them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Durations in seconds of our work and of its floor, taken in turn in one run.

    `target` is the ratio that is aimed at; None where the aim is another one, which `aim` then says.
    """

    what: str
    ours: Sequence[float]
    floor: Sequence[float]
    target: float | None = None
    aim: str = ""


@dataclass(frozen=True)
class Figure:
    """A value that has no floor beside it."""

    what: str
    value: str
    aim: str


@dataclass(frozen=True)
class Table:
    """Rows under heads of their own; the first column names them, the others hold figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed. Raises ValueError when there are none."""
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
