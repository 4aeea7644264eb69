"""teleport.usertasks.v1.UserTaskService: the tasks that the tests put there."""

from typing import Any

from rds_enrollment.teleport.wire.user_tasks_pb2 import (
    ListUserTasksRequest,
    ListUserTasksResponse,
    UserTask,
)

from hack.sandbox.teleport.calls import Caller, Rpc
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.paging import page

SERVICE = "teleport.usertasks.v1.UserTaskService"


class UserTaskService:
    """Reading alone: Teleport's Discovery Service is who writes them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def rpcs(self) -> list[Rpc[Any, Any]]:
        return [Rpc(f"{SERVICE}/ListUserTasks", ListUserTasksRequest, ListUserTasksResponse, self.list)]

    def list(self, request: ListUserTasksRequest, caller: Caller) -> ListUserTasksResponse:
        self._cluster.role_of(caller).check("user_task", "list", "read")
        tasks = [task for _, task in sorted(self._cluster.resources.user_tasks.items())]
        cut = page(tasks, _name, request.page_token, request.page_size)
        return ListUserTasksResponse(user_tasks=cut.items, next_page_token=cut.next_key)


def _name(task: UserTask) -> str:
    return task.metadata.name
