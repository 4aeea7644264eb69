"""Starting the containers of a task: image pull over the simulated network, then the awslogs driver.

The error texts are those that ECS shows as `stoppedReason`.
"""

from datetime import datetime
from typing import Any

from moto.logs.models import logs_backends

from hack.sandbox.aws.ecs.lifecycle import StartError
from hack.sandbox.aws.ecs.model import Task
from hack.sandbox.aws.network import HTTPS, REGISTRY_ADDRESS, VpcNetwork


def start_containers(account: str, network: VpcNetwork, task: Task, now: datetime) -> StartError:
    """Pulls and starts every container; the first one that cannot start is the task's reason."""
    interface, image = task.interface, str(task.containers[0]["image"])
    if network.has_subnet(interface.subnet_id) and not network.resolves_names(interface.subnet_id):
        return cannot_pull(image, f": lookup {_split_image(image)[0]}: i/o timeout")
    if not network.reaches_internet(interface.subnet_id, interface.security_groups, task.has_public_ip):
        return cannot_pull(image)
    for container in task.containers:
        if error := _open_log(account, task, container, now):
            return error
    return ""


def cannot_pull(image: str, cause: str = f" {REGISTRY_ADDRESS}:{HTTPS}: i/o timeout") -> str:
    """The text of an image pull that times out."""
    registry, repository, tag = _split_image(image)
    url = f"https://{registry}/v2/{repository}/manifests/{tag}"
    return (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
        f'failed to resolve ref {image}: failed to do request: Head "{url}": '
        f"dial tcp{cause}"
    )


def _split_image(image: str) -> tuple[str, str, str]:
    registry, _, path = image.partition("/")
    if "." not in registry:
        registry, path = "registry-1.docker.io", image
    repository, separator, tag = path.rpartition(":")
    return (registry, repository, tag) if separator else (registry, path, "latest")


def log_stream_name(task: Task, container: dict[str, Any]) -> str:
    """`prefix/container/task id`, as the awslogs driver names streams on Fargate."""
    prefix = container["logConfiguration"]["options"]["awslogs-stream-prefix"]
    return f"{prefix}/{container['name']}/{task.id}"


def _open_log(account: str, task: Task, container: dict[str, Any], now: datetime) -> StartError:
    configuration = container.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return ""
    options = configuration["options"]
    backend: Any = logs_backends[account][options["awslogs-region"]]
    group = options["awslogs-group"]
    if group not in backend.groups:
        if options.get("awslogs-create-group") != "true":
            return (
                "ResourceInitializationError: failed to validate logger args: create stream has been retried "
                "1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
                "The specified log group does not exist. : exit status 1"
            )
        backend.create_log_group(group, {})
    stream = log_stream_name(task, container)
    backend.create_log_stream(group, stream)
    write_log(account, task, f"{container['name']}: started", now)
    return ""


def write_log(account: str, task: Task, text: str, now: datetime) -> None:
    """A line of the task's first container. A log that is gone takes none, as the awslogs driver drops it."""
    container = task.containers[0]
    configuration = container.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return
    options = configuration["options"]
    backend: Any = logs_backends[account][options["awslogs-region"]]
    group, stream = options["awslogs-group"], log_stream_name(task, container)
    if group in backend.groups and stream in backend.groups[group].streams:
        backend.put_log_events(group, stream, [{"timestamp": int(now.timestamp() * 1000), "message": text}])
