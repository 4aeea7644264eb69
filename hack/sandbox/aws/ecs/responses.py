"""The ECS operations that differ from moto's. moto routes each action to the method of its name."""

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse

from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend
from hack.sandbox.aws.ecs.errors import client_error, invalid_parameter
from hack.sandbox.aws.ecs.history_responses import HistoryResponse
from hack.sandbox.aws.ecs.lifecycle import stop
from hack.sandbox.aws.ecs.model import Service, Task
from hack.sandbox.aws.ecs.registration import fargate_size, with_health_check
from hack.sandbox.aws.ecs.render import render_service, render_task
from hack.sandbox.aws.paging import page

DESCRIBE_SERVICES_LIMIT = 10
DESCRIBE_TASKS_LIMIT = 100
LIST_SERVICES_DEFAULT = 10
LIST_DEFAULT = 100


class SimulatedEcsResponse(HistoryResponse, EC2ContainerServiceResponse):
    def __init__(self) -> None:
        super().__init__()
        # moto writes "with tags or without" into a dictionary of the class, shared by all requests.
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(type(self).RESPONSE_KEY_PATH_TO_TRANSFORMER)

    @property
    def ecs_backend(self) -> SimulatedEcsBackend:
        """The backend of the call, brought up to the present."""
        backend = cast("SimulatedEcsBackend", ecs_backends[self.current_account][self.region])
        backend.tick()
        return backend

    # Services

    def create_service(self) -> ActionResult:
        backend = self.ecs_backend
        backend.simulation.linked_role.use(self.current_account, self.region)
        cluster = backend.active_cluster(self._cluster)
        service = backend.service_api.create(cluster, self.params, backend.now())
        return self._service(backend, service)

    def update_service(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        return self._service(backend, backend.service_api.update(cluster.name, self.params, backend.now()))

    def delete_service(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        force = bool(self._get_param("force", False))
        service = backend.service_api.delete(cluster.name, self.params["service"], force, backend.now())
        return self._service(backend, service)

    def describe_services(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        names = self._get_param("services", [])
        if not names or len(names) > DESCRIBE_SERVICES_LIMIT:
            raise invalid_parameter(f"Between 1 and {DESCRIBE_SERVICES_LIMIT} services can be described.")
        found = {name: backend.service_api.find(cluster.name, name) for name in names}
        return ActionResult(
            {
                "services": [
                    render_service(service, backend.scheduler.alive(service), self._with_tags)
                    for service in found.values()
                    if service
                ],
                "failures": [
                    {"arn": self._arn("service", cluster.name, name), "reason": "MISSING"}
                    for name, service in found.items()
                    if not service
                ],
            }
        )

    def list_services(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        every = sorted(
            service.arn
            for service in backend.scheduler.services.values()
            if service.cluster_name == cluster.name and service.status == "ACTIVE"
        )
        if self._get_param("launchType", "FARGATE") != "FARGATE":
            every = []
        return self._page("serviceArns", every, LIST_SERVICES_DEFAULT)

    # Tasks

    def list_tasks(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        if self._get_param("containerInstance"):
            raise client_error("This sandbox does not simulate container instances.")
        tasks = backend.scheduler.tasks.get(cluster.name, {}).values()
        return self._page("taskArns", [task.arn for task in tasks if self._lists(task)], LIST_DEFAULT)

    def _lists(self, task: Task) -> bool:
        service = self._get_param("serviceName")
        family = self._get_param("family")
        started_by = self._get_param("startedBy")
        return bool(
            task.desired_status == self._get_param("desiredStatus", "RUNNING")
            and (not service or task.service_name == service.rsplit("/", 1)[-1])
            and (not family or task.task_definition_arn.rsplit("/", 1)[-1].split(":")[0] == family)
            and (not started_by or task.deployment_id == started_by)
            and self._get_param("launchType", "FARGATE") == "FARGATE"
        )

    def describe_tasks(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        references = self._get_param("tasks", [])
        if not references or len(references) > DESCRIBE_TASKS_LIMIT:
            raise invalid_parameter(f"Between 1 and {DESCRIBE_TASKS_LIMIT} tasks can be described.")
        found = {reference: _find_task(backend, cluster.name, reference) for reference in references}
        return ActionResult(
            {
                "tasks": [render_task(task, self._with_tags) for task in found.values() if task],
                "failures": [
                    {"arn": self._arn("task", cluster.name, reference), "reason": "MISSING"}
                    for reference, task in found.items()
                    if not task
                ],
            }
        )

    def stop_task(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self._cluster)
        task = _find_task(backend, cluster.name, self.params["task"])
        if task is None:
            raise invalid_parameter("The referenced task was not found.")
        stop(task, backend.now(), "UserInitiated", self._get_param("reason", "Task stopped by user"))
        return ActionResult({"task": render_task(task, include_tags=False)})

    # Task definitions

    def register_task_definition(self) -> ActionResult:
        self.params["containerDefinitions"] = [
            with_health_check(c) for c in self.params["containerDefinitions"]
        ]
        if "FARGATE" in self._get_param("requiresCompatibilities", []):
            size = fargate_size(self._get_param("cpu"), self._get_param("memory"))
            self.params["cpu"], self.params["memory"] = size
        result = cast("dict[str, Any]", super().register_task_definition().result)
        definition = result["taskDefinition"]
        definition.registered_at = self.ecs_backend.now()
        definition.registered_by = f"arn:{self.partition}:iam::{self.current_account}:root"
        return ActionResult({"taskDefinition": definition, "tags": definition.tags})

    def list_task_definitions(self) -> ActionResult:
        backend = self.ecs_backend
        found, token = page(
            backend.definitions.list_all(
                self._get_param("familyPrefix"), self._get_param("status", "ACTIVE"), backend.now()
            ),
            lambda definition: f"{definition.family}:{definition.revision:010}",
            self._get_int_param("maxResults", LIST_DEFAULT),
            self._get_param("nextToken"),
            invalid_parameter,
            descending=self._get_param("sort", "ASC") == "DESC",
        )
        return _paged("taskDefinitionArns", [definition.arn for definition in found], token)

    def list_task_definition_families(self) -> ActionResult:
        backend = self.ecs_backend
        families = backend.definitions.list_families(
            self._get_param("familyPrefix", ""), self._get_param("status", "ALL"), backend.now()
        )
        return self._page("families", families, LIST_DEFAULT)

    def deregister_task_definition(self) -> ActionResult:
        backend = self.ecs_backend
        definition = backend.definitions.deregister(self.params["taskDefinition"], backend.now())
        return ActionResult({"taskDefinition": definition})

    def delete_task_definitions(self) -> ActionResult:
        backend = self.ecs_backend
        deleted, failures = backend.definitions.delete(self.params["taskDefinitions"], backend.now())
        return ActionResult({"taskDefinitions": deleted, "failures": failures})

    # Refused: tasks outside of services, container instances and task sets are not simulated.

    def run_task(self) -> ActionResult:
        raise client_error("This sandbox starts tasks for services only.")

    def start_task(self) -> ActionResult:
        raise client_error("This sandbox starts tasks for services only.")

    def register_container_instance(self) -> ActionResult:
        raise client_error("This sandbox does not simulate container instances.")

    def create_task_set(self) -> ActionResult:
        raise client_error("This sandbox does not simulate task sets.")

    # Helpers. Underscored: a public name would be an action.

    @property
    def _cluster(self) -> str:
        return str(self._get_param("cluster", "default"))

    @property
    def _with_tags(self) -> bool:
        return "TAGS" in self._get_param("include", [])

    def _arn(self, kind: str, cluster: str, reference: str) -> str:
        if reference.startswith("arn:"):
            return reference
        return f"arn:{self.partition}:ecs:{self.region}:{self.current_account}:{kind}/{cluster}/{reference}"

    def _service(self, backend: SimulatedEcsBackend, service: Service) -> ActionResult:
        shown = render_service(service, backend.scheduler.alive(service), include_tags=True)
        return ActionResult({"service": shown})

    def _page(self, key: str, items: list[str], default_size: int) -> ActionResult:
        size = self._get_int_param("maxResults", default_size)
        found, token = page(items, lambda item: item, size, self._get_param("nextToken"), invalid_parameter)
        return _paged(key, found, token)


def _paged(key: str, items: list[str], token: str | None) -> ActionResult:
    return ActionResult({key: items, "nextToken": token} if token else {key: items})


def _find_task(backend: SimulatedEcsBackend, cluster_name: str, reference: str) -> Task | None:
    task_id = reference.rsplit("/", 1)[-1]
    tasks = backend.scheduler.tasks.get(cluster_name, {}).values()
    return next((task for task in tasks if task.id == task_id), None)
