"""The service scheduler: at each tick it moves every service of one account and region along."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hack.sandbox.aws.ecs import circuit, health
from hack.sandbox.aws.ecs.container import start_containers, write_log
from hack.sandbox.aws.ecs.events import add_event, add_refusal, names
from hack.sandbox.aws.ecs.faults import ESSENTIAL_CONTAINER_EXITED, Faults, TaskFault
from hack.sandbox.aws.ecs.launch import Launcher, LaunchRefused
from hack.sandbox.aws.ecs.lifecycle import Effects, advance, stop
from hack.sandbox.aws.ecs.model import Deployment, Service, Task
from hack.sandbox.aws.ecs.rollout import is_blocked, is_complete, next_step
from hack.sandbox.aws.ecs.timing import Timing

Services = dict[str, Service]
Tasks = dict[str, dict[str, Task]]

FAILURES_BEFORE_WARNING = 3
FAILED_HEALTH_CHECKS = "Task failed container health checks"


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
    faults: Faults

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

    # Health

    def due_health_checks(self, now: datetime) -> list[Task]:
        """The running tasks whose container health check is to be made now."""
        scale = self.timing.health_check_scale
        return [
            task
            for tasks in self.tasks.values()
            for task in tasks.values()
            if health.is_due(task, now, scale)
        ]

    def record_health_check(self, task: Task, passed: bool, now: datetime) -> None:
        """The verdict of a check that was due. A task that has become healthy ends a row of failures."""
        before = task.health
        fails = self.faults.fails_checks(task.service_name)
        health.record(task, passed and not fails, now, self.timing.health_check_scale)
        service = self.services.get(f"{task.cluster_name}:{task.service_name}")
        if service and task.health == "HEALTHY" != before and (deployment := _deployment_of(service, task)):
            _forget_failures(service, deployment)

    # Tasks

    def _advance_tasks(self, service: Service, now: datetime) -> None:
        for task in self.alive(service):
            settled = advance(task, now, self.timing, self._effects(now))
            if settled and (deployment := _deployment_of(service, task)):
                self._count_outcome(service, deployment, task, now)
        for task, fault in self.faults.crashing(self.alive(service)):
            self._crash(service, task, fault, now)

    def _crash(self, service: Service, task: Task, fault: TaskFault, now: datetime) -> None:
        """ECS starts another one at once; here there is a pause, so that a loop of crashes keeps nothing busy."""
        for line in fault.log:
            write_log(self.launcher.account, task, line, now)
        task.exit_code, task.container_reason = fault.exit_code, fault.container_reason
        stop(task, now, "EssentialContainerExited", ESSENTIAL_CONTAINER_EXITED)
        if deployment := _deployment_of(service, task):
            deployment.next_launch_at = now + self.timing.retry

    def _effects(self, now: datetime) -> Effects:
        network = self.launcher.network
        return Effects(
            start_container=lambda task: (
                self.faults.start_error(task) or start_containers(self.launcher.account, network, task, now)
            ),
            release_interface=lambda task: network.detach_interface(task.interface.id),
        )

    def _count_outcome(self, service: Service, deployment: Deployment, task: Task, now: datetime) -> None:
        if task.is_running:
            deployment.next_launch_at = None
        if task.counts_as_healthy:
            _forget_failures(service, deployment)
        elif task.stop_code == "TaskFailedToStart":
            self._count_launch_failure(service, deployment, now)

    def _count_launch_failure(self, service: Service, deployment: Deployment, now: datetime) -> None:
        _count_failure(service, deployment, now)
        deployment.next_launch_at = now + self.timing.retry_after(deployment.failed_tasks)
        if deployment.failed_tasks == FAILURES_BEFORE_WARNING:
            add_event(
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
        if record := service.history.current:
            record.start(now)
        step = next_step(service, self.alive(service))
        self._stop_unhealthy(service, step.unhealthy, now)
        if circuit.trips(service):
            circuit.fail_deployment(service, now)
            step = next_step(service, self.alive(service))
        self._stop_tasks(service, step.stop, now)
        self._launch(service, step.start, now)
        self._judge(service, now)
        self._retire_deployments(service)

    def _launch(self, service: Service, count: int, now: datetime) -> None:
        deployment = service.primary
        if not count or self.faults.keeps_silent(service.name):
            return
        if deployment.next_launch_at and now < deployment.next_launch_at:
            return
        definition = self.find_definition(deployment.task_definition_arn)
        started: list[Task] = []
        for _ in range(count):
            try:
                self.faults.check_launch(service.name)
                task = self.launcher.launch(service, deployment, definition, now)
            except LaunchRefused as refusal:
                add_refusal(service, str(refusal), now)
                self._count_launch_failure(service, deployment, now)
                break
            deployment.launches += 1
            self.tasks.setdefault(service.cluster_name, {})[task.arn] = task
            started.append(task)
        if started:
            service.is_steady = False
            service.last_refusal = ""
            add_event(service, self._started(service, started), now)

    def _started(self, service: Service, started: list[Task]) -> str:
        unhealthy = [task for task in self.alive(service) if task.is_wanted and task.health == "UNHEALTHY"]
        replaced = min(len(unhealthy), len(started))
        text = f"has started {len(started)} tasks: {names(started)}."
        return (
            f"{text} Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else text
        )

    def _stop_unhealthy(self, service: Service, tasks: tuple[Task, ...], now: datetime) -> None:
        for task in tasks:
            add_event(service, f"(task {task.id}) failed container health checks.", now)
            _count_failure(service, service.primary, now)
        if tasks and self.faults.fails_checks(service.name):
            service.primary.next_launch_at = now + self.timing.retry
        self._stop(service, tasks, FAILED_HEALTH_CHECKS, now)

    def _stop_tasks(self, service: Service, tasks: tuple[Task, ...], now: datetime) -> None:
        self._stop(service, tasks, f"Scaling activity initiated by (deployment {service.primary.id})", now)

    def _stop(self, service: Service, tasks: tuple[Task, ...], reason: str, now: datetime) -> None:
        running = [task for task in tasks if task.is_running]
        for task in tasks:
            service.is_steady = False
            stop(task, now, "ServiceSchedulerInitiated", reason)
        if running:
            add_event(service, f"has stopped {len(running)} running tasks: {names(running)}.", now)
        if pending := len(tasks) - len(running):
            add_event(service, f"stopped {pending} pending tasks.", now)

    def _retire_deployments(self, service: Service) -> None:
        in_use = {task.deployment_id for task in self.alive(service)}
        kept = "FAILED" if service.history.rollback_started_at else ""
        service.deployments = [
            d
            for d in service.deployments
            if d.status == "PRIMARY" or d.id in in_use or d.rollout_state == kept
        ]

    def _judge(self, service: Service, now: datetime) -> None:
        tasks = self.alive(service)
        deployment = service.primary
        if not is_complete(service, tasks) or deployment.rollout_state == "FAILED":
            service.is_steady = False
            self._tell_block(service, tasks, now)
            return
        started_at = service.history.rollback_started_at
        if started_at and now < started_at + self.timing.rollback:
            return
        if deployment.rollout_state == "IN_PROGRESS":
            _complete(service, deployment, now)
        if not service.is_steady:
            service.is_steady = True
            add_event(service, "has reached a steady state.", now)

    def _tell_block(self, service: Service, tasks: list[Task], now: datetime) -> None:
        if is_blocked(service, tasks):
            text = (
                "was unable to stop or start tasks during a deployment because of the service deployment "
                "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
            )
            add_refusal(service, text, now)

    def _drain(self, service: Service, now: datetime) -> None:
        reason = f"Scaling activity initiated by (deployment {service.primary.id})"
        for task in self.alive(service):
            stop(task, now, "ServiceSchedulerInitiated", reason)
        if not self.alive(service):
            service.status = "INACTIVE"
            service.deployments = [d for d in service.deployments if d.status == "PRIMARY"]


def _deployment_of(service: Service, task: Task) -> Deployment | None:
    return next((d for d in service.deployments if d.id == task.deployment_id), None)


def _complete(service: Service, deployment: Deployment, now: datetime) -> None:
    deployment.enter("COMPLETED", f"ECS deployment {deployment.id} completed.", now)
    service.last_completed = deployment
    add_event(service, f"(deployment {deployment.id}) deployment completed.", now)
    if record := service.history.current:
        record.succeed(now)


def _count_failure(service: Service, deployment: Deployment, now: datetime) -> None:
    deployment.failed_tasks += 1
    deployment.updated_at = now
    record = service.history.current
    if record and record.status == "IN_PROGRESS" and deployment is service.primary:
        record.failure_count = deployment.failed_tasks


def _forget_failures(service: Service, deployment: Deployment) -> None:
    if service.circuit_breaker.reset_on_healthy_task:
        deployment.failed_tasks = 0
        if (
            (record := service.history.current)
            and record.status == "IN_PROGRESS"
            and deployment is service.primary
        ):
            record.failure_count = 0
