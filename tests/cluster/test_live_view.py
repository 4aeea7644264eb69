"""What happens in Teleport is noticed by its event: here nothing is polled, and no resync comes in time. What AWS has
begun and no event ends is looked at soon all the same."""

import threading
from collections.abc import Callable
from datetime import timedelta

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.tasks import RunningTask
from tests.cluster.scene import ENROLLMENT, REGION, Scene

NO_POLLS = {"RDS_ENROLLMENT_POLL_SECONDS": "3600"}
CHECKED = "18.6.4"
"""From this version on agents have a container health check, whose verdict a rollout waits for."""


def enroll_with_a_late_verdict(scene: Scene) -> None:
    """The main job without polls. All agents are connected and looked at before ECS hears of their health: the end of
    the rollout follows from no event."""
    told = threading.Event()

    def late(_: RunningTask) -> bool:
        return told.wait()

    scene.aws.task_health, scene.teleport.version = late, CHECKED
    try:
        scene.world.demo_world(REGION)
        scene.start(**NO_POLLS)
        scene.apply_examples()
        scene.wait(lambda: len(scene.namespace.objects()) == 3, "there is a deployment")
        name = scene.deployment["metadata"]["name"]
        scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "TunnelConnected", "True")
        scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "ServiceDeployed", "False", "RollingOut")
        scene.wait_idle()
    finally:
        told.set()
    scene.wait_all_ready()


def restart_without_polls(scene: Scene, enroll: Callable[[Scene], object] = Scene.enroll) -> None:
    """Converged, every object visited, the stream of events in step; agents beat no more by themselves."""
    enroll(scene)
    scene.teleport.agents.timing.heartbeat_interval = timedelta(hours=1)
    assert scene.operator.stop() == 0
    scene.wait(lambda: scene.teleport.events.open == 0, "the stream is closed")
    scene.start(**NO_POLLS)
    scene.wait(lambda: scene.teleport.events.open == 1, "the stream is open")
    scene.wait_idle()


def test_agents_that_go_and_come_are_noticed_at_once(scene: Scene) -> None:
    restart_without_polls(scene, enroll_with_a_late_verdict)
    name = scene.deployment["metadata"]["name"]
    services = scene.teleport.resources.database_services
    (lost, _) = services.list()

    services.discard(lost.Header.Metadata.Name)
    scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "TunnelConnected", "False", "AgentsNotConnected")
    services.put(lost)
    scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "TunnelConnected", "True")
    scene.wait_all_ready()


def test_a_db_object_that_somebody_deletes_comes_back_at_once(scene: Scene) -> None:
    restart_without_polls(scene)
    databases = scene.teleport.resources.databases
    before = {each.Metadata.Name for each in databases.list()}

    scene.teleport.events.drop()
    databases.discard(min(before))
    scene.wait(lambda: {each.Metadata.Name for each in databases.list()} == before, "it is enrolled again")
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "True")
