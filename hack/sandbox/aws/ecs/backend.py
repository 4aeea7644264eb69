"""moto's ECS backend with a scheduler in it. All simulator state lives here: moto rebuilds backends to reset.

moto keeps clusters, task definitions, tags and account settings; services and tasks are ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast

import moto.ecs.urls
from moto.core.resource_tagging import TaggedResource
from moto.ecs.models import Cluster, EC2ContainerServiceBackend

from hack.sandbox.aws.ecs.capacity import check_still_offered
from hack.sandbox.aws.ecs.errors import cluster_contains_services, cluster_contains_tasks, cluster_not_found
from hack.sandbox.aws.ecs.faults import Faults
from hack.sandbox.aws.ecs.launch import Launcher
from hack.sandbox.aws.ecs.linked_role import ServiceLinkedRole
from hack.sandbox.aws.ecs.model import Deployment, Service
from hack.sandbox.aws.ecs.scheduler import Scheduler, Services, Tasks
from hack.sandbox.aws.ecs.services import ServiceApi
from hack.sandbox.aws.ecs.task_definitions import TaskDefinitions
from hack.sandbox.aws.ecs.timing import Clock, Timing, utc_now
from hack.sandbox.aws.network import VpcNetwork


@dataclass(frozen=True)
class Simulation:
    """What a sandbox sets for every ECS backend that moto builds."""

    clock: Clock = utc_now
    timing: Timing = field(default_factory=Timing)
    linked_role: ServiceLinkedRole = field(default_factory=ServiceLinkedRole)
    faults: Faults = field(default_factory=Faults)


class SimulatedEcsBackend(EC2ContainerServiceBackend):
    """One account and region. `simulation` is set before moto builds the first backend."""

    SERVICE_NAMESPACE = "ecs"
    simulation: ClassVar[Simulation] = Simulation()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        timing = self.simulation.timing
        network = VpcNetwork(account_id, region_name)
        self.definitions = TaskDefinitions(self.task_definitions, timing, self._is_in_use)
        self.scheduler = Scheduler(
            services=cast("Services", self.services),
            tasks=cast("Tasks", self.tasks),
            find_definition=self.describe_task_definition,
            launcher=Launcher(account_id, region_name, self.partition, network),
            timing=timing,
            faults=self.simulation.faults,
        )
        self.service_api = ServiceApi(self.scheduler, self.describe_task_definition)

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return moto.ecs.urls

    def now(self) -> datetime:
        return self.simulation.clock()

    def tick(self) -> None:
        self.scheduler.tick(self.now())

    def active_cluster(self, name_or_arn: str) -> Cluster:
        """Raises ClusterNotFoundException, also for a deleted cluster."""
        cluster = self.clusters.get(name_or_arn.rsplit("/", 1)[-1])
        if cluster is None or cluster.status != "ACTIVE":
            raise cluster_not_found()
        return cluster

    def create_cluster(self, cluster_name: str, *args: Any, **kwargs: Any) -> Cluster:
        """An ACTIVE cluster of the name is returned unchanged, as AWS does."""
        self.simulation.linked_role.use(self.account_id, self.region_name)
        existing = self.clusters.get(cluster_name)
        if existing is not None and existing.status == "ACTIVE":
            return existing
        return super().create_cluster(cluster_name, *args, **kwargs)

    def put_cluster_capacity_providers(
        self, cluster_name: str, capacity_providers: list[str] | None, *args: Any, **kwargs: Any
    ) -> Cluster:
        cluster = self.active_cluster(cluster_name)
        users = [
            service
            for service in self.scheduler.services.values()
            if service.cluster_name == cluster.name and service.status != "INACTIVE"
        ]
        check_still_offered(users, capacity_providers or [])
        return super().put_cluster_capacity_providers(cluster_name, capacity_providers, *args, **kwargs)

    def list_clusters(self) -> list[str]:
        return [cluster.arn for cluster in self.clusters.values() if cluster.status == "ACTIVE"]

    def delete_cluster(self, cluster_str: str) -> Cluster:
        cluster = self.active_cluster(cluster_str)
        services = [s for s in self.scheduler.services.values() if s.cluster_name == cluster.name]
        if any(service.status != "INACTIVE" for service in services):
            raise cluster_contains_services()
        if any(task.status != "STOPPED" for task in self.scheduler.tasks.get(cluster.name, {}).values()):
            raise cluster_contains_tasks()
        return super().delete_cluster(cluster_str)

    def describe_clusters(self, cluster_names: list[str]) -> tuple[list[Cluster], list[Any]]:
        clusters, failures = super().describe_clusters(cluster_names)
        for cluster in clusters:
            self._count(cluster)
        return clusters, failures

    def _count(self, cluster: Cluster) -> None:
        services = [s for s in self.scheduler.services.values() if s.cluster_name == cluster.name]
        tasks = self.scheduler.tasks.get(cluster.name, {}).values()
        cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
        cluster.running_tasks_count = sum(task.is_running for task in tasks)
        cluster.pending_tasks_count = sum(task.is_pending for task in tasks)

    def _is_in_use(self, definition_arn: str) -> bool:
        tasks = (task for tasks in self.scheduler.tasks.values() for task in tasks.values())
        if any(t.task_definition_arn == definition_arn and t.status != "STOPPED" for t in tasks):
            return True
        services = (s for s in self.scheduler.services.values() if s.status != "INACTIVE")
        return any(d.task_definition_arn == definition_arn for s in services for d in _deployments(s))

    def describe_task_definition(self, task_definition_str: str) -> Any:
        return self.definitions.find(task_definition_str, self.now())

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Without what AWS no longer shows: inactive services and clusters, deleted task definitions."""
        present = {definition.arn for definition in self.definitions.present(self.now())}
        present |= {s.arn for s in self.scheduler.services.values() if s.status != "INACTIVE"}
        present |= {c.arn for c in self.clusters.values() if c.status == "ACTIVE"}
        present |= {arn for tasks in self.scheduler.tasks.values() for arn in tasks}
        return (resource for resource in super().iter_tagged_resources() if resource.arn in present)


def _deployments(service: Service) -> list[Deployment]:
    """Those shown, and the one that a failure leads back to."""
    return [*service.deployments, *([service.last_completed] if service.last_completed else [])]
