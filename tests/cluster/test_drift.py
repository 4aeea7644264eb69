"""Drift: each field of each resource is broken, and seen back at the cost of the write that it needs; and told once."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.plan.deployment.shape import shape_differences
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.steps.ecs import ServiceShape

from hack.sandbox.aws.ecs.timing import INSTANT
from hack.sandbox.controlplane import ControlPlane
from tests.chaos.state import State, difference, read_state
from tests.cluster import inventory
from tests.cluster.breaking import task_role
from tests.cluster.breaks import ANOTHER_ROLE, BREAKS, LOG_GROUP, Break
from tests.cluster.kubernetes_api import Object
from tests.cluster.public_proxy import public_proxy
from tests.cluster.scene import REGION, Scene, new_scene
from tests.quick import first_of_each

# Tasks and heartbeats come and go with each rollout, and revisions and deployments are numbered. A cluster gets a
# default strategy with its providers, which a service with a launch type never uses.
_COME_AND_GO = ("ECS tasks", "ECS task definitions", "network interfaces")
_CHANGING = frozenset(
    {
        *("deployments", "taskDefinition", "createdAt", "events", "currentServiceDeployment"),
        "currentServiceRevisions",
        *("taskDefinitionArn", "revision", "registeredAt", "requiresAttributes", "status"),
        *("RoleId", "RoleLastUsed", "CreateDate", "defaultCapacityProviderStrategy"),
    }
)
TAGS = {"team": "data"}
_TIDYING = ("ecs:DeregisterTaskDefinition", "ecs:DeleteTaskDefinitions")
"""Of surplus revisions, which the repairs pile up."""


@pytest.fixture(scope="module")
def drifting(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """An enrolled world whose deployment has a log group of its own, for all breaks one after the other."""
    folder = tmp_path_factory.mktemp("drift")
    with (
        new_scene(control_plane, operator_kubeconfig, folder, timing=INSTANT) as scene,
        public_proxy(scene.teleport) as proxy,
    ):
        scene.enroll(
            settings=proxy.settings,
            integration={"tags": TAGS},
            enrollment={
                "tags": TAGS,
                "deployment": {
                    "subnets": {"selector": {"tags": {"tier": "private"}}},
                    "securityGroups": {"selector": {"tags": {"role": "teleport-agents"}}},
                    "logs": {"group": LOG_GROUP, "retentionDays": 30},
                },
            },
        )
        iam = scene.client("iam")
        trust = iam.get_role(RoleName=task_role(scene))["Role"]["AssumeRolePolicyDocument"]
        iam.create_role(RoleName=ANOTHER_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        yield scene


def kept(scene: Scene) -> State:
    """All that the operator keeps, without what changes by itself, and in no order."""
    state = read_state(scene.world, REGION, scene.teleport, scene.namespace)
    aws = {name: items for name, items in state["aws"].items() if name not in _COME_AND_GO}
    aws["roles"] = [_trusting(role) for role in aws["roles"]]
    teleport = {name: items for name, items in state["teleport"].items() if "heartbeats" not in name}
    found: State = _settled({"aws": {**aws, "serving": [_serving(scene)]}, "teleport": teleport})
    return found


def _trusting(role: dict[str, Any]) -> dict[str, Any]:
    """Whom a role lets in: what others add to its trust stays."""
    trust = role["AssumeRolePolicyDocument"]
    allowed = [item for item in trust["Statement"] if item["Effect"] == "Allow"]
    return {**role, "AssumeRolePolicyDocument": {**trust, "Statement": allowed}}


def _serving(scene: Scene) -> Any:
    """The task definition in service, None while there is no service."""
    ecs = scene.client("ecs")
    for found in inventory.services(scene):
        answer = ecs.describe_task_definition(taskDefinition=found["taskDefinition"], include=["TAGS"])
        return {**answer["taskDefinition"], "tags": answer["tags"]}
    return None


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key not in _CHANGING}
    if isinstance(value, list):
        return sorted((_settled(item) for item in value), key=repr)
    return value


def wait_back(scene: Scene, before: State) -> None:
    """Wait until everything is as before; tells what is not."""
    try:
        scene.wait(lambda: kept(scene) == before, "everything is back", 30)
    except AssertionError as failure:
        raise AssertionError(f"{difference(before, kept(scene))}\n{failure}") from None


def drift_events(scene: Scene, obj: Object) -> Counter[str]:
    """Notes of the events about corrected drift of an object, and how often each was told."""
    return Counter(
        {
            event["note"]: (event.get("series") or {}).get("count", 1)
            for event in scene.namespace.events()
            if event["reason"] == "DriftCorrected" and event["regarding"]["uid"] == obj["metadata"]["uid"]
        }
    )


def corrected(scene: Scene) -> float:
    return scene.metrics().total("rds_enrollment_drift_corrected_total")


@pytest.mark.parametrize(
    "case", first_of_each(BREAKS, lambda case: case.writes), ids=lambda case: case.what.replace(" ", "-")
)
def test_what_somebody_breaks_is_put_back_and_told_once(drifting: Scene, case: Break) -> None:
    scene = drifting
    scene.wait_all_ready()
    scene.wait_idle()
    (obj,) = scene.namespace.all(case.kind)
    before, told, counted = kept(scene), drift_events(scene, obj), corrected(scene)
    aws, teleport = len(scene.aws.calls.writes), len(scene.teleport.writes)

    # Agents that go are an event: half of a break shall not be put back before the other half is done.
    scene.operator.pause()
    case.act(scene)
    scene.operator.resume()
    scene.reconcile(obj)
    wait_back(scene, before)
    scene.wait_all_ready()
    scene.wait_idle()

    writes = [write.operation.rpartition("/")[2] for write in scene.teleport.writes[teleport:]]
    writes += [write.operation for write in scene.aws.calls.writes[aws:] if write.operation not in _TIDYING]
    assert tuple(writes) == case.writes
    (note,) = (drift_events(scene, obj) - told).elements()
    assert case.said in note
    assert corrected(scene) - counted == len(case.writes)


def test_the_metric_has_bounded_labels(drifting: Scene) -> None:
    labels = [
        dict(found)
        for (name, found) in drifting.metrics().samples
        if name == "rds_enrollment_drift_corrected_total"
    ]
    assert labels
    assert {label["kind"] for label in labels} <= KINDS.keys()
    assert all(label.keys() == {"kind", "step"} and label["step"].isalpha() for label in labels)


def test_each_field_that_is_compared_is_broken() -> None:
    """What cannot be changed on Fargate, and what a wish of the spec decides, is left out."""
    shape = ServiceShape(
        desired_count=2,
        task_definition_arn="one",
        network=Network(frozenset({"one"}), frozenset({"one"}), assign_public_ip=True),
        minimum_healthy_percent=100,
        maximum_percent=200,
        circuit_breaker=True,
        circuit_breaker_rollback=True,
        availability_zone_rebalancing=True,
        propagate_tags="SERVICE",
        execute_command=False,
    )
    differing = ServiceShape(
        desired_count=1,
        task_definition_arn="two",
        network=Network(frozenset(), frozenset(), assign_public_ip=False),
        minimum_healthy_percent=50,
        maximum_percent=100,
        circuit_breaker=False,
        circuit_breaker_rollback=False,
        availability_zone_rebalancing=False,
        propagate_tags="NONE",
        execute_command=True,
    )
    compared = {text.partition(" ")[0] for text in shape_differences(shape, differing)}
    broken = {case.what.rpartition(" ")[2] for case in BREAKS if case.what.startswith("service's ")}
    assert compared - broken == {"taskDefinition", "assignPublicIp"}
    assert all(getattr(shape, item.name) != getattr(differing, item.name) for item in fields(ServiceShape))
