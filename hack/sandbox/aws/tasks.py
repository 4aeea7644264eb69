"""What an agents simulator asks of the AWS sandbox: which tasks run, and what they can reach.

In-process through `AwsSandbox`, or over HTTP through `http_source(url)`; both are a `TaskSource`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from urllib.request import urlopen

_HTTP_TIMEOUT = 10.0


@dataclass(frozen=True)
class RunningTask:
    """A RUNNING ECS task of a service; command and environment are those of its first container."""

    account: str
    region: str
    task_arn: str
    cluster_arn: str
    service_name: str
    task_role_arn: str
    """Full ARN; empty when the task definition names no task role."""
    command: list[str]
    environment: dict[str, str]
    private_ip: str
    private_dns_name: str
    """Empty in a VPC without DNS hostnames."""
    eni_id: str
    vpc_id: str
    subnet_id: str
    security_groups: list[str]
    started_at: datetime

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "started_at": self.started_at.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RunningTask":
        return cls(**{**data, "started_at": datetime.fromisoformat(data["started_at"])})


@dataclass(frozen=True)
class Reachability:
    """Whether a TCP connection opens; `error` reads like one of Go's net package, empty when ok."""

    ok: bool
    error: str = ""


TaskHealth = Callable[[RunningTask], bool]
"""Whether the command of a task's container health check would succeed now."""


class TaskSource(Protocol):
    def running_tasks(self) -> list[RunningTask]:
        """Every running task of every account and region, by ARN."""

    def can_reach(self, task: RunningTask, host: str, port: int) -> Reachability:
        """Whether the task can connect to an RDS endpoint."""

    def admits(self, task: RunningTask, host: str, user: str) -> bool:
        """Whether RDS takes a token, signed with the task's role, for a database user at an endpoint."""

    def log(self, task: RunningTask, line: str) -> None:
        """A line that the task's container logs."""


class _HttpSource:
    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def running_tasks(self) -> list[RunningTask]:
        return [RunningTask.from_json(item) for item in self._get("tasks", {})["tasks"]]

    def can_reach(self, task: RunningTask, host: str, port: int) -> Reachability:
        return Reachability(**self._get("reachable", {"task": task.task_arn, "host": host, "port": port}))

    def admits(self, task: RunningTask, host: str, user: str) -> bool:
        return bool(self._get("admits", {"task": task.task_arn, "host": host, "user": user})["admitted"])

    def log(self, task: RunningTask, line: str) -> None:
        query = urlencode({"task": task.task_arn, "line": line})
        with urlopen(f"{self._url}/_sandbox/log?{query}", data=b"", timeout=_HTTP_TIMEOUT):  # noqa: S310 - our own
            pass

    def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        address = f"{self._url}/_sandbox/{path}?{urlencode(query)}"
        with urlopen(address, timeout=_HTTP_TIMEOUT) as answer:  # noqa: S310 - the sandbox's own URL
            document: dict[str, Any] = json.load(answer)
            return document


def http_source(url: str) -> TaskSource:
    """The tasks of a sandbox in another process. Calls raise OSError when it cannot be reached."""
    return _HttpSource(url)
