"""The chart's alerts on what a real operator exports: its scrapes, gone on with in promtool's notation."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hack.sandbox.metrics import Labels, Metrics
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.promtool import check
from tests.chart.rendering import find, objects, render

JOB = "enroller-rds-enrollment-operator"
OURS = ("aws_", "controller_runtime_", "leader_", "rds_enrollment_", "workqueue_")
MINUTES = 100
"""How long it goes on: longer than any alert waits."""
_MOMENT = "_timestamp_seconds"


@dataclass(frozen=True)
class Scrape:
    """What a process exported, and when (Unix time, seconds). None: it did not answer."""

    metrics: Metrics
    at: float = field(default_factory=time.time)


def scrape(operator: OperatorProcess) -> Scrape:
    return Scrape(Metrics.parse(operator.read("/metrics")))


def steady(now: Scrape) -> "list[dict[str, str]]":
    """Series of a world that stays as it was scraped."""
    return list(_series(now, now))


def going_on(before: Scrape, now: Scrape) -> "list[dict[str, str]]":
    """Series of a world in which everything goes on to grow as it did between two scrapes."""
    return list(_series(before, now))


def in_turns(one: Scrape, other: Scrape) -> "list[dict[str, str]]":
    """Series of a process that is now as in one scrape, and a minute later as in the other."""
    both = one.metrics.samples.keys() & other.metrics.samples.keys()
    return [
        {
            "series": _selector(*key),
            "values": " ".join([f"{_value(key, one)} {_value(key, other)}"] * (MINUTES // 2)),
        }
        for key in both
        if key[0].startswith(OURS) and not math.isnan(one.metrics.samples[key])
    ]


def gone(now: Scrape) -> "list[dict[str, str]]":
    """Series of a process that answers no more."""
    return [{**each, "values": f"{each['values'].partition('+')[0]} stale"} for each in steady(now)]


def assert_firing(series: Sequence[dict[str, str]], alerts: set[str], folder: Path) -> None:
    """Exactly these alerts fire at the end."""
    groups = find(objects(render("monitors")), "PrometheusRule")["spec"]["groups"]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)]
    firing = 'group by (alertname) (ALERTS{alertstate="firing"})'
    test = {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [{"expr": firing, "eval_time": f"{MINUTES}m", "exp_samples": samples}],
    }
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "tests.yaml").write_text(yaml.safe_dump(document))
    assert "SUCCESS" in check("test", "rules", str(folder / "tests.yaml"))


def _series(before: Scrape, now: Scrape) -> Iterator[dict[str, str]]:
    minutes = (now.at - before.at) / 60
    for key, value in now.metrics.samples.items():
        if key[0].startswith(OURS) and not math.isnan(value):  # promtool's notation has none
            start = _value(key, now)
            grown = start - _value(key, before) if key in before.metrics.samples else 0.0
            slope = grown / minutes if minutes and not key[0].endswith(_MOMENT) else 0.0
            yield {"series": _selector(*key), "values": f"{start:f}{slope:+f}x{MINUTES}"}


def _value(key: tuple[str, Labels], now: Scrape) -> float:
    """Moments are told from the scrape on: promtool's clock begins at 0."""
    value = now.metrics.samples[key]
    return value - now.at if key[0].endswith(_MOMENT) else value


def _selector(name: str, labels: Labels) -> str:
    pairs = (f"{label}={json.dumps(text)}" for label, text in {**dict(labels), "job": JOB}.items())
    return f"{name}{{{', '.join(pairs)}}}"
