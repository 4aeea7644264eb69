"""How a rolling update moves: how many tasks to start and which to stop. Pure.

Source: Amazon ECS Developer Guide, "Rolling update": minimumHealthyPercent rounds up, maximumPercent rounds
down, both of the desired count; running tasks never fall below the first, running and pending never exceed
the second.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hack.sandbox.aws.ecs.model import Service, Task


@dataclass(frozen=True)
class RolloutStep:
    """What the scheduler does now: new tasks of the primary deployment, and tasks to stop."""

    start: int
    stop: tuple[Task, ...]


def next_step(service: Service, tasks: Sequence[Task]) -> RolloutStep:
    """The step from the present tasks of a service towards its primary deployment."""
    wanted = [task for task in tasks if task.is_wanted]
    current = [task for task in wanted if task.deployment_id == service.primary.id]
    old = [task for task in wanted if task.deployment_id != service.primary.id]
    return RolloutStep(
        start=_to_start(service, len(current), len(wanted)),
        stop=(*_surplus(current, service.desired_count), *_replaceable(service, old, wanted)),
    )


def is_complete(service: Service, tasks: Sequence[Task]) -> bool:
    """Whether exactly the desired number of primary tasks runs and nothing else is left."""
    return (
        all(task.is_running and task.deployment_id == service.primary.id for task in tasks)
        and len(tasks) == service.desired_count
    )


def _to_start(service: Service, current: int, wanted: int) -> int:
    upper = math.floor(service.desired_count * service.maximum_percent / 100)
    return max(0, min(service.desired_count - current, upper - wanted))


def _surplus(current: Sequence[Task], desired: int) -> Sequence[Task]:
    """Scale-in: tasks that do not run yet go first, then the youngest."""
    by_value = sorted(current, key=lambda task: (not task.is_running, task.created_at))
    return by_value[desired:]


def _replaceable(service: Service, old: Sequence[Task], wanted: Sequence[Task]) -> Sequence[Task]:
    """Tasks of former deployments that are not needed for the minimum: the oldest go first."""
    lower = math.ceil(service.desired_count * service.minimum_healthy_percent / 100)
    spare = max(0, sum(task.is_running for task in wanted) - lower)
    idle = [task for task in old if not task.is_running]
    running = sorted((task for task in old if task.is_running), key=lambda task: task.created_at)
    return [*idle, *running[:spare]]
