"""`rds-enrollment run` as a process: HTTP, logs, its end, faulty settings, and secrets that stay inside."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rds_enrollment import __version__
from rds_enrollment.api.kinds import KINDS, RDS_ENROLLMENT

from hack.docsgen.metrics import declared
from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.promtool import check
from hack.sandbox.stack import operator_environment
from tests.cluster.scene import ENROLLMENT, Scene

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
END_SECONDS = 10.0
"""From SIGTERM to the end: part of the contract."""


@pytest.fixture
def scene(enrolled: tuple[Scene, DemoWorld]) -> Scene:
    """The enrolled world, with an operator that runs and is at rest."""
    scene, _ = enrolled
    if not scene.operator.running:
        scene.start()
    scene.wait_all_ready()
    scene.wait_idle()
    return scene


# HTTP and logs of an operator that did its work


def test_health_and_readiness(scene: Scene) -> None:
    operator = scene.operator
    assert (operator.probe("/healthz"), operator.read("/healthz")) == (200, "ok\n")
    assert (operator.probe("/readyz"), operator.read("/readyz")) == (200, "ok\n")
    assert operator.probe("/anything-else") == 404


def test_metrics(scene: Scene) -> None:
    metrics = scene.metrics()
    for kind in KINDS.values():
        assert metrics.passes(kind) >= 1
    assert metrics.total("controller_runtime_reconcile_panics_total") == 0
    for kind in KINDS.values():
        assert metrics.total("workqueue_adds_total", name="objects", controller=kind.kind.lower()) >= 1
    assert metrics.total("process_resident_memory_bytes") > 0
    assert metrics.total("rds_enrollment_build_info", version=__version__) == 1


def test_promtool_finds_no_fault_with_the_metrics(scene: Scene) -> None:
    assert check("check", "metrics", stdin=scene.operator.read("/metrics")) == ""


def test_every_metric_is_in_the_reference(scene: Scene) -> None:
    ours = ("aws_", "controller_runtime_", "leader_", "rds_enrollment_", "workqueue_")
    declared_labels = {metric.name: set(metric.labels) for metric in declared()}
    families = text_string_to_metric_families(scene.operator.read("/metrics"))
    for family in families:
        if family.name.startswith(ours):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            shown = {label for sample in family.samples for label in sample.labels} - {"le"}
            assert shown <= declared_labels[name], name


def test_metrics_of_objects_are_what_the_api_server_has(scene: Scene) -> None:
    objects = scene.namespace.objects()
    scene.wait(
        lambda: (
            scene.metrics().total("rds_enrollment_resource_condition", type="Ready", status="True")
            == len(objects)
        ),
        "the watch has delivered the last status of each object",
    )
    metrics = scene.metrics()
    for obj in objects:
        labels = {label: obj["metadata"][label] for label in ("namespace", "name")}
        shown = {
            (labels["type"], labels["status"], labels["reason"])
            for labels in metrics.labels("rds_enrollment_resource_condition", kind=obj["kind"], **labels)
        }
        wanted = obj["status"]["conditions"]
        assert shown == {(item["type"], item["status"], item["reason"]) for item in wanted}
        assert metrics.total("rds_enrollment_last_successful_sync_timestamp_seconds", **labels) > 0
    discovered = scene.enrollment["status"]["discovered"]
    assert metrics.total("rds_enrollment_databases", state="discovered") == discovered
    skews = metrics.labels("rds_enrollment_agent_version_skew")
    assert [labels["name"] for labels in skews] == [scene.deployment["metadata"]["name"]]
    assert metrics.total("rds_enrollment_agent_version_skew") == 0


def test_metrics_of_calls_agree_with_what_was_called(scene: Scene) -> None:
    metrics = scene.metrics()
    created = {"service": "ecs", "operation": "CreateService", "status_code": "200", "error_code": ""}
    assert metrics.total("aws_api_requests_total", **created, controller="databaseservicedeployment") >= 1
    assert metrics.total("aws_api_request_duration_seconds_count", controller="rdsenrollment") >= 1
    assert metrics.total("rds_enrollment_teleport_request_duration_seconds_count", code="OK") >= 1
    assert metrics.total("rds_enrollment_teleport_stream_live") == 1
    assert metrics.total("rds_enrollment_event_loop_lag_seconds_count") >= 1
    assert metrics.total("rds_enrollment_teleport_identity_expiry_seconds") > 0
    assert metrics.total("rds_enrollment_watch_undelivered_seconds") == 0


def test_log_lines_are_json_and_name_their_object(scene: Scene) -> None:
    objects = {(obj["kind"], obj["metadata"]["name"]) for obj in scene.namespace.objects()}
    lines = [json.loads(line) for line in scene.log_lines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    passes = [line for line in lines if line["logger"].startswith("rds_enrollment.controllers")]
    assert {(line["kind"], line["name"]) for line in passes} == objects
    assert {line["namespace"] for line in passes} == {scene.namespace.name}
    steps = {(line["step"], line["target"]) for line in passes if "step" in line}
    assert ("CreateRole", "IAM role teleport-prod-aws") in steps


# The end


def test_sigterm_in_the_middle_of_a_pass(scene: Scene) -> None:
    scene.aws.calls.clear()
    scene.aws.latency = 3.0
    try:
        scene.namespace.request_reconcile(RDS_ENROLLMENT, ENROLLMENT, uuid4().hex)
        scene.wait(lambda: bool(scene.aws.calls.counts), "RDS has been asked")
        began = time.monotonic()
        code = scene.operator.stop(timeout=60.0)
        took = time.monotonic() - began
    finally:
        scene.aws.latency = 0.0

    assert code == 0
    assert took < END_SECONDS
    assert json.loads(scene.log_lines()[-1])["message"] == "Stopped"
    assert not any("traceback" in json.loads(line) for line in scene.log_lines())


# Faulty settings


def run(*flags: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`rds-enrollment run` to its end."""
    kept = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [PROGRAM, "run", *flags], env=kept, capture_output=True, text=True, timeout=60, check=False
    )


def told_in_one_line(ended: "subprocess.CompletedProcess[str]") -> str:
    """The one line that the program said. Its exit code is that of wrong usage."""
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    return line


@pytest.fixture
def settings(scene: Scene, operator_kubeconfig: Path) -> dict[str, str]:
    """Settings with which the operator would run."""
    return {
        **operator_environment(scene.aws.url, scene.teleport, operator_kubeconfig),
        "RDS_ENROLLMENT_HTTP_ADDRESS": "127.0.0.1:0",
    }


def test_unknown_flag(settings: dict[str, str]) -> None:
    assert told_in_one_line(run("--no-such-flag", **settings)).startswith(
        "rds-enrollment: No such option '--no-such-flag'"
    )


def test_missing_setting(settings: dict[str, str]) -> None:
    del settings["RDS_ENROLLMENT_TELEPORT_ADDRESS"]
    assert told_in_one_line(run(**settings)) == (
        "rds-enrollment: --teleport-address (RDS_ENROLLMENT_TELEPORT_ADDRESS) is required"
    )


def test_wrong_value(settings: dict[str, str]) -> None:
    line = told_in_one_line(run("--workers", "0", **settings))
    assert line.startswith("rds-enrollment: --workers (RDS_ENROLLMENT_WORKERS)")


def test_identity_that_is_missing(settings: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "absent"
    line = told_in_one_line(run("--teleport-identity", str(path), **settings))
    assert line.startswith("rds-enrollment: ")
    assert f"{path} cannot be read (No such file or directory)" in line


def test_identity_that_is_none(settings: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "identity"
    path.write_text("nothing that Teleport wrote\n")
    line = told_in_one_line(run("--teleport-identity", str(path), **settings))
    assert line.startswith("rds-enrollment: ")
    assert str(path) in line
    assert "nothing that Teleport wrote" not in line
