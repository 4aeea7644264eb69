"""How a service moves: how many tasks to start and which to stop. Pure.

Source: Amazon ECS API Reference, DeploymentConfiguration: minimumHealthyPercent rounds up, maximumPercent rounds down,
both of the desired count; running tasks never fall below the first, and with a health check neither do healthy ones;
running and pending tasks never exceed the second. Amazon ECS Developer Guide, "Amazon ECS services": an unhealthy task
is replaced before it is stopped, unless maximumPercent leaves no room.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hack.sandbox.aws.ecs.model import Service, Task


@dataclass(frozen=True)
class RolloutStep:
    """What the scheduler does now: new tasks of the primary deployment, tasks to stop, unhealthy tasks to stop."""

    start: int
    stop: tuple[Task, ...]
    unhealthy: tuple[Task, ...] = ()


@dataclass
class _Budget:
    """How many running and how many healthy tasks can still be spared."""

    running: int
    healthy: int

    def take(self, tasks: Iterable[Task]) -> list[Task]:
        """Those of the tasks, in their order, that may be stopped."""
        return [task for task in tasks if self._spare(task)]

    def _spare(self, task: Task) -> bool:
        if not task.is_running:
            return True
        if self.running <= 0 or (task.counts_as_healthy and self.healthy <= 0):
            return False
        self.running -= 1
        self.healthy -= task.counts_as_healthy
        return True


def next_step(service: Service, tasks: Sequence[Task]) -> RolloutStep:
    """The step from the present tasks of a service towards its primary deployment.

    A deployment that has failed starts nothing and replaces nothing.
    """
    wanted = [task for task in tasks if task.is_wanted]
    current = [task for task in wanted if task.deployment_id == service.primary.id]
    usable = [task for task in current if task.health != "UNHEALTHY"]
    old = [task for task in wanted if task.deployment_id != service.primary.id]
    has_failed = service.primary.rollout_state == "FAILED"
    room = 0 if has_failed else max(0, upper_limit(service) - len(wanted))
    missing = max(0, service.desired_count - len(usable))
    budget = _budget(service, wanted)
    surplus = budget.take(_surplus(usable, service.desired_count))
    unhealthy = [] if has_failed else budget.take(_replaced(service, current, usable, room))
    replaced = [] if has_failed else budget.take(_in_stopping_order(old))
    return RolloutStep(min(missing, room), (*reversed(surplus), *replaced), tuple(unhealthy))


def is_complete(service: Service, tasks: Sequence[Task]) -> bool:
    """Whether exactly the desired number of primary tasks runs, healthy, and nothing else is left."""
    return (
        all(task.counts_as_healthy and task.deployment_id == service.primary.id for task in tasks)
        and len(tasks) == service.desired_count
    )


def is_blocked(service: Service, tasks: Sequence[Task]) -> bool:
    """Whether the two percentages leave a rollout no task to start and none to stop."""
    is_rolling = any(task.is_wanted and task.deployment_id != service.primary.id for task in tasks)
    no_start = upper_limit(service) <= service.desired_count
    return is_rolling and no_start and lower_limit(service) >= service.desired_count


def lower_limit(service: Service) -> int:
    return math.ceil(service.desired_count * service.minimum_healthy_percent / 100)


def upper_limit(service: Service) -> int:
    return math.floor(service.desired_count * service.maximum_percent / 100)


def _budget(service: Service, wanted: Sequence[Task]) -> _Budget:
    lower = lower_limit(service)
    running = sum(task.is_running for task in wanted)
    healthy = sum(task.counts_as_healthy for task in wanted)
    return _Budget(running - lower, healthy - lower)


def _surplus(usable: Sequence[Task], desired: int) -> Sequence[Task]:
    """Scale-in: tasks that are not healthy yet go first, then the youngest of the fullest availability zone."""
    ready = sorted((t for t in usable if t.counts_as_healthy), key=lambda task: task.created_at)
    chosen = [task for task in usable if not task.is_running]
    chosen += [task for task in usable if task.is_running and not task.counts_as_healthy]
    while ready:
        zones = Counter(task.availability_zone for task in ready)
        fullest = max(zones.values())
        victim = next(task for task in reversed(ready) if zones[task.availability_zone] == fullest)
        ready.remove(victim)
        chosen.append(victim)
    return chosen[: max(0, len(usable) - desired)]


def _replaced(service: Service, current: Sequence[Task], usable: Sequence[Task], room: int) -> Sequence[Task]:
    """Unhealthy tasks whose replacement has its verdict too, or one that must go to make room; the oldest first."""
    unhealthy = sorted((t for t in current if t.health == "UNHEALTHY"), key=lambda task: task.created_at)
    judged = len(unhealthy) + sum(task.counts_as_healthy for task in usable)
    count = max(0, judged - service.desired_count)
    is_cramped = room == 0 and len(usable) < service.desired_count
    return unhealthy[: max(count, int(is_cramped))]


def _in_stopping_order(old: Sequence[Task]) -> Sequence[Task]:
    """Tasks of former deployments: those that do not run, those that are not healthy, the oldest."""
    return sorted(old, key=lambda task: (task.is_running, task.counts_as_healthy, task.created_at))
