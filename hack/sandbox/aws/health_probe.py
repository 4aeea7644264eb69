"""Makes the container health checks of all tasks: the verdicts come from outside the AWS sandbox."""

import threading

from hack.sandbox.aws import census
from hack.sandbox.aws.tasks import TaskHealth


def check_tasks(world_lock: threading.RLock, task_health: TaskHealth | None) -> None:
    """Every check that is due, once. Without `task_health` each one passes.

    `task_health` is asked outside the lock: it may wait for one who asks the sandbox which tasks run. It may raise; the
    checks that it has not answered are still due.
    """
    with world_lock:
        due = [
            (backend, task, census.running_task(backend, task))
            for backend in census.ecs_backends_in_use()
            for task in backend.scheduler.due_health_checks(backend.now())
        ]
    for backend, task, seen in due:
        passed = task_health is None or task_health(seen)
        with world_lock:
            backend.scheduler.record_health_check(task, passed, backend.now())
