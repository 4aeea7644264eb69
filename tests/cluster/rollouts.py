"""Rollouts as a test makes and watches them: a change of the template, and how many agents there are meanwhile."""

from typing import Any

from rds_enrollment.api.kinds import RDS_ENROLLMENT

from hack.sandbox.aws.sampler import Sampler
from tests.cluster.scene import ENROLLMENT, Scene

VERSION = "TELEPORT_EXT_UPGRADER_VERSION"
"""The environment variable that repeats the agents' version for Teleport's updater."""
OLD, NEW = "18.6.4", "18.6.5"
"""From 18.6.4 on ECS waits for connected agents."""


def change(scene: Scene, told: dict[str, Any] | None = None, **fields: Any) -> None:
    """Fields of the enrolment's template (None takes a member away), and the wait for the deployment that has them.

    `told` are the deployment's own fields where they are not the same.
    """
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"deployment": fields}})
    expected = {name: _without_none(value) for name, value in (told or fields).items()}
    scene.wait(lambda: _has(scene.deployment["spec"], expected), "the deployment is told")


def updates(scene: Scene) -> int:
    """How often ECS was told to update a service."""
    return sum(write.operation == "ecs:UpdateService" for write in scene.aws.calls.writes)


def sampler(scene: Scene, service: str) -> Sampler:
    """Watches a service's running tasks, and how many of them have an agent that is connected."""
    return Sampler(scene.aws, service, lambda: _connected(scene, service))


def _connected(scene: Scene, service: str) -> int:
    joined = scene.teleport.agents.joined
    return sum(task.service_name == service and task.task_arn in joined for task in scene.aws.running_tasks())


def _without_none(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if item is not None}


def _has(spec: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Members of objects that have a default may be there on top."""
    return all(
        value.items() <= spec.get(name, {}).items() if isinstance(value, dict) else spec.get(name) == value
        for name, value in expected.items()
    )
