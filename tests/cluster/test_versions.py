"""The Teleport cluster gets another version: its agents follow, one VPC at a time, and none goes down meanwhile."""

from contextlib import ExitStack

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.sandbox.aws.sampler import Sampler
from hack.sandbox.stack import check_health_by_connection
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.rollouts import NEW, OLD, VERSION, sampler, updates
from tests.cluster.scene import REGION, Scene

pytestmark = pytest.mark.slow

REPLICAS = 2


def mixed(scene: Scene) -> int:
    """Services that run agents of both versions."""
    found: dict[str, set[str]] = {}
    for task in scene.aws.running_tasks():
        found.setdefault(task.service_name, set()).add(task.environment[VERSION])
    return sum(len(versions) > 1 for versions in found.values())


def agent_versions(scene: Scene) -> list[str]:
    return sorted(
        item["status"].get("agentVersion", "") for item in scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
    )


def test_a_version_reaches_one_vpc_at_a_time_and_takes_no_agent_down(scene: Scene) -> None:
    check_health_by_connection(scene.aws, scene.teleport)
    scene.teleport.version = OLD
    for number, name in enumerate(("shop", "finance")):
        vpc = scene.world.seed_vpc(REGION, name, cidr=f"10.{number}.0.0/16")
        scene.world.seed_instance(vpc, name)
    scene.start()
    scene.apply_examples()
    scene.wait_all_ready(4)
    assert agent_versions(scene) == [OLD, OLD]
    services = [service["serviceName"] for service in inventory.services(scene)]

    scene.operator.kill()
    scene.teleport.version = NEW
    with ExitStack() as stack:
        samplers = [stack.enter_context(sampler(scene, name)) for name in services]
        both = stack.enter_context(Sampler(scene.aws, services[0], lambda: mixed(scene)))
        scene.start()
        scene.wait(lambda: updates(scene) == 1, "the first rollout has begun")
        waiting = [
            deployed["message"]
            for item in scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
            if (deployed := condition(item, "ServiceDeployed"))["reason"] == "RolloutQueued"
        ]
        scene.operator.kill()
        scene.start()
        scene.wait(lambda: agent_versions(scene) == [NEW, NEW], "both have the new version")
        scene.wait_all_ready(4)

    assert updates(scene) == 2
    assert both.connected.maximum == 1
    assert all("--max-concurrent-rollouts" in message for message in waiting)
    for sampled in samplers:
        assert sampled.running.minimum >= REPLICAS
        assert sampled.connected.minimum >= REPLICAS
