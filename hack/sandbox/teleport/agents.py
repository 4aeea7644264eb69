"""The agents: every running ECS task that carries a Database Service tries to join, and then beats.

A task becomes an agent after `join_delay`, when its configuration can be decoded and a join token admits its role.
When it is gone, its heartbeats stay until they expire, unless it was stopped gracefully.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from hack.sandbox.aws.tasks import RunningTask, TaskSource
from hack.sandbox.teleport.agent import Agent
from hack.sandbox.teleport.agent_config import AgentConfig, ConfigError, decode_config
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.heartbeats import Host
from hack.sandbox.teleport.join import JoinDenied, check_join

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1

_SIGNAL_REWRITE = ["--rewrite", "15:3"]
_DEPLOYED_BY_INTEGRATION = "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE"
_VERSION = "TELEPORT_EXT_UPGRADER_VERSION"


@dataclass
class AgentTiming:
    """May be changed at any time; holds from the next tick on."""

    join_delay: timedelta = timedelta(seconds=0.3)
    """From the tick that first sees the task to its first attempt."""
    join_retry: timedelta = timedelta(seconds=1)
    heartbeat_interval: timedelta = timedelta(seconds=2)
    """Also that of health checks."""
    heartbeat_ttl: timedelta = timedelta(minutes=10)


@dataclass(frozen=True)
class JoinFailure:
    """The attempts of a task that failed for one reason."""

    task_arn: str
    reason: str
    attempts: int
    last: datetime


class AgentFleet:
    """All agents of a cluster. `start` ticks in a thread; a test with its own clock calls `tick` instead."""

    def __init__(
        self,
        cluster: Cluster,
        source: TaskSource,
        timing: AgentTiming,
        new_host_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self.timing = timing
        self.stops_gracefully = True
        """False: tasks die without a farewell, and their heartbeats have to expire."""
        self.faults: dict[str, str] = {}
        """What the agents of single ECS services, by name, meet instead of joining: the error that they log."""
        self._cluster = cluster
        self._source = source
        self._new_host_id = new_host_id
        self._lock = threading.Lock()
        self._next_attempt: dict[str, datetime] = {}
        self._agents: dict[str, Agent] = {}
        self._failures: dict[tuple[str, str], JoinFailure] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def joined(self) -> dict[str, Host]:
        """Task ARN -> its agent, of the tasks that run."""
        with self._lock:
            return {arn: agent.host for arn, agent in self._agents.items()}

    def with_host_id(self, host_id: str) -> Agent | None:
        """The agent of a task that runs; None when there is none."""
        with self._lock:
            return next((item for item in self._agents.values() if item.host.host_id == host_id), None)

    @property
    def join_failures(self) -> list[JoinFailure]:
        """One for each task and reason, in the order of their first occurrence."""
        with self._lock:
            return list(self._failures.values())

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="teleport-agents", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def reset(self) -> None:
        """Forget every agent and failure; running tasks join anew."""
        with self._lock:
            self._next_attempt.clear()
            self._agents.clear()
            self._failures.clear()

    def tick(self) -> None:
        """One look at the tasks and the databases. Raises what the task source raises."""
        with self._lock:
            now = self._cluster.clock()
            tasks = {task.task_arn: task for task in self._source.running_tasks()}
            self._drop_gone(tasks)
            for task in tasks.values():
                self._try_to_join(task, now)
            for agent in self._agents.values():
                agent.tick(now, self.timing.heartbeat_interval, self.timing.heartbeat_ttl)

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.tick()
            except OSError as error:
                log.warning("the task source does not answer: %s", error)
            except Exception:
                log.exception("the agents failed at a tick")

    def _drop_gone(self, tasks: dict[str, RunningTask]) -> None:
        for arn in self._agents.keys() - tasks.keys():
            agent = self._agents.pop(arn)
            if self.stops_gracefully and _drains_on_sigterm(agent.task):
                agent.leave()
        for arn in self._next_attempt.keys() - tasks.keys():
            del self._next_attempt[arn]

    def _try_to_join(self, task: RunningTask, now: datetime) -> None:
        if task.task_arn in self._agents:
            return
        due = self._next_attempt.setdefault(task.task_arn, now + self.timing.join_delay)
        if now < due:
            return
        try:
            config = decode_config(task.command)
            self._meet_fault(task)
            check_join(config, task, self._cluster)
        except (ConfigError, JoinDenied) as refusal:
            self._note(task.task_arn, str(refusal), now)
            self._log(task, refusal.told if isinstance(refusal, JoinDenied) else str(refusal), now)
            self._next_attempt[task.task_arn] = now + self.timing.join_retry
            return
        host = self._host(task, config)
        self._agents[task.task_arn] = Agent(task, host, self._cluster.resources, self._source)

    def _meet_fault(self, task: RunningTask) -> None:
        """Raises JoinDenied."""
        if fault := self.faults.get(task.service_name):
            raise JoinDenied(fault)

    def _log(self, task: RunningTask, error: str, now: datetime) -> None:
        """As Teleport's lib/service/connect.go logs it in the text format."""
        text = "Failed to establish connection to cluster."
        self._source.log(
            task, f"{now:%Y-%m-%dT%H:%M:%SZ} ERRO [PROC:1]    {text} identity:Instance error:[{error}]"
        )

    def _note(self, task_arn: str, reason: str, now: datetime) -> None:
        log.info("task %s cannot join: %s", task_arn, reason)
        last = self._failures.get((task_arn, reason)) or JoinFailure(task_arn, reason, 0, now)
        self._failures[task_arn, reason] = replace(last, attempts=last.attempts + 1, last=now)

    def _host(self, task: RunningTask, config: AgentConfig) -> Host:
        return Host(
            host_id=self._new_host_id(),
            hostname=config.teleport.nodename or task.private_dns_name or _hostname(task.private_ip),
            # The image's tag is not among what a task source tells; deployments repeat it for the updater.
            version=task.environment.get(_VERSION, self._cluster.version),
            deployed_by_integration=task.environment.get(_DEPLOYED_BY_INTEGRATION) == "true",
            selectors=tuple(matcher.labels for matcher in config.database_service.resources),
        )


def _hostname(private_ip: str) -> str:
    """The name that AWS gives a host in a VPC without DNS hostnames."""
    return f"ip-{private_ip.replace('.', '-')}"


def _drains_on_sigterm(task: RunningTask) -> bool:
    """ECS stops with SIGTERM (15); dumb-init makes SIGQUIT (3) of it, which Teleport takes as a graceful stop."""
    own = task.command[: task.command.index("--")] if "--" in task.command else []
    return own[: len(_SIGNAL_REWRITE)] == _SIGNAL_REWRITE
