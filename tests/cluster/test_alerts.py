"""The alerts on what a real operator exports: none while all is well, and those of the fault when there is one."""

import json
from pathlib import Path

import yaml
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.promtool import check
from tests.chart.rendering import find, objects, render
from tests.cluster.metrics import Metrics
from tests.cluster.scene import INTEGRATION, Scene, example

JOB = "enroller-rds-enrollment-operator"
OURS = ("aws_", "controller_runtime_", "leader_", "rds_enrollment_", "workqueue_")
MINUTES = 45
"""How long the world stays as it was scraped: longer than any alert waits, but that of the version skew."""


def as_series(metrics: Metrics) -> list[dict[str, str]]:
    """What a Prometheus would hold that scraped the same again and again, in promtool's notation."""
    return [
        {"series": _selector(name, {**dict(labels), "job": JOB}), "values": f"{value:f}x{MINUTES}"}
        for (name, labels), value in metrics.samples.items()
        if name.startswith(OURS)
    ]


def _selector(name: str, labels: dict[str, str]) -> str:
    pairs = (f"{label}={json.dumps(text)}" for label, text in labels.items())
    return f"{name}{{{', '.join(pairs)}}}"


def assert_firing(metrics: Metrics, alerts: set[str], folder: Path) -> None:
    """Exactly these alerts fire at the end."""
    groups = find(objects(render("monitors")), "PrometheusRule")["spec"]["groups"]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)]
    firing = 'group by (alertname) (ALERTS{alertstate="firing"})'
    test = {
        "interval": "1m",
        "input_series": as_series(metrics),
        "promql_expr_test": [{"expr": firing, "eval_time": f"{MINUTES}m", "exp_samples": samples}],
    }
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "tests.yaml").write_text(yaml.safe_dump(document))
    assert "SUCCESS" in check("test", "rules", str(folder / "tests.yaml"))


def test_alerts_fire_for_their_faults_and_for_nothing_else(
    scene: Scene, seeded: DemoWorld, tmp_path: Path
) -> None:
    scene.wait_idle()
    shown = scene.metrics
    scene.wait(
        lambda: shown().total("rds_enrollment_resource_condition", type="Ready", status="True") == 3,
        "the watch has delivered that all is well",
    )
    assert_firing(shown(), set(), tmp_path)

    stray = example(10)
    stray["metadata"]["name"] = stray["spec"]["role"]["name"] = "stray"
    stray["spec"] |= {"accountId": "210987654321"}
    scene.namespace.create(stray)
    scene.wait_condition(AWS_OIDC_INTEGRATION, "stray", "CredentialsValid", "False", "WrongAccount")
    scene.teleport.stop()
    scene.reconcile(scene.integration)

    def shows(**labels: str) -> bool:
        return shown().total("rds_enrollment_resource_condition", **labels) > 0

    scene.wait(lambda: shows(name=INTEGRATION, reason="TeleportUnreachable"), "Teleport is missed")
    scene.wait(lambda: shows(name="stray", reason="WrongAccount"), "the other trouble is delivered")
    scene.wait(lambda: shown().total("rds_enrollment_teleport_stream_live") == 0, "the stream is gone")
    assert_firing(
        shown(),
        {"RdsEnrollmentNotReady", "RdsEnrollmentCredentialsRefused", "RdsEnrollmentTeleportNotFollowed"},
        tmp_path,
    )
