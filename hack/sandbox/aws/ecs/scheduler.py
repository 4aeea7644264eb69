"""The service scheduler: at each tick it moves every service of one account and region along."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from hack.sandbox.aws.ecs.container import start_containers
from hack.sandbox.aws.ecs.launch import Launcher, LaunchRefused
from hack.sandbox.aws.ecs.lifecycle import Effects, advance, stop
from hack.sandbox.aws.ecs.model import EVENTS_KEPT, Deployment, Service, ServiceEvent, Task
from hack.sandbox.aws.ecs.rollout import is_complete, next_step
from hack.sandbox.aws.ecs.timing import Timing

Services = dict[str, Service]
Tasks = dict[str, dict[str, Task]]

FAILURES_BEFORE_WARNING = 3


@dataclass
class Scheduler:
    """Works on the dictionaries that moto's backend owns.

    `services` is keyed `cluster:service`, `tasks` by cluster name and then task ARN. `find_definition` gives
    moto's TaskDefinition of an ARN.
    """

    services: Services
    tasks: Tasks
    find_definition: Callable[[str], Any]
    launcher: Launcher
    timing: Timing

    def tasks_of(self, service: Service) -> list[Task]:
        """Every task that can still be described, the stopped ones included."""
        tasks = self.tasks.get(service.cluster_name, {}).values()
        return [task for task in tasks if task.service_name == service.name]

    def alive(self, service: Service) -> list[Task]:
        return [task for task in self.tasks_of(service) if task.status != "STOPPED"]

    def tick(self, now: datetime) -> None:
        for service in list(self.services.values()):
            self._advance_tasks(service, now)
            if service.status == "ACTIVE":
                self._roll(service, now)
            elif service.status == "DRAINING":
                self._drain(service, now)
        self._forget_stopped(now)

    # Tasks

    def _advance_tasks(self, service: Service, now: datetime) -> None:
        for task in self.alive(service):
            settled = advance(task, now, self.timing, self._effects(now))
            if settled and (deployment := _deployment_of(service, task)):
                self._count_outcome(service, deployment, task, now)

    def _effects(self, now: datetime) -> Effects:
        network = self.launcher.network
        return Effects(
            start_container=lambda task: start_containers(self.launcher.account, network, task, now),
            release_interface=lambda task: network.detach_interface(task.interface.id),
        )

    def _count_outcome(self, service: Service, deployment: Deployment, task: Task, now: datetime) -> None:
        if task.is_running:
            deployment.failed_tasks = 0
            deployment.next_launch_at = None
        elif task.stop_code == "TaskFailedToStart":
            self._count_failure(service, deployment, now)

    def _count_failure(self, service: Service, deployment: Deployment, now: datetime) -> None:
        deployment.failed_tasks += 1
        deployment.updated_at = now
        deployment.next_launch_at = now + self.timing.retry_after(deployment.failed_tasks)
        if deployment.failed_tasks == FAILURES_BEFORE_WARNING:
            self.add_event(
                service,
                "is unable to consistently start tasks successfully. For more information, see the "
                "Troubleshooting section of the Amazon ECS Developer Guide.",
                now,
            )

    def _forget_stopped(self, now: datetime) -> None:
        for tasks in self.tasks.values():
            for arn, task in list(tasks.items()):
                if task.stopped_at and now >= task.stopped_at + self.timing.stopped_kept:
                    del tasks[arn]

    # Services

    def _roll(self, service: Service, now: datetime) -> None:
        step = next_step(service, self.alive(service))
        if step.stop:
            self._stop_tasks(service, step.stop, now)
        self._launch(service, step.start, now)
        self._retire_deployments(service)
        self._judge(service, now)

    def _launch(self, service: Service, count: int, now: datetime) -> None:
        deployment = service.primary
        if not count or (deployment.next_launch_at and now < deployment.next_launch_at):
            return
        definition = self.find_definition(deployment.task_definition_arn)
        started: list[Task] = []
        for _ in range(count):
            try:
                task = self.launcher.launch(service, deployment, definition, now)
            except LaunchRefused as refusal:
                self.add_event(service, f"failed to launch a task with (error {refusal}).", now)
                self._count_failure(service, deployment, now)
                break
            deployment.launches += 1
            self.tasks.setdefault(service.cluster_name, {})[task.arn] = task
            started.append(task)
        if started:
            service.is_steady = False
            self.add_event(service, f"has started {len(started)} tasks: {_names(started)}.", now)

    def _stop_tasks(self, service: Service, tasks: tuple[Task, ...], now: datetime) -> None:
        service.is_steady = False
        reason = f"Scaling activity initiated by (deployment {service.primary.id})"
        for task in tasks:
            stop(task, now, "ServiceSchedulerInitiated", reason)
        self.add_event(service, f"has stopped {len(tasks)} running tasks: {_names(list(tasks))}.", now)

    def _retire_deployments(self, service: Service) -> None:
        in_use = {task.deployment_id for task in self.alive(service)}
        service.deployments = [d for d in service.deployments if d.status == "PRIMARY" or d.id in in_use]

    def _judge(self, service: Service, now: datetime) -> None:
        if not is_complete(service, self.alive(service)):
            service.is_steady = False
            return
        deployment = service.primary
        if deployment.rollout_state == "IN_PROGRESS":
            deployment.rollout_state = "COMPLETED"
            deployment.updated_at = now
            self.add_event(service, f"(deployment {deployment.id}) deployment completed.", now)
        if not service.is_steady:
            service.is_steady = True
            self.add_event(service, "has reached a steady state.", now)

    def _drain(self, service: Service, now: datetime) -> None:
        reason = f"Scaling activity initiated by (deployment {service.primary.id})"
        for task in self.alive(service):
            stop(task, now, "ServiceSchedulerInitiated", reason)
        if not self.alive(service):
            service.status = "INACTIVE"
            service.deployments = [d for d in service.deployments if d.status == "PRIMARY"]

    def add_event(self, service: Service, text: str, now: datetime) -> None:
        """Newest first, as DescribeServices lists them."""
        event = ServiceEvent(str(uuid4()), now, f"(service {service.name}) {text}")
        service.events = [event, *service.events][:EVENTS_KEPT]


def _deployment_of(service: Service, task: Task) -> Deployment | None:
    return next((d for d in service.deployments if d.id == task.deployment_id), None)


def _names(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
