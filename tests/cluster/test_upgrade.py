"""An upgrade of the operator by itself changes nothing: from what an earlier one left, this one writes nothing.

What earlier ones left is data (tests/upgrade/snapshots, one file for each release: `make upgrade-snapshot`), so that
this holds on a checkout without history, too. `make upgrade-from BASE=main` records any commit's operator and adds it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from hack.sandbox.stack import check_health_by_connection
from tests.cluster import inventory
from tests.cluster.scene import REGION, Scene
from tests.upgrade.snapshot import FOLDER, TELEPORT_VERSION, restore

RECORDED_NOW = os.environ.get("UPGRADE_SNAPSHOTS")
"""A folder with more of them."""
SNAPSHOTS = [
    *sorted(FOLDER.glob("*.json")),
    *(sorted(Path(RECORDED_NOW).glob("*.json")) if RECORDED_NOW else ()),
]
DELIBERATE: Mapping[str, tuple[str, ...]] = {}
"""Writes that this release makes on purpose in what an earlier one left, by the snapshot's name."""


def test_there_is_something_to_upgrade_from() -> None:
    assert [path for path in SNAPSHOTS if path.parent == FOLDER]
    assert len(SNAPSHOTS) > len(list(FOLDER.glob("*.json"))) or not RECORDED_NOW


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_nothing_is_written_into_what_an_earlier_operator_left(scene: Scene, path: Path) -> None:
    check_health_by_connection(scene.aws, scene.teleport)
    scene.teleport.version = TELEPORT_VERSION
    restore(scene, scene.world.demo_world(REGION), json.loads(path.read_text()))
    scene.wait(lambda: serves(scene), "the agents that it left are connected")
    before = {obj["metadata"]["name"]: obj["spec"] for obj in scene.namespace.objects()}
    tasks = {task.task_arn for task in scene.aws.running_tasks()}

    scene.start()
    for obj in scene.namespace.objects():
        scene.reconcile(obj)
    scene.wait_all_ready()
    scene.wait_idle()

    written = [write.operation for write in scene.aws.calls.writes]
    written += [write.operation for write in scene.teleport.writes]
    assert tuple(written) == DELIBERATE.get(path.stem, ())
    assert {obj["metadata"]["name"]: obj["spec"] for obj in scene.namespace.objects()} == before
    if not written:
        assert {task.task_arn for task in scene.aws.running_tasks()} == tasks


def serves(scene: Scene) -> bool:
    (service,) = inventory.services(scene)
    (rollout,) = service["deployments"]
    tasks = {task.task_arn for task in scene.aws.running_tasks()}
    joined = scene.teleport.agents.joined
    return rollout["rolloutState"] == "COMPLETED" and bool(tasks) and tasks <= joined.keys()
