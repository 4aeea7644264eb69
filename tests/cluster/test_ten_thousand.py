"""Ten thousand databases in one enrolment."""

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from rds_enrollment.api.kinds import RDS_ENROLLMENT
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.aws import rds
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.plan.enrollment.blueprint import Blueprint
from rds_enrollment.plan.enrollment.candidates import Candidate, discover
from rds_enrollment.teleport.databases_wire import new_database

from hack.sandbox.aws.rds_pages import PageInstance, RdsPages, estate
from hack.sandbox.stack import OWNER_ID
from tests.cluster.kubernetes_api import Object, condition, is_ready
from tests.cluster.scene import ENROLLMENT, REGION, Scene, example
from tests.cluster.test_converged import TELEPORT_READS
from tests.cluster.test_estate import enrollment, run_plugin, written

pytestmark = pytest.mark.slow

PATIENCE = 400.0
"""Seconds until a wait counts as a hang."""
STATUS_LIMIT = 100 * 1024


def enroll_beforehand(
    scene: Scene, listed: RdsPages, instances: Sequence[PageInstance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put into Teleport what the operator would, as if it had run before: thousands of writes are another test's."""
    for name, value in scene.operator.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS", listed.url)
    listed.serve(instances)
    inventory = rds.inventory(AwsClients().own(), REGION)
    mark = f"{OWNER_ID}/rdsenroll/{scene.namespace.name}/{ENROLLMENT}"
    blueprint = Blueprint(RdsEnrollmentSpec.model_validate(enrollment()["spec"]), mark)
    for database in discover(inventory):
        for candidate in database.endpoints:
            assert isinstance(candidate, Candidate)
            wanted = blueprint.database(candidate, candidate.resource.identifier)
            scene.teleport.resources.databases.put(new_database(wanted))


def look(scene: Scene) -> Object:
    """Request a pass over the enrolment and wait for its end."""
    token = uuid4().hex
    scene.namespace.request_reconcile(RDS_ENROLLMENT, ENROLLMENT, token)
    scene.wait(
        lambda: scene.enrollment["status"].get("lastHandledReconcileAt") == token,
        "the enrolment is reconciled",
        PATIENCE,
    )
    scene.wait(lambda: scene.metrics().is_idle, "the operator is idle", PATIENCE)
    return scene.enrollment


def test_ten_thousand_databases(scene: Scene, pages: RdsPages, monkeypatch: pytest.MonkeyPatch) -> None:
    instances = estate(10_000)
    enroll_beforehand(scene, pages, instances[:-10], monkeypatch)
    pages.serve(instances)
    scene.start(AWS_ENDPOINT_URL_RDS=pages.url, RDS_ENROLLMENT_LEASE_SECONDS="120")
    for document in (example(10), enrollment()):
        scene.namespace.create(document)
    scene.wait(lambda: is_ready(scene.enrollment), "the enrolment is Ready", PATIENCE)
    assert written(scene) == ["CreateDatabase"] * 10
    status = scene.enrollment["status"]
    assert (status["discovered"], status["enrolled"]) == (10_000, 10_000)
    assert len(json.dumps(scene.enrollment)) < STATUS_LIMIT

    # Nothing has changed: the pages are read, and the request is echoed.
    scene.wait(lambda: scene.metrics().is_idle, "the operator is idle", PATIENCE)
    pages.calls.clear()
    asked, writes = scene.teleport.calls, len(scene.teleport.writes)
    before = scene.enrollment
    after = look(scene)
    assert pages.calls == {"DescribeDBInstances": 100, "DescribeDBClusters": 1}
    assert (scene.teleport.calls - asked).keys() <= TELEPORT_READS
    assert len(scene.teleport.writes) == writes
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert {**after["status"], "lastHandledReconcileAt": ""} == {
        **before["status"],
        "lastHandledReconcileAt": "",
    }

    # One has changed.
    pages.serve([*instances[:-1], replace(instances[-1], version="16.9")])
    look(scene)
    assert written(scene)[10:] == ["UpdateDatabase"]

    # The listing breaks off, then a fifth and one are no longer there.
    pages.breaks_at = 50
    broken = look(scene)
    assert condition(broken, "DatabasesDiscovered")["reason"] == "AccessDenied"
    pages.breaks_at = None
    pages.serve(instances[2_001:])
    held = look(scene)
    assert condition(held, "DatabasesEnrolled")["reason"] == "PruneNotConfirmed"
    assert held["status"]["pendingPrune"]["databases"] == 2_001
    assert len(json.dumps(held)) < STATUS_LIMIT
    listed = run_plugin(scene, pages, ENROLLMENT, "--state", "gone", "--output", "json")
    assert listed.returncode == 0, listed.stderr
    assert [row["name"] for row in json.loads(listed.stdout)] == [
        item.identifier for item in instances[:2_001]
    ]
    assert len(written(scene)) == 12  # the version is back to what it was
