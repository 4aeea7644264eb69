"""Alerts and dashboard: they ask for what the operator exports, each alert has a page, and each fires by its fault."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.docsgen.metrics import Metric, declared
from hack.sandbox.promtool import PromtoolError, check
from tests.chart.alert_cases import CASES, JOB, Case
from tests.chart.promql import groupings, selectors
from tests.chart.rendering import CHART, ROOT, find, objects, render

RUNBOOKS = ROOT / "docs" / "runbooks"
GROUPS = find(objects(render("monitors")), "PrometheusRule")["spec"]["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule["alert"] for rule in RULES]
DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
EXPORTED = {metric.name: metric for metric in declared()}
OF_PROMETHEUS = {"job", "pod"}
"""Labels that a scrape adds."""
OF_THE_CLIENT = {"process_resident_memory_bytes": Metric("process_resident_memory_bytes", "gauge", (), "")}


def metric_of(name: str) -> Metric | None:
    """The metric that a series of this name belongs to."""
    for end in ("_bucket", "_sum", "_count"):
        base = EXPORTED.get(name.removesuffix(end))
        if name.endswith(end) and base is not None and base.kind == "histogram":
            return base
    return EXPORTED.get(name) or OF_THE_CLIENT.get(name)


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in RULES), *QUERIES])
def test_every_metric_and_label_that_is_asked_for_is_exported(expression: str) -> None:
    found = list(selectors(expression))
    labels = set(OF_PROMETHEUS)
    for selector in found:
        metric = metric_of(selector.metric)
        assert metric is not None, selector.metric
        assert "job" in selector.labels
        assert selector.labels <= {*metric.labels, *OF_PROMETHEUS}
        labels |= {*metric.labels, *(["le"] if selector.metric.endswith("_bucket") else [])}
    assert found
    assert groupings(expression) <= labels


def test_a_metric_that_does_not_exist_would_be_noticed() -> None:
    assert metric_of("rds_enrollment_databases_total") is None
    assert metric_of("aws_api_requests_total_bucket") is None
    with pytest.raises(ValueError, match="without a selector: workqueue_depth"):
        list(selectors("sum(workqueue_depth)"))


def test_the_legend_of_each_query_names_labels_that_are_left() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert named <= groupings(target["expr"]) | OF_PROMETHEUS


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(ALERTS)
    for rule in RULES:
        text = (RUNBOOKS / f"{rule['alert']}.md").read_text()
        headings = re.findall(r"^#+ .*$", text, re.MULTILINE)
        assert headings == [
            f"# {rule['alert']}",
            "## Meaning",
            "## Impact",
            "## Diagnosis",
            "## Mitigation",
        ]
        assert rule["annotations"]["runbook_url"] == f"https://runbooks.example.com/{rule['alert']}"
        assert {"summary", "description"} <= rule["annotations"].keys()
        assert rule["labels"]["severity"] in {"warning", "critical"}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": GROUPS}))
    return path


def test_promtool_finds_no_fault_with_the_rules(rules: Path) -> None:
    assert f"SUCCESS: {len(RULES)} rules found" in check("check", "rules", "--lint-fatal", str(rules))


def test_each_alert_has_a_case() -> None:
    assert {case.alert for case in CASES} == set(ALERTS)


def unit_test(case: Case) -> dict[str, Any]:
    """In promtool's form: the alert fires at `fires_at`, and neither just before its time nor once it is mended."""
    firing = f'ALERTS{{alertname="{case.alert}", alertstate="firing"}}'
    severity = next(rule["labels"]["severity"] for rule in RULES if rule["alert"] == case.alert)
    labels = {"alertname": case.alert, "alertstate": "firing", "severity": severity, **case.labels}
    shown = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "promql_expr_test": [
            {"expr": firing, "eval_time": f"{case.quiet_at}m", "exp_samples": []},
            {
                "expr": firing,
                "eval_time": f"{case.fires_at}m",
                "exp_samples": [{"labels": f"ALERTS{{{shown}}}", "value": 1}],
            },
        ],
    }


def run_unit_tests(rules: Path, cases: list[Case]) -> str:
    document = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "tests": [unit_test(case) for case in cases],
    }
    path = rules.with_name("tests.yaml")
    path.write_text(yaml.safe_dump(document))
    return check("test", "rules", str(path))


def test_each_alert_fires_in_its_time_and_not_before(rules: Path) -> None:
    assert "SUCCESS" in run_unit_tests(rules, CASES)


def test_an_alert_that_does_not_fire_would_be_noticed(rules: Path) -> None:
    healthy = Case(
        "RdsEnrollmentWatchStale", {f"rds_enrollment_watch_undelivered_seconds{JOB}": "0x30"}, 0, 20
    )
    with pytest.raises(PromtoolError, match="RdsEnrollmentWatchStale"):
        run_unit_tests(rules, [healthy])
