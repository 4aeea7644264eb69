"""Why tasks do not run and agents do not connect: one sandbox, one deployment for each cause.

Each cause is named, mended in the world, and seen to be gone; no test touches an object after it was applied.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.api.reasons import DIAGNOSES

from hack.sandbox.aws.ecs.timing import Timing
from hack.sandbox.aws.world import Vpc
from hack.sandbox.controlplane import ControlPlane
from tests.cluster.causes import CAUSES, Cause
from tests.cluster.clock import SkippingClock
from tests.cluster.kubernetes_api import Object, condition, is_ready
from tests.cluster.scene import INTEGRATION, REGION, Scene, example, new_scene

pytestmark = pytest.mark.slow

PAUSE = timedelta(minutes=10)
"""How long ECS waits after a failure: the world is mended in between."""
STOPPING = timedelta(seconds=5)
"""As on Fargate, tasks are looked at between their failure and their end: the cause must not come, go and come."""
POLL_SECONDS = "15"
"""So many deployments that are all looked at again and again would keep the machine busy with nothing else."""
CHECKED = "18.6.4"
"""From this version on agents have a container health check. It passes here, unless a fault says otherwise."""


@dataclass(frozen=True)
class Judged:
    """What was said of each deployment with its cause in place, and after it was mended."""

    before: dict[str, Object]
    after: dict[str, Object]
    events: list[Object]
    metrics: str


@pytest.fixture(scope="module")
def judged(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    clock, folder = SkippingClock(), tmp_path_factory.mktemp("causes")
    timing = Timing(retry=PAUSE, retry_limit=PAUSE, stopping=STOPPING)
    settings = {"RDS_ENROLLMENT_POLL_SECONDS": POLL_SECONDS}
    with new_scene(
        control_plane, operator_kubeconfig, folder, timing=timing, clock=clock, settings=settings
    ) as scene:
        scene.teleport.version = CHECKED
        vpcs = {cause.name: _build(scene, number, cause) for number, cause in enumerate(CAUSES)}
        scene.start()
        scene.namespace.create(example(10))
        for cause in CAUSES:
            scene.namespace.create(_deployment(cause.name, vpcs[cause.name]))
        before = _wait(scene, "every cause is told")
        # Written after the status, which the metrics are of.
        scene.wait(lambda: _all_told(scene.namespace.events()), "every cause is an event")
        metrics, events = scene.operator.read("/metrics"), scene.namespace.events()
        scene.aws.task_faults.clear()
        scene.teleport.agents.faults.clear()
        clock.skip(PAUSE)
        yield Judged(before, _wait(scene, "every deployment is Ready", mended=True), events, metrics)


def _all_told(events: list[Object]) -> bool:
    return all(_told(events, cause) for cause in CAUSES)


def _told(events: list[Object], cause: Cause) -> list[Object]:
    return [
        event
        for event in events
        if event["reason"] == cause.reason and event["regarding"]["name"] == cause.name
    ]


def _build(scene: Scene, number: int, cause: Cause) -> Vpc:
    vpc = scene.world.seed_vpc(REGION, cause.name, cidr=f"10.{number}.0.0/16")
    service = f"database-service-{vpc.id}"
    if cause.fault is not None:
        scene.aws.task_faults[service] = cause.fault
    if cause.tunnel:
        scene.teleport.agents.faults[service] = cause.tunnel
    return vpc


def _deployment(name: str, vpc: Vpc) -> Object:
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "DatabaseServiceDeployment",
        "metadata": {"name": name},
        "spec": {
            "integrationRef": {"name": INTEGRATION},
            "region": REGION,
            "vpcId": vpc.id,
            "subnets": {"ids": list(vpc.private_subnets)},
            "securityGroups": {"ids": [vpc.agents_group]},
            "replicas": 1,
        },
    }


def _wait(scene: Scene, what: str, *, mended: bool = False) -> dict[str, Object]:
    def told(cause: Cause, obj: Object) -> bool:
        is_kept = bool(obj.get("status", {}).get("tasks")) or not cause.fails_tasks
        return is_kept and condition(obj, cause.condition).get("reason") == cause.reason

    def found() -> dict[str, Object]:
        return {item["metadata"]["name"]: item for item in scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)}

    def all_done() -> bool:
        objects = found()
        return all(
            is_ready(objects[item.name]) if mended else told(item, objects[item.name]) for item in CAUSES
        )

    scene.wait(all_done, what, timeout=480.0)
    return found()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_a_cause_is_named_with_what_to_do(judged: Judged, cause: Cause) -> None:
    obj = judged.before[cause.name]
    entry, ready = condition(obj, cause.condition), condition(obj, "Ready")
    assert (entry["status"], entry["reason"]) == ("False", cause.reason)
    assert cause.quoted in entry["message"]
    assert "console.aws.amazon.com/ecs/v2/clusters/" in entry["message"]
    assert entry["message"].endswith(f" More: docs/reference/reasons.md#{cause.reason.lower()}")
    assert ready["status"] == "False"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_what_was_mended_in_the_world_is_seen(judged: Judged, cause: Cause) -> None:
    before, after = judged.before[cause.name], judged.after[cause.name]
    assert condition(after, cause.condition)["status"] == "True"
    assert after["metadata"]["generation"] == before["metadata"]["generation"] == 1
    assert "annotations" not in after["metadata"]
    assert after["spec"] == before["spec"]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_the_tasks_that_failed_stay_in_the_status(judged: Judged, cause: Cause) -> None:
    tasks = judged.after[cause.name]["status"].get("tasks", [])
    if not cause.fails_tasks:
        assert tasks == []
        return
    assert tasks == judged.before[cause.name]["status"]["tasks"]
    (task,) = tasks
    assert task["reason"] == cause.reason
    assert task.get("exitCode") == cause.exit_code
    assert task["hint"]
    assert task["id"] in task["consoleUrl"]
    assert task["logsUrl"].endswith(task["id"])


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_a_cause_is_one_event_and_one_series(judged: Judged, cause: Cause) -> None:
    told = _told(judged.events, cause)
    assert len(told) == 1
    assert (told[0]["type"], told[0]["note"].split(":")[0]) == ("Warning", cause.condition)
    series = f'rds_enrollment_diagnosis{{kind="DatabaseServiceDeployment",reason="{cause.reason}"}} 1.0'
    assert series in judged.metrics


def test_each_cause_is_made_somewhere() -> None:
    assert {cause.reason for cause in CAUSES} == set(DIAGNOSES)
