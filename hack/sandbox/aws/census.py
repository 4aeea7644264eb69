"""Reads running tasks out of the simulated ECS, and answers what they can reach in their VPC."""

from collections.abc import Iterator
from typing import cast

from moto.ecs.models import ecs_backends

from hack.sandbox.aws.ecs import container
from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend
from hack.sandbox.aws.ecs.model import Task
from hack.sandbox.aws.network import Peer, VpcNetwork
from hack.sandbox.aws.rds import Endpoint, find_endpoint
from hack.sandbox.aws.role_policies import role_allows
from hack.sandbox.aws.tasks import Reachability, RunningTask


def ecs_backends_in_use() -> Iterator[SimulatedEcsBackend]:
    """Every ECS backend that moto has built so far."""
    for account in list(ecs_backends.values()):
        yield from (cast("SimulatedEcsBackend", backend) for backend in list(account.values()))


def running_tasks() -> list[RunningTask]:
    """Sorted by ARN."""
    found = [running_task(backend, task) for backend, task in _running()]
    return sorted(found, key=lambda task: task.task_arn)


def can_reach(task_arn: str, host: str, port: int) -> Reachability:
    """Whether a running task opens a TCP connection to an RDS endpoint.

    A database answers in its own VPC only, on its own port, as far as groups and network ACLs allow.
    """
    for backend, task in _running():
        if task.arn == task_arn:
            return _dial(backend, task, host, port)
    return Reachability(False, f"task {task_arn} is not running")


def admits(task_arn: str, host: str, user: str) -> bool:
    """Whether RDS takes a token, signed with the role of a running task, for a database user at an endpoint.

    Source: Amazon RDS User Guide, "Creating and using an IAM policy for IAM database access".
    """
    for backend, task in _running():
        if task.arn == task_arn:
            endpoint = find_endpoint(backend.account_id, backend.region_name, host)
            place = f"arn:aws:rds-db:{backend.region_name}:{backend.account_id}:dbuser"
            return (
                endpoint is not None
                and endpoint.iam_authentication
                and role_allows(
                    task.task_role_arn, "rds-db:connect", f"{place}:{endpoint.resource_id}/{user}"
                )
            )
    return False


def _running() -> Iterator[tuple[SimulatedEcsBackend, Task]]:
    for backend in ecs_backends_in_use():
        for tasks in backend.scheduler.tasks.values():
            yield from ((backend, task) for task in tasks.values() if task.is_running)


def write_log(task_arn: str, line: str) -> None:
    """A line in the log of a task, whether it runs or not."""
    for backend in ecs_backends_in_use():
        for tasks in backend.scheduler.tasks.values():
            if task_arn in tasks:
                container.write_log(backend.account_id, tasks[task_arn], line, backend.now())


def _dial(backend: SimulatedEcsBackend, task: Task, host: str, port: int) -> Reachability:
    network = VpcNetwork(backend.account_id, backend.region_name)
    endpoint = find_endpoint(backend.account_id, backend.region_name, host)
    subnets = [subnet for subnet in endpoint.subnet_ids if network.has_subnet(subnet)] if endpoint else []
    if endpoint is None or not subnets:
        return Reachability(False, f"dial tcp: lookup {host}: no such host")
    subnet_id = subnets[0]
    address = network.endpoint_address(subnet_id, host)
    peer = Peer(address, endpoint.security_groups)
    same_vpc = endpoint.vpc_id == task.interface.vpc_id
    if not same_vpc or not network.connects(task.interface, peer, subnet_id, port):
        return Reachability(False, f"dial tcp {address}:{port}: i/o timeout")
    if not _listens(endpoint, port):
        return Reachability(False, f"dial tcp {address}:{port}: connect: connection refused")
    return Reachability(True)


def _listens(endpoint: Endpoint, port: int) -> bool:
    return endpoint.is_available and endpoint.port == port


def running_task(backend: SimulatedEcsBackend, task: Task) -> RunningTask:
    """What others see of a task that runs."""
    container = task.containers[0]
    if task.started_at is None:
        raise ValueError(f"task {task.arn} runs and never started")
    return RunningTask(
        account=backend.account_id,
        region=backend.region_name,
        task_arn=task.arn,
        cluster_arn=task.cluster_arn,
        service_name=task.service_name,
        task_role_arn=task.task_role_arn,
        command=list(container.get("command") or []),
        environment={entry["name"]: entry["value"] for entry in container.get("environment") or []},
        private_ip=task.interface.private_ip,
        private_dns_name=task.interface.private_dns_name,
        eni_id=task.interface.id,
        vpc_id=task.interface.vpc_id,
        subnet_id=task.interface.subnet_id,
        security_groups=list(task.interface.security_groups),
        started_at=task.started_at,
    )
