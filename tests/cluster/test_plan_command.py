"""`rds-enrollment plan -f`, without a cluster: before anything is there, when all of it is, and after a change."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.scene import ENROLLMENT, REGION, Scene, example

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
NOTHING = "Plan: 0 to create, 0 to change, 0 to delete.\n"


def plan(scene: Scene, *arguments: str, **changed: str) -> "subprocess.CompletedProcess[str]":
    """One run. It is told nothing of the API server."""
    environment = {
        name: value for name, value in scene.operator.environment.items() if not name.startswith("KUBE")
    }
    return subprocess.run(
        [str(PROGRAM), "plan", *arguments],
        env={**environment, "HOME": str(scene.folder), **changed},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def manifests(scene: Scene, **deployment: Any) -> Path:
    """The examples for the test's namespace, with changes to the enrolment's template."""
    documents = [example(10), example(20)]
    for document in documents:
        document["metadata"]["namespace"] = scene.namespace.name
    documents[1]["spec"]["deployment"].update(deployment)
    folder = scene.folder / "manifests"
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(yaml.safe_dump_all(documents))
    return folder


def writes(scene: Scene) -> tuple[int, int]:
    return len(scene.aws.calls.writes), len(scene.teleport.writes)


def test_what_manifests_would_change(scene: Scene) -> None:
    vpc = scene.world.demo_world(REGION).vpc.id
    files = str(manifests(scene))

    new = plan(scene, "-f", files, "--output=json")
    assert new.returncode == 2, new.stderr
    objects = json.loads(new.stdout)["objects"]
    assert [item["kind"] for item in objects] == [
        "AwsOidcIntegration",
        "RdsEnrollment",
        "DatabaseServiceDeployment",
    ]
    steps = [change["step"] for item in objects for change in item["changes"]]
    assert {item["name"] for item in objects} == {"prod-aws", ENROLLMENT, f"{REGION}-{vpc}"}
    assert all(change["action"] == "create" for item in objects for change in item["changes"][:1])
    assert writes(scene) == (0, 0)

    misspelt = example(20)
    misspelt["spec"]["databases"] = {"selector": {"tags": {"taem": "shop"}}}
    chosen = scene.folder / "misspelt.yaml"
    chosen.write_text(yaml.safe_dump_all([example(10), misspelt]))
    none = plan(scene, "-f", str(chosen))
    assert "  i DatabasesDiscovered: spec.databases chooses nothing of what RDS has in" in none.stdout

    scene.start()
    scene.apply_examples()
    scene.wait_all_ready()
    scene.wait_idle()
    before = writes(scene)
    assert sum(before) == len(steps)
    told = plan(scene, "-f", files)
    assert told.returncode == 0, told.stderr + told.stdout
    assert told.stdout.endswith(NOTHING)
    assert told.stdout.count("(as wanted)") == 3

    more = plan(scene, "-f", str(manifests(scene, replicas=3)))
    assert more.returncode == 2
    assert f"  ~ Update ECS service database-service-{vpc}: desiredCount 2 to 3\n" in more.stdout
    assert more.stdout.endswith("Plan: 0 to create, 1 to change, 0 to delete.\n")

    # Another operator's manifests of the same: nothing but what is in the way.
    other = plan(scene, "-f", files, RDS_ENROLLMENT_OWNER_ID="second")
    assert other.returncode == 1
    assert "  ! OwnedByAnother: " in other.stdout
    assert writes(scene) == before

    # An enrolment alone, whose integration nobody gave, and nothing of ours: 2 is for changes only.
    lonely = scene.folder / "lonely.yaml"
    lonely.write_text(yaml.safe_dump(example(20)))
    unknown = plan(scene, "-f", str(lonely))
    assert unknown.returncode == 1
    assert "  ! IntegrationNotFound: " in unknown.stdout
    nothing = plan(scene, "-f", os.devnull)
    assert (nothing.returncode, nothing.stdout) == (1, "")
