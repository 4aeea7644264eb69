"""Comparisons as a Markdown table, on the terminal and in the documentation."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hack.bench.samples import Comparison, Figure, Table, percentile

_HEAD = (
    "| what | n | ours p50 | ours p99 | floor p50 | floor p99 | ratio p50 | ratio p99 | excess p50 | aim |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
)


_FIGURES_HEAD = ("| what | value | aim |", "|---|--:|---|")


Measured = Comparison | Figure | Table


def table(measured: Iterable[Measured]) -> str:
    """One of the comparisons, one line each, durations in milliseconds; one of the figures; and each that is one."""
    measured = tuple(measured)
    comparisons = [_line(item) for item in measured if isinstance(item, Comparison)]
    figures = [
        f"| {item.what} | {item.value} | {item.aim} |" for item in measured if isinstance(item, Figure)
    ]
    tables: list[tuple[Sequence[str], Sequence[str]]]
    tables = [(_HEAD, comparisons), (_FIGURES_HEAD, figures)]
    tables += [_of_its_own(item) for item in measured if isinstance(item, Table)]
    return "\n\n".join("\n".join((*head, *lines)) for head, lines in tables if lines)


def write(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of `name` in a page. Raises ValueError when it has no such marks."""
    begin, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    before = page.read_text()
    if not pattern.search(before):
        raise ValueError(f"{page.name} has no place for {name}: {begin} and {end}")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", before))


def _of_its_own(item: Table) -> tuple[tuple[str, ...], list[str]]:
    columns = ["---", *("--:" for _ in item.head[1:])]
    head = (f"| {' | '.join(item.head)} |", f"|{'|'.join(columns)}|")
    return head, [f"| {' | '.join(row)} |" for row in item.rows]


def _line(item: Comparison) -> str:
    middle, late = (_pair(item, share) for share in (0.5, 0.99))
    cells = [
        item.what,
        str(len(item.ours)),
        _milliseconds(middle[0]),
        _milliseconds(late[0]),
        _milliseconds(middle[1]),
        _milliseconds(late[1]),
        f"{middle[0] / middle[1]:.2f}",
        f"{late[0] / late[1]:.2f}",
        _milliseconds(middle[0] - middle[1]),
        item.aim if item.target is None else f"ratio at most {item.target:g}",
    ]
    return f"| {' | '.join(cells)} |"


def _pair(item: Comparison, share: float) -> tuple[float, float]:
    return percentile(item.ours, share), percentile(item.floor, share)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
