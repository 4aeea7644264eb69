"""Converges one deployment in the simulation, and keeps what AWS and Teleport say of it."""

from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.teleport.wire.heartbeat_pb2 import DatabaseServiceV1
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2

from hack.bench.deployments.answers import Recording
from hack.bench.deployments.places import REGION
from hack.bench.deployments.relay import relay
from hack.bench.fleet import Fleet
from hack.bench.until import until
from hack.bench.world import EXAMPLES, NAMESPACE, BenchWorld, condition_status, empty_world
from hack.sandbox.controlplane import ControlPlane

_REPLICAS = 2


@dataclass(frozen=True)
class Original:
    """A deployment that is converged."""

    vpc_id: str
    answers: Recording
    agents: tuple[DatabaseServiceV1, ...]
    token: ProvisionTokenV2


def deployment(vpc_id: str, region: str, resync_seconds: int) -> dict[str, Any]:
    """The manifest of one that finds its network as in the examples."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": DATABASE_SERVICE_DEPLOYMENT.kind,
        "metadata": {"name": f"{region}-{vpc_id}"},
        "spec": {
            "integrationRef": {"name": "prod-aws"},
            "region": region,
            "vpcId": vpc_id,
            "subnets": {"selector": {"tags": {"tier": "private"}}},
            "securityGroups": {"selector": {"tags": {"role": "teleport-agents"}}},
            "resyncPeriod": f"{resync_seconds}s",
        },
    }


def create_deployment(world: BenchWorld, body: dict[str, Any]) -> None:
    """Make the object."""
    world.objects.create_namespaced_custom_object(
        GROUP, VERSION, NAMESPACE, DATABASE_SERVICE_DEPLOYMENT.plural, body
    )


def ready_deployments(world: BenchWorld) -> int:
    """How many are Ready."""
    found = world.all(DATABASE_SERVICE_DEPLOYMENT.plural)
    return sum(1 for item in found if condition_status(item, "Ready") == "True")


def original(plane: ControlPlane) -> Original:
    """Leaves no object behind."""
    recording = Recording()
    with empty_world(plane) as world, relay(world.stack.aws.url, recording) as url:
        vpc = world.stack.world.seed_vpc(REGION, "bench")
        world.stack.world.seed_instance(vpc, f"orders-{vpc.id}")
        plane.apply(EXAMPLES / "00-namespace.yaml")
        plane.apply(EXAMPLES / "10-integration.yaml")
        create_deployment(world, deployment(vpc.id, REGION, resync_seconds=10))
        world.start_operator(AWS_ENDPOINT_URL=url)
        until(lambda: ready_deployments(world) == 1, "the deployment is Ready")
        _restart(world, url, recording)
        teleport = world.stack.teleport.resources
        (token,) = teleport.tokens.list()
        agents = tuple(teleport.database_services.list())
        world.stack.operator.stop()
        Fleet(plane).forget()
    return Original(vpc.id, recording, agents, token)


def _restart(world: BenchWorld, url: str, recording: Recording) -> None:
    """What was asked while it converged is asked once more, and is answered as from now on."""
    world.stack.operator.stop()
    recording.drop_writes()
    world.start_operator(AWS_ENDPOINT_URL=url)
    asked = world.stack.aws.calls
    asked.clear()
    until(lambda: asked.counts["ecs:DescribeTasks"] >= _REPLICAS, "a second pass without changes")
