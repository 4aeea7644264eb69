"""Rollouts that fail: what serves stays, and what failed is not tried for ever."""

from typing import Any

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.sandbox.aws.world import DemoWorld
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.rollouts import change, sampler, updates
from tests.cluster.scene import REGION, Scene

REPLICAS = 2
ANYWHERE = "0.0.0.0/0"


def closed_group(scene: Scene, seeded: DemoWorld) -> str:
    """A security group that lets nothing out: tasks cannot pull their image."""
    ec2 = scene.client("ec2")
    group: str = ec2.create_security_group(
        GroupName="closed", Description="lets nothing out", VpcId=seeded.vpc.id
    )["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    return group


def test_rollout_that_fails_goes_back_and_stays_back(scene: Scene, seeded: DemoWorld) -> None:
    name = scene.deployment["metadata"]["name"]
    before = updates(scene)
    (former,) = inventory.services(scene)
    good = {"ids": None, **scene.deployment["spec"]["securityGroups"]}
    with sampler(scene, former["serviceName"]) as sampled:
        change(scene, securityGroups={"ids": [closed_group(scene, seeded)], "selector": None})

        def rolled_back() -> bool:
            told = condition(scene.deployment, "ServiceDeployed")
            return told.get("reason") == "RolledBack" and "is not tried again" in told["message"]

        scene.wait(rolled_back, "the rollout went back")
        assert "CannotPullContainerError" in condition(scene.deployment, "ServiceDeployed")["message"]
        assert updates(scene) == before + 1

        # Neither time nor another process tries the same again, and the agents can still be scaled.
        scene.operator.kill()
        scene.start()
        scene.plane.run_kubectl("label", f"dbsvc/{name}", "seen=1", f"--namespace={scene.namespace.name}")
        scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "ServiceDeployed", "False", "RolledBack")
        assert updates(scene) == before + 1

        change(scene, securityGroups=good)
        scene.wait_all_ready()

    assert updates(scene) == before + 1
    assert sampled.running.minimum >= REPLICAS
    (service,) = inventory.services(scene)
    assert service["networkConfiguration"] == former["networkConfiguration"]


def test_first_rollout_that_failed_is_tried_again(scene: Scene) -> None:
    vpc = scene.world.seed_vpc(REGION, "main")
    scene.world.seed_instance(vpc, "orders")
    ec2 = scene.client("ec2")
    gateways: list[dict[str, Any]] = ec2.describe_nat_gateways()["NatGateways"]
    ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE)
    scene.start()
    scene.apply_examples()
    name = f"{REGION}-{vpc.id}"

    told = scene.wait_condition(
        DATABASE_SERVICE_DEPLOYMENT, name, "ServiceDeployed", "False", "RolloutFailed"
    )
    assert "CannotPullContainerError" in told["message"]
    assert updates(scene) == 0

    ec2.create_route(
        RouteTableId=vpc.route_table,
        DestinationCidrBlock=ANYWHERE,
        NatGatewayId=gateways[0]["NatGatewayId"],
    )
    # Not to wait for the end of the pause.
    scene.reconcile(scene.deployment)
    scene.wait_all_ready()
    assert updates(scene) == 1
