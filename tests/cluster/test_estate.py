"""Enrolments of many databases: shared listings, names, removals in bulk, and the command that lists them all."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rds_enrollment.api.common import ANNOTATION_CONFIRM_NAMING, ANNOTATION_CONFIRM_PRUNE
from rds_enrollment.api.kinds import RDS_ENROLLMENT

from hack.sandbox.aws.rds_pages import PageInstance, RdsPages, estate
from tests.cluster.kubernetes_api import Object, condition, is_ready
from tests.cluster.scene import ENROLLMENT, REGION, Scene, example

OTHER_REGION = "eu-central-1"
PLUGIN = str(Path(sys.executable).with_name("kubectl-rds_enrollment"))


def enrollment(name: str = ENROLLMENT, **spec: Any) -> Object:
    """An enrolment of everything in the region, without deployments."""
    document = example(20)
    document["metadata"]["name"] = name
    del document["spec"]["deployment"]
    document["spec"].update(spec)
    return document


def begin(scene: Scene, *enrollments: Object, **variables: str) -> None:
    """Start the operator, and wait until the integration and the enrolments are Ready."""
    scene.start(**variables)
    for document in (example(10), *enrollments):
        scene.namespace.create(document)
    scene.wait_all_ready(1 + len(enrollments))
    scene.wait_idle()


def enrolled(scene: Scene) -> set[str]:
    return {database.Metadata.Name for database in scene.teleport.resources.databases.list()}


def written(scene: Scene) -> list[str]:
    """Writes of db objects."""
    methods = [write.operation.rpartition("/")[2] for write in scene.teleport.writes]
    return [method for method in methods if method.endswith("Database")]


def state_of(scene: Scene, enrollment_name: str, identifier: str) -> tuple[str, str, str]:
    status = scene.namespace.get(RDS_ENROLLMENT, enrollment_name)["status"]
    (found,) = [item for item in status["databases"] if item["identifier"] == identifier]
    return found["state"], found["reason"], found.get("message", "")


def run_plugin(scene: Scene, pages: RdsPages, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`kubectl rds-enrollment`, with the kubeconfig, the AWS credentials and the identity of whoever calls it."""
    environment = {
        **{
            name: value
            for name, value in scene.operator.environment.items()
            if name != "RDS_ENROLLMENT_HTTP_ADDRESS"
        },
        "AWS_ENDPOINT_URL_RDS": pages.url,
        "KUBECONFIG": str(scene.plane.admin_kubeconfig),
    }
    return subprocess.run(
        [PLUGIN, "databases", *arguments, "--namespace", scene.namespace.name],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_many_that_vanish_at_once_stay_until_somebody_approves(scene: Scene, pages: RdsPages) -> None:
    instances = estate(14)
    names = [item.identifier for item in instances]
    pages.serve(instances)
    begin(scene, enrollment(), AWS_ENDPOINT_URL_RDS=pages.url)
    pages.serve(instances[12:])

    held = scene.reconcile(scene.enrollment)

    assert enrolled(scene) == set(names)
    assert held["status"]["pendingPrune"]["databases"] == 12
    token = held["status"]["pendingPrune"]["token"]
    assert token in condition(held, "DatabasesEnrolled")["message"]
    listed = run_plugin(scene, pages, ENROLLMENT, "--reason", "PruneNotConfirmed")
    assert listed.returncode == 0, listed.stderr
    table = listed.stdout.splitlines()
    assert table[0].split() == ["NAME", "IDENTIFIER", "REGION", "VPCID", "STATE", "REASON", "MESSAGE"]
    assert [line.split()[0] for line in table[1:]] == names[:12]

    # One more vanishes: the approval is of another set.
    pages.serve(instances[13:])
    scene.reconcile(scene.enrollment)
    scene.namespace.annotate(RDS_ENROLLMENT, ENROLLMENT, {ANNOTATION_CONFIRM_PRUNE: token})
    again = scene.reconcile(scene.enrollment)
    assert enrolled(scene) == set(names)
    renewed = again["status"]["pendingPrune"]["token"]
    assert renewed != token

    scene.namespace.annotate(RDS_ENROLLMENT, ENROLLMENT, {ANNOTATION_CONFIRM_PRUNE: renewed})
    scene.wait(lambda: enrolled(scene) == {names[13]}, "the approved are gone")
    scene.wait(lambda: is_ready(scene.enrollment), "the enrolment is Ready again")
    assert "pendingPrune" not in scene.enrollment["status"]
    assert written(scene)[14:] == ["DeleteDatabase"] * 13


@pytest.mark.slow
def test_a_listing_that_does_not_finish_removes_nothing(scene: Scene, pages: RdsPages) -> None:
    instances = estate(101)
    pages.serve(instances)
    begin(scene, enrollment(), AWS_ENDPOINT_URL_RDS=pages.url)
    pages.serve([*instances[1:], PageInstance("new")])
    pages.breaks_at = 1
    blocked = scene.reconcile(scene.enrollment)
    assert condition(blocked, "DatabasesDiscovered")["reason"] == "AccessDenied"
    assert len(enrolled(scene)) == 101
    partial = run_plugin(scene, pages, ENROLLMENT, "--output", "yaml")
    assert partial.returncode == 1
    assert "rds:DescribeDBInstances" in partial.stderr
    assert {row["reason"] for row in yaml.safe_load(partial.stdout)} == {"ListingFailed"}
    pages.breaks_at = None
    scene.wait(lambda: instances[0].identifier not in enrolled(scene), "the one that is gone is removed")
    assert "new" in enrolled(scene)


def test_names_that_collide_and_the_ways_out(scene: Scene) -> None:
    vpc = scene.world.seed_vpc(REGION, "demo")
    other_vpc = scene.world.seed_vpc(OTHER_REGION, "other")
    scene.world.seed_instance(vpc, "orders")
    scene.world.seed_instance(vpc, "taken")
    there = scene.world.seed_instance(other_vpc, "orders")
    begin(scene, enrollment(regions=[REGION]))
    scene.namespace.create(enrollment("other", regions=[OTHER_REGION]))
    scene.wait_condition(RDS_ENROLLMENT, "other", "DatabasesEnrolled", "False", "NameTaken")
    advised = f"orders-rds-{OTHER_REGION}-123456789012"
    state, _, message = state_of(scene, "other", "orders")
    assert state == "Conflicting"
    assert f"TeleportDatabaseName={advised}" in message

    scene.world.client("rds", OTHER_REGION).add_tags_to_resource(
        ResourceName=there.arn, Tags=[{"Key": "TeleportDatabaseName", "Value": advised}]
    )
    other = scene.reconcile(scene.namespace.get(RDS_ENROLLMENT, "other"))
    assert is_ready(other)
    assert enrolled(scene) == {"orders", "taken", advised}

    # A change of strategy renames what is enrolled with approval only.
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"naming": {"strategy": "Qualified"}}})
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "False", "NamingNotConfirmed")
    assert enrolled(scene) == {"orders", "taken", advised}
    scene.namespace.annotate(RDS_ENROLLMENT, ENROLLMENT, {ANNOTATION_CONFIRM_NAMING: "Qualified"})
    here = {f"{name}-rds-{REGION}-123456789012" for name in ("orders", "taken")}
    scene.wait(lambda: enrolled(scene) == {advised, *here}, "they are renamed")
    scene.wait(lambda: is_ready(scene.enrollment), "the enrolment is Ready")

    # Both regions were listed once for all enrolments after a restart.
    scene.namespace.create(
        enrollment("third", regions=[REGION], databases={"selector": {"engines": ["mysql"]}})
    )
    scene.wait_all_ready(4)
    assert scene.operator.stop() == 0
    scene.aws.calls.clear()
    scene.start()
    scene.wait(lambda: scene.metrics().passes(RDS_ENROLLMENT) >= 3, "each enrolment had a pass")
    scene.wait_idle()
    assert scene.aws.calls.counts["rds:DescribeDBInstances"] == 2
    assert scene.aws.calls.writes == []
