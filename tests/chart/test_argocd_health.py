"""Argo CD's health of the kinds, over test data that `make argocd-testdata` took from real runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaError
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.api.reasons import PROGRESS, Reason

from hack.argocd.__main__ import CUSTOMIZATIONS, FOLDER, render
from tests.chart.lua import health
from tests.chart.rendering import CHART, offline

Object = dict[str, Any]

CASES = [
    pytest.param(kind, test, id=f"{kind}-{Path(test['inputPath']).stem}")
    for kind in KINDS
    for test in yaml.safe_load((CUSTOMIZATIONS / kind / "health_test.yaml").read_text())["tests"]
]


def load(kind: str, name: str) -> Object:
    found: Object = yaml.safe_load((CUSTOMIZATIONS / kind / "testdata" / f"{name}.yaml").read_text())
    return found


def script(kind: str) -> Path:
    return CUSTOMIZATIONS / kind / "health.lua"


@pytest.mark.parametrize("path", render(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_files_are_as_generated(path: Path) -> None:
    """`make argocd` writes them."""
    assert path.read_text() == render()[path]


@pytest.mark.parametrize(("kind", "test"), CASES)
def test_health(kind: str, test: Object) -> None:
    obj = yaml.safe_load((CUSTOMIZATIONS / kind / test["inputPath"]).read_text())
    assert obj["kind"] == kind
    assert health(script(kind), obj) == test["healthStatus"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_has_an_example(kind: str) -> None:
    tests = yaml.safe_load((CUSTOMIZATIONS / kind / "health_test.yaml").read_text())["tests"]
    states = {test["healthStatus"]["status"] for test in tests}
    assert states == {"Healthy", "Progressing", "Degraded", "Suspended"}
    used = {Path(test["inputPath"]).name for test in tests}
    assert used == {path.name for path in (CUSTOMIZATIONS / kind / "testdata").iterdir()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reason", Reason)
def test_a_reason_of_the_way_is_progress_and_any_other_a_fault(kind: str, reason: Reason) -> None:
    obj = load(kind, "degraded_denied")
    (ready,) = [entry for entry in obj["status"]["conditions"] if entry["type"] == "Ready"]
    ready["reason"] = reason.value
    expected = "Progressing" if reason in PROGRESS else "Degraded"
    assert health(script(kind), obj) == {"status": expected, "message": ready["message"]}


@pytest.mark.parametrize("kind", KINDS)
def test_pausing_needs_the_word_true(kind: str) -> None:
    obj = load(kind, "healthy_ready")
    obj["metadata"]["annotations"] = {"rds-enrollment.dev/paused": "false"}
    assert health(script(kind), obj)["status"] == "Healthy"


def test_libraries_that_argo_cd_does_not_open_are_closed_here(tmp_path: Path) -> None:
    path = tmp_path / "health.lua"
    path.write_text('return { status = ("Healthy"):sub(1) }')
    with pytest.raises(LuaError):
        health(path, {})


def test_the_example_application_installs_the_chart(tmp_path: Path) -> None:
    applications = list(yaml.safe_load_all((FOLDER / "application.yaml").read_text()))
    (source,) = [item["spec"]["source"] for item in applications if "helm" in item["spec"]["source"]]
    assert source["path"] == "charts/rds-enrollment-operator"
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(source["helm"]["valuesObject"]))
    offline().run("template", "application", str(CHART), f"--values={values}")
