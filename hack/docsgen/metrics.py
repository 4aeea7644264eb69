"""Every metric that the operator's sources declare: read from the code, since some exist only while it runs."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from hack.docsgen.markdown import code, escape, page, table

SOURCES = Path(__file__).resolve().parents[2] / "operator" / "rds_enrollment"

_KINDS = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "info": "info",
    "gaugemetricfamily": "gauge",
}
_NAME = re.compile(r"[a-z]+(_[a-z]+)+")

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


@functools.cache
def declared() -> tuple[Metric, ...]:
    """By name."""
    found = {metric.name: metric for path in SOURCES.rglob("*.py") for metric in _of(path)}
    return tuple(found[name] for name in sorted(found))


def _of(path: Path) -> Iterator[Metric]:
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (metric := _metric(node, constants)):
            yield metric


def _metric(call: ast.Call, constants: Mapping[str, ast.expr]) -> Metric | None:
    function = call.func
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    kind = _KINDS.get(called.lower().lstrip("_"))
    match call.args:
        case [ast.Constant(value=str(name)), ast.Constant(value=str(text)), *rest] if (
            kind and _NAME.fullmatch(name)
        ):
            named = [keyword.value for keyword in call.keywords if keyword.arg == "labels"]
            labels = [label for item in [*rest, *named][:1] for label in _labels(item, constants)]
            return Metric(name, kind, tuple(labels), text)
        case _:
            return None


def _labels(node: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    """The label names that an expression lists, constants of its module among them."""
    match node:
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                yield from _labels(item, constants)
        case ast.Starred(value=inner):
            yield from _labels(inner, constants)
        case ast.Name(id=name) if name in constants:
            yield from _labels(constants[name], constants)
        case ast.Constant(value=str(name)):
            yield name
