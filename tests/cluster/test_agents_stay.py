"""Agents stay connected through every kind of change, and through one that fails; Teleport's own updater is let do.

ECS waits for connected agents here: each test begins with agents of a version that has a readiness command.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

from hack.sandbox.aws.ecs.timing import utc_now
from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import check_health_by_connection
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.rollouts import NEW, OLD, VERSION, change, sampler, updates
from tests.cluster.scene import Scene, example, new_scene

REPLICAS = 2
ROLE = "agents-of-the-shop"
NEWER = "18.6.6"
HALF_A_DAY = 12
"""Hours: however long a test takes, the window does not open."""
TIDYING = {"ecs:DeregisterTaskDefinition", "ecs:DeleteTaskDefinitions"}
"""Of surplus revisions, which the changes before pile up."""
NEVER = timedelta(hours=1)
"""Longer than any test: an agent that joins after this does not."""


@dataclass(frozen=True)
class Change:
    """A change of the template, the tasks that run after it, and what happens in its middle."""

    fields: dict[str, Any]
    told: dict[str, Any] | None = None
    """What the deployment has of it, where that is something else."""
    replicas: int = REPLICAS
    replaces: bool = True
    """Whether all tasks are new ones."""
    killed: bool = False
    """Whether the operator is killed while it is under way."""


@pytest.fixture(scope="module")
def watched(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, DemoWorld]]:
    """One enrolled world: the cluster is at the newer version, its agents are pinned to the older one."""
    with new_scene(control_plane, operator_kubeconfig, tmp_path_factory.mktemp("watched")) as fresh:
        check_health_by_connection(fresh.aws, fresh.teleport)
        fresh.teleport.version = NEW
        template = {**example(20)["spec"]["deployment"], "version": {"policy": "Pinned", "pinned": OLD}}
        yield fresh, fresh.enroll(enrollment={"deployment": template})


def service_name(scene: Scene) -> str:
    (service,) = inventory.services(scene)
    name: str = service["serviceName"]
    return name


def running(scene: Scene) -> set[str]:
    """ARNs."""
    return {task.task_arn for task in scene.aws.running_tasks()}


def open_group(scene: Scene, seeded: DemoWorld) -> str:
    """A security group that lets everything out, as each new one does."""
    group: str = scene.client("ec2").create_security_group(
        GroupName="another", Description="of the agents, too", VpcId=seeded.vpc.id
    )["GroupId"]
    return group


def changes(scene: Scene, seeded: DemoWorld) -> dict[str, Change]:
    """Each kind of change of what agents run in and with, in turn."""
    return {
        "subnets": Change({"subnets": {"selector": {"tags": {"tier": "public"}}}}, killed=True),
        "groups": Change({"securityGroups": {"ids": [open_group(scene, seeded)], "selector": None}}),
        "role": Change(
            {"perVpc": [{"vpcId": seeded.vpc.id, "taskRole": {"name": ROLE}}]},
            told={"taskRole": {"name": ROLE}},
        ),
        "size": Change({"resources": {"cpuUnits": 512, "memoryMiB": 1024}}, killed=True),
        "version": Change({"version": {"policy": "FollowCluster", "pinned": None}}),
        "more replicas": Change({"replicas": REPLICAS + 1}, replicas=REPLICAS + 1, replaces=False),
        "fewer replicas": Change({"replicas": REPLICAS}, replaces=False),
    }


def _told(scene: Scene, before: int) -> bool:
    return updates(scene) > before


def _settled(scene: Scene, replicas: int) -> bool:
    return len(running(scene)) == replicas


@pytest.mark.slow
def test_no_kind_of_change_takes_an_agent_down(watched: tuple[Scene, DemoWorld]) -> None:
    scene, seeded = watched
    name = service_name(scene)
    databases = [write for write in scene.teleport.writes if "Database" in write.operation]
    for what, made in changes(scene, seeded).items():
        before, told = running(scene), updates(scene)
        with sampler(scene, name) as sampled:
            change(scene, made.told, **made.fields)
            if made.killed:
                scene.wait(partial(_told, scene, told), f"{what}: ECS is told")
                scene.operator.kill()
                scene.start()
            scene.wait_all_ready()
            scene.wait(partial(_settled, scene, made.replicas), f"{what}: the old tasks are gone")
        assert sampled.running.minimum >= REPLICAS, what
        assert sampled.connected.minimum >= REPLICAS, what
        assert updates(scene) == told + 1, what
        assert before.isdisjoint(running(scene)) == made.replaces, what
    tasks = scene.aws.running_tasks()
    assert {task.environment[VERSION] for task in tasks} == {NEW}
    assert {task.task_role_arn.rpartition("/")[2] for task in tasks} == {ROLE}
    assert [write for write in scene.teleport.writes if "Database" in write.operation] == databases


def upgrade(scene: Scene, version: str) -> None:
    """Another version of the cluster, which a new process asks for at once."""
    scene.operator.kill()
    scene.teleport.version = version
    scene.start()


@pytest.mark.slow
def test_versions_wait_for_the_clusters_window_and_changes_of_the_user_do_not(
    watched: tuple[Scene, DemoWorld],
) -> None:
    scene, _ = watched
    name, told = service_name(scene), updates(scene)
    scene.teleport.maintenance = AgentUpgradeWindow(UTCStartHour=(utc_now().hour + HALF_A_DAY) % 24)
    with sampler(scene, name) as sampled:
        upgrade(scene, NEWER)
        scene.wait(partial(_deployed_because, scene, "OutsideMaintenanceWindow"), "the version waits")
        assert f"Version {NEWER}" in condition(scene.deployment, "ServiceDeployed")["message"]
        scene.wait_all_ready()
        assert updates(scene) == told

        change(scene, resources={"cpuUnits": 256, "memoryMiB": 1024})
        scene.wait_all_ready()
        assert {task.environment[VERSION] for task in scene.aws.running_tasks()} == {NEW}
        assert updates(scene) == told + 1

        # A role that may not read the window does not hold versions up, and is told of.
        scene.teleport.role = scene.teleport.role.without("cluster_maintenance_config")
        upgrade(scene, NEWER)
        scene.wait(lambda: scene.deployment["status"]["agentVersion"] == NEWER, "the version arrived")
        scene.wait_all_ready()

    assert updates(scene) == told + 2
    assert "window is not waited for" in condition(scene.deployment, "ServiceDeployed")["message"]
    assert sampled.running.minimum >= REPLICAS
    assert sampled.connected.minimum >= REPLICAS


def _deployed_because(scene: Scene, reason: str) -> bool:
    return bool(condition(scene.deployment, "ServiceDeployed").get("reason") == reason)


def update_as_teleport_does(scene: Scene, version: str) -> None:
    """What its updater writes (lib/integrations/awsoidc/deployservice_update.go): a copy of the revision in service
    with another image and Teleport's tags alone, and the service with it."""
    ecs = scene.client("ecs")
    (service,) = inventory.services(scene)
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])
    former = answer["taskDefinition"]
    copied = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions")
    body = {key: former[key] for key in (*copied, "requiresCompatibilities", "cpu", "memory")}
    (container,) = body["containerDefinitions"]
    container["image"] = f"{container['image'].rpartition(':')[0]}:{version}"
    for variable in container["environment"]:
        if variable["name"] == VERSION:
            variable["value"] = version
    tags = [tag for tag in answer["tags"] if tag["key"].startswith("teleport.dev/")]
    registered = ecs.register_task_definition(**body, tags=tags)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(
        cluster=service["clusterArn"], service=service["serviceName"], taskDefinition=registered
    )


@pytest.mark.slow
def test_what_teleports_updater_chose_is_accepted(watched: tuple[Scene, DemoWorld]) -> None:
    scene, _ = watched
    scene.wait_all_ready()
    scene.wait_idle()
    in_aws, in_teleport = len(scene.aws.calls.writes), len(scene.teleport.writes)

    update_as_teleport_does(scene, OLD)
    scene.wait(
        lambda: {task.environment[VERSION] for task in scene.aws.running_tasks()} == {OLD},
        "only agents of Teleport's choice run",
    )
    scene.reconcile(scene.deployment)
    scene.wait_all_ready()

    told = condition(scene.deployment, "ServiceDeployed")
    assert (told["status"], told["reason"]) == ("True", "UpdatedByTeleport")
    assert OLD in told["message"]
    assert scene.deployment["status"]["agentVersion"] == OLD
    written = {write.operation for write in scene.aws.calls.writes[in_aws:]}
    assert written <= TIDYING
    assert len(scene.teleport.writes) == in_teleport


def test_agents_that_never_connect_leave_the_old_ones_serving(watched: tuple[Scene, DemoWorld]) -> None:
    scene, _ = watched
    scene.wait_all_ready()
    (before,) = inventory.services(scene)
    serving, told = running(scene), updates(scene)
    scene.teleport.agents.timing.join_delay = NEVER

    with sampler(scene, service_name(scene)) as sampled:
        change(scene, resources={"cpuUnits": 1024, "memoryMiB": 2048})

        def rolled_back() -> bool:
            said = condition(scene.deployment, "ServiceDeployed")
            return said.get("reason") == "RolledBack" and "is not tried again" in said["message"]

        scene.wait(rolled_back, "the rollout went back")
        assert "health checks" in condition(scene.deployment, "ServiceDeployed")["message"]

        # Neither another process nor another look tries the same again.
        scene.operator.kill()
        scene.start()
        name = scene.deployment["metadata"]["name"]
        scene.plane.run_kubectl("label", f"dbsvc/{name}", "seen=1", f"--namespace={scene.namespace.name}")
        scene.wait(lambda: rolled_back() and scene.metrics().is_idle, "it was looked at again")

    assert updates(scene) == told + 1
    assert sampled.running.minimum >= REPLICAS
    assert sampled.connected.minimum >= REPLICAS
    assert running(scene) == serving
    (after,) = inventory.services(scene)
    assert after["taskDefinition"] == before["taskDefinition"]
    assert condition(scene.deployment, "Ready")["status"] == "False"
