"""Reading what Teleport asks people to do about RDS."""

from rds_enrollment.plan.observed.teleport import RdsUserTask
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.errors import Permission, UnimplementedError
from rds_enrollment.teleport.paging import not_ending
from rds_enrollment.teleport.wire.user_tasks_pb2 import ListUserTasksRequest, UserTask

PAGE_SIZE = 100
_DISCOVER_RDS = "discover-rds"
_OPEN = "OPEN"
"""Task type and state (Teleport api/types/usertasks/object.go)."""


async def list_rds_user_tasks(call: Caller) -> tuple[RdsUserTask, ...]:
    """The open ones. A server that has no user tasks has none."""
    found: list[RdsUserTask] = []
    page_token = ""
    while True:
        try:
            page = await call(
                lambda session: session.user_tasks.ListUserTasks,
                ListUserTasksRequest(page_size=PAGE_SIZE, page_token=page_token),
                permission=Permission("user_task", ("list", "read")),
            )
        except UnimplementedError:
            return ()
        found += [_read(task) for task in page.user_tasks if _is_open_about_rds(task)]
        if not page.next_page_token:
            return tuple(found)
        if page.next_page_token == page_token:
            raise not_ending("user_task", page_token)
        page_token = page.next_page_token


def _is_open_about_rds(task: UserTask) -> bool:
    return task.spec.task_type == _DISCOVER_RDS and task.spec.state == _OPEN


def _read(task: UserTask) -> RdsUserTask:
    rds = task.spec.discover_rds
    return RdsUserTask(
        issue=task.spec.issue_type,
        account_id=rds.account_id,
        region=rds.region,
        databases=frozenset(rds.databases),
    )
