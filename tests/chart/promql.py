"""Which metrics and labels a PromQL expression names: enough of the language for the rules and the dashboard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SELECTOR = re.compile(r"\b([a-z][a-z_0-9]*_[a-z_0-9]+)\b\s*\{([^{}]*)\}")
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^()]*)\)")
_METRIC = re.compile(r"\b(?:aws|controller|leader|process|rds|workqueue)_[a-z_0-9]+\b")


@dataclass(frozen=True)
class Selector:
    """One `metric{label="..."}`."""

    metric: str
    labels: frozenset[str]


def selectors(expression: str) -> Iterator[Selector]:
    """Every selector of the expression. Raises ValueError for a metric without braces: those have no job."""
    found = list(_SELECTOR.finditer(expression))
    bare = set(_METRIC.findall(re.sub(r'"[^"]*"', "", expression))) - {match[1] for match in found}
    if bare:
        raise ValueError(f"without a selector: {', '.join(sorted(bare))}")
    for match in found:
        yield Selector(match[1], frozenset(_MATCHER.findall(match[2])))


def groupings(expression: str) -> set[str]:
    """Labels that the expression groups by."""
    return {label.strip() for match in _GROUPING.finditer(expression) for label in match[1].split(",")}
