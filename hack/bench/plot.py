"""A plot of few series over a size, both axes logarithmic, as an SVG of our own: no library for three lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 360, 56, 150, 16, 44
_COLOURS = ("#1b6ca8", "#c4531c", "#3a7d34", "#7a4ea3")


@dataclass(frozen=True)
class Series:
    """A positive value for each size."""

    name: str
    values: Sequence[float]


class _Axis:
    """From values to pixels, between full powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.first, self.last = (
            floor(log10(min(values))),
            max(ceil(log10(max(values))), floor(log10(min(values))) + 1),
        )
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (log10(value) - self.first) / (self.last - self.first)
        return self._start + share * (self._end - self._start)

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.first, self.last + 1)]


def draw(path: Path, size: str, sizes: Sequence[int], series: Sequence[Series]) -> None:
    """Write the plot. `size` names the horizontal axis."""
    across = _Axis(sizes, _LEFT, _WIDTH - _RIGHT)
    up = _Axis([value for item in series for value in item.values], _HEIGHT - _BOTTOM, _TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text { font: 12px sans-serif }</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for tick in across.ticks:
        lines.append(_line(across.at(tick), _TOP, across.at(tick), _HEIGHT - _BOTTOM, "#dddddd"))
        lines.append(_text(across.at(tick), _HEIGHT - _BOTTOM + 18, f"{tick:,.0f}", "middle"))
    for tick in up.ticks:
        lines.append(_line(_LEFT, up.at(tick), _WIDTH - _RIGHT, up.at(tick), "#dddddd"))
        lines.append(_text(_LEFT - 6, up.at(tick) + 4, f"{tick:,g}", "end"))
    lines.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, size, "middle"))
    for colour, item in zip(_COLOURS, series, strict=False):
        points = [(across.at(size), up.at(value)) for size, value in zip(sizes, item.values, strict=True)]
        path_of = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path_of}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        lines.append(_text(points[-1][0] + 8, points[-1][1] + 4, item.name, "start", colour))
    path.write_text("\n".join([*lines, "</svg>", ""]))


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
