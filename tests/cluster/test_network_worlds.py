"""Preflight against broken networks: one operator, one VPC for each fault, one deployment in each.

The task role belongs to somebody else, so that nothing is deployed and only the network is on show. Each fault is
mended in AWS; the objects are asked for a new look and otherwise left alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.sandbox.controlplane import ControlPlane
from tests.cluster import worlds_of_networks as worlds
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.scene import INTEGRATION, REGION, Scene, example, new_scene
from tests.cluster.worlds_of_networks import BROKEN, HEALTHY, Case, Fault, Place

ROLE = "role-of-somebody-else"
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
)


@dataclass(frozen=True)
class Judged:
    """What the operator said of every world while it was broken, and after it was mended."""

    faults: dict[str, Fault]
    before: dict[str, Object]
    after: dict[str, Object]


@pytest.fixture(scope="module")
def judged(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    with new_scene(control_plane, operator_kubeconfig, tmp_path_factory.mktemp("worlds")) as scene:
        scene.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)
        faults = {case.name: _build(scene, number, case) for number, case in enumerate(worlds.ALL)}
        scene.start()
        scene.namespace.create(example(10))
        for case in worlds.ALL:
            scene.namespace.create(_deployment(case.name, faults[case.name].place))
        before = _looked_at(scene, lambda obj: bool(obj.get("status", {}).get("network")))
        for fault in faults.values():
            fault.mend()
        yield Judged(faults, before, _look_again(scene))


def _build(scene: Scene, number: int, case: Case) -> Fault:
    vpc = scene.world.seed_vpc(REGION, case.name, cidr=f"10.{number}.0.0/16")
    return case.build(scene.client("ec2"), vpc)


def _deployment(name: str, place: Place) -> Object:
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "DatabaseServiceDeployment",
        "metadata": {"name": name},
        "spec": {
            "integrationRef": {"name": INTEGRATION},
            "region": REGION,
            "vpcId": place.vpc.id,
            "subnets": {"ids": list(place.subnets)},
            "securityGroups": {"ids": list(place.groups)},
            "taskRole": {"name": ROLE},
            "resyncPeriod": "24h",
        },
    }


def _looked_at(scene: Scene, done: Callable[[Object], bool]) -> dict[str, Object]:
    """Every deployment, once `done` holds for it."""

    def all_done() -> bool:
        found = scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
        return len(found) == len(worlds.ALL) and all(map(done, found))

    scene.wait(all_done, "every network was looked at", timeout=180.0)
    found = scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
    return {item["metadata"]["name"]: item for item in found}


def _look_again(scene: Scene) -> dict[str, Object]:
    token = uuid4().hex
    for case in worlds.ALL:
        scene.namespace.request_reconcile(DATABASE_SERVICE_DEPLOYMENT, case.name, token)
    return _looked_at(scene, lambda obj: bool(obj["status"].get("lastHandledReconcileAt") == token))


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_the_first_thing_in_the_way_is_named(judged: Judged, case: Case) -> None:
    obj, fault = judged.before[case.name], judged.faults[case.name]
    entry = condition(obj, "NetworkReady")
    (found,) = (item for item in obj["status"]["network"] if item["subnetId"] == fault.place.subnets[0])

    assert (entry["status"], entry["reason"]) == ("False", case.reason)
    assert (found["state"], found["reason"]) == ("Blocked", case.reason)
    assert found.get("blocker", "") == case.blocker
    assert found.get("culprit", "") == fault.culprit
    assert fault.culprit in entry["message"]
    assert fault.place.subnets[0] in entry["message"]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_what_was_mended_in_aws_is_seen(judged: Judged, case: Case) -> None:
    before, after = judged.before[case.name], judged.after[case.name]
    assert condition(after, "NetworkReady")["status"] == "True", condition(after, "NetworkReady")["message"]
    assert {item["state"] for item in after["status"]["network"]} == {"Ready"}
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_healthy_network_has_no_finding(judged: Judged, case: Case) -> None:
    for obj in (judged.before[case.name], judged.after[case.name]):
        assert condition(obj, "NetworkReady")["status"] == "True", condition(obj, "NetworkReady")["message"]
        assert {item["state"] for item in obj["status"]["network"]} == {"Ready"}
        assert not any("advice" in item for item in obj["status"]["network"])


def test_every_paragraph_of_the_wizards_help_on_networks_has_a_world() -> None:
    assert {case.wizard for case in worlds.ALL if case.wizard} == set(worlds.PARAGRAPHS)


def test_the_worlds_are_different() -> None:
    assert len({(case.reason, case.blocker) for case in BROKEN}) >= worlds.DISTINCT
