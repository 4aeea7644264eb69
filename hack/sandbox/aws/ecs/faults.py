"""Faults of a service's tasks for which the simulated world has no cause: a registry without the image, a quota, a
crash."""

from collections.abc import Iterable
from dataclasses import dataclass

from hack.sandbox.aws.ecs.launch import LaunchRefused
from hack.sandbox.aws.ecs.lifecycle import StartError
from hack.sandbox.aws.ecs.model import Task

ESSENTIAL_CONTAINER_EXITED = "Essential container in task exited"


@dataclass(frozen=True)
class TaskFault:
    """What befalls each task of a service from now on; texts are as ECS words them."""

    refusal: str = ""
    """No task is made; the service event says so."""
    silent: bool = False
    """No task is made, and nobody is told."""
    start_error: str = ""
    """The task does not start; its `stoppedReason`."""
    exit_code: int | None = None
    """The container ends with it as soon as it runs."""
    container_reason: str = ""
    unhealthy: bool = False
    """Its container health check fails; once a task was stopped for it there is a pause."""
    log: tuple[str, ...] = ()
    """What the container logs before it ends."""

    @property
    def makes_tasks(self) -> bool:
        """Whether there are tasks that it befalls."""
        return not (self.refusal or self.silent)


class Faults(dict[str, TaskFault]):
    """By service name."""

    def check_launch(self, service: str) -> None:
        """Raises LaunchRefused."""
        fault = self.get(service)
        if fault is not None and fault.refusal:
            raise LaunchRefused(fault.refusal)

    def keeps_silent(self, service: str) -> bool:
        """Whether the service starts no tasks without a word."""
        fault = self.get(service)
        return fault is not None and fault.silent

    def fails_checks(self, service: str) -> bool:
        """Whether no container health check of the service passes."""
        fault = self.get(service)
        return fault is not None and fault.unhealthy

    def start_error(self, task: Task) -> StartError:
        """Why the task does not start; empty when nothing was set."""
        fault = self.get(task.service_name)
        return fault.start_error if fault is not None else ""

    def crashing(self, tasks: Iterable[Task]) -> list[tuple[Task, TaskFault]]:
        """The running tasks whose container ends now."""
        found = ((task, self.get(task.service_name)) for task in tasks if task.is_running)
        return [(task, fault) for task, fault in found if fault is not None and fault.exit_code is not None]
