"""`rds-enrollment gc` in a world whose objects were lost: what it lists, what it refuses, and what it removes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, Kind

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.stack import OWNER_ID
from tests.cluster import inventory
from tests.cluster.permitted import ADMINISTRATOR
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"


def gc(scene: Scene, *arguments: str, **changed: str) -> "subprocess.CompletedProcess[str]":
    """One run by somebody with rights of their own, over all namespaces."""
    own = {"AWS_ACCESS_KEY_ID": ADMINISTRATOR, "RDS_ENROLLMENT_WATCH_NAMESPACES": ""}
    environment = {**scene.operator.environment, **own, **changed}
    command = [str(PROGRAM), "gc", f"--region={REGION}", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def listed(scene: Scene, *arguments: str) -> list[dict[str, Any]]:
    """What it prints for programs."""
    done = gc(scene, "--output=json", *arguments)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)["leftovers"]
    return rows


def lose(scene: Scene, kind: Kind, name: str) -> None:
    """As if etcd had forgotten it: no teardown."""
    scene.namespace.patch(kind, name, {"metadata": {"finalizers": None}})
    scene.namespace.delete(kind, name)


def writes(scene: Scene) -> tuple[int, int]:
    return len(scene.aws.calls.writes), len(scene.teleport.writes)


def test_what_no_object_belongs_to_is_listed_and_goes(scene: Scene, seeded: DemoWorld) -> None:
    scene.namespace.clear_others()
    scene.wait_idle()
    before = writes(scene)
    assert gc(scene).stdout == "Nothing is left over.\n"

    scene.operator.stop()
    deployment = scene.deployment["metadata"]["name"]
    lose(scene, DATABASE_SERVICE_DEPLOYMENT, deployment)
    lose(scene, RDS_ENROLLMENT, ENROLLMENT)
    rows = listed(scene)
    vpc, owner = seeded.vpc.id, f"{OWNER_ID}/dbsvc/{scene.namespace.name}/{deployment}"
    assert {row["resource"]: row["state"] for row in rows if row["owner"] == owner} == {
        f"ECS service database-service-{vpc}": "Left",
        f"task definition example_teleport_sh-teleport-database-service-{vpc}:1": "Waits",
        f"token rds-enrollment-{ACCOUNT}-{REGION}-{vpc}": "Waits",
        f"IAM role TeleportDatabaseAccess-{vpc}": "Waits",
    }
    assert {row["resource"] for row in rows if "/rdsenroll/" in row["owner"]} == {
        "db billing",
        "db events",
        "db orders",
    }
    assert [row["resource"] for row in rows if row["owner"] == OWNER_ID] == [
        "ECS cluster example_teleport_sh-teleport"
    ]
    # Another operator's things, and what is elsewhere, are none of its business.
    assert gc(scene, RDS_ENROLLMENT_OWNER_ID="second").stdout == "Nothing is left over.\n"
    # Whoever cannot read the objects takes nothing for left over.
    unread = gc(scene, "--delete", KUBECONFIG=str(nobody(scene)))
    assert unread.returncode == 1
    assert unread.stdout == ""
    assert writes(scene) == before

    done = gc(scene, "--delete")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Deleted") == len(rows)
    assert inventory.in_aws(scene) == [PROVIDER, "teleport-prod-aws"]
    assert inventory.in_teleport(scene) == [f"integration/{INTEGRATION}"]
    assert inventory.tasks(scene) == []

    lose(scene, AWS_OIDC_INTEGRATION, INTEGRATION)
    kept = writes(scene)
    refused = gc(scene, "--delete")
    assert refused.returncode == 1
    assert "--empty-cluster" in refused.stderr
    assert writes(scene) == kept
    assert gc(scene, "--delete", "--empty-cluster").returncode == 0
    assert inventory.in_aws(scene) == []
    assert inventory.in_teleport(scene) == []


def nobody(scene: Scene) -> Path:
    """A kubeconfig of an API server that does not answer."""
    path = scene.folder / "nobody"
    path.write_text(
        "{apiVersion: v1, kind: Config, current-context: c, users: [{name: u, user: {token: t}}],"
        " clusters: [{name: k, cluster: {server: 'http://127.0.0.1:9'}}],"
        " contexts: [{name: c, context: {cluster: k, user: u}}]}"
    )
    return path
