"""Every metric that the operator's sources declare: read from the code, since some exist only while it runs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hack.docsgen.markdown import code, escape, page, table

SOURCES = Path(__file__).resolve().parents[2] / "operator" / "rds_enrollment"

_KINDS = {"counter": "counter", "gauge": "gauge", "histogram": "histogram", "info": "info"}
_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
_HELPERS_LABEL = ("name",)
"""The helpers of runtime/metrics.py give each workqueue_ metric client-go's label."""

_INTRODUCTION = (
    "Served at `/metrics`. Names that begin with `controller_runtime_` and `workqueue_` are those of Kubernetes' own "
    "controllers, so that dashboards for these work unchanged; beside them stands what Prometheus's Python client says "
    "of the process."
)


class Metric(NamedTuple):
    """One declared metric."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


def render() -> dict[str, str]:
    """Text of the page by file name."""
    rows = (
        (code(metric.name), metric.kind, ", ".join(map(code, metric.labels)) or "none", escape(metric.text))
        for metric in declared()
    )
    return {
        "metrics.md": page(
            "Metrics",
            "the metrics that operator/rds_enrollment declares",
            _INTRODUCTION,
            table(("metric", "type", "labels", "meaning"), rows),
        )
    }


def declared() -> list[Metric]:
    """By name."""
    found = {metric.name: metric for path in SOURCES.rglob("*.py") for metric in _of(path)}
    return [found[name] for name in sorted(found)]


def _of(path: Path) -> Iterator[Metric]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (metric := _metric(node)):
            yield metric


def _metric(call: ast.Call) -> Metric | None:
    function = call.func
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    kind = _KINDS.get(called.lower().lstrip("_"))
    match call.args:
        case [ast.Constant(value=str(name)), ast.Constant(value=str(text)), *rest] if (
            kind and _NAME.fullmatch(name)
        ):
            labels = _HELPERS_LABEL if called.startswith("_") else _labels(rest)
            return Metric(name, kind, labels, text)
        case _:
            return None


def _labels(rest: list[ast.expr]) -> tuple[str, ...]:
    match rest:
        case [ast.Tuple(elts=items) | ast.List(elts=items), *_]:
            return tuple(str(item.value) for item in items if isinstance(item, ast.Constant))
        case _:
            return ()
