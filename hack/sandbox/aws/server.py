"""The AWS sandbox: moto 5.2.5 with a simulated ECS, over real HTTP on loopback."""

import logging
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from hack.sandbox.aws import census, moto_hooks, quotas, web_identity
from hack.sandbox.aws.admin import AdminLayer
from hack.sandbox.aws.calls import CallLayer, CallLog, Refusal, Witness
from hack.sandbox.aws.ec2 import SimulatedEc2Backend
from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend, Simulation
from hack.sandbox.aws.ecs.faults import Faults
from hack.sandbox.aws.ecs.linked_role import ServiceLinkedRole
from hack.sandbox.aws.ecs.timing import Clock, Timing, utc_now
from hack.sandbox.aws.health_probe import check_tasks
from hack.sandbox.aws.insights import Analyzer
from hack.sandbox.aws.listener import Listener
from hack.sandbox.aws.tasks import Reachability, RunningTask, TaskHealth
from hack.sandbox.aws.world import DEFAULT_ACCOUNT
from hack.sandbox.gate import Gate, Reads

log = logging.getLogger(__name__)

TICK_SECONDS = 0.02

# moto's models are process-wide, so a process has one AWS at a time.
_process_world = threading.Lock()


class AwsSandbox:
    """One AWS for every account and region, reached through `AWS_ENDPOINT_URL=sandbox.url`.

    A context manager; only one can be open in a process. All methods may be called from any thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        timing: Timing | None = None,
        clock: Clock = utc_now,
        latency: float = 0.0,
        latencies: Mapping[str, float] | None = None,
        task_health: TaskHealth | None = None,
    ) -> None:
        """Port 0 takes a free one.

        `latency` is the seconds that each AWS call takes, `latencies` those of single `service:Operation`s.
        `clock` drives tasks and rollouts. `task_health` decides container health checks; without it they pass.
        """
        self.task_health = task_health
        self.latency = latency
        self.latencies = dict(latencies or {})
        self._port = port
        self._simulation = Simulation(clock, timing or Timing())
        self._world_lock = threading.RLock()
        self._stopping = threading.Event()
        application = DomainDispatcherApplication(create_backend_app)
        self._layer = CallLayer(application, self._world_lock, self._latency_of)
        self._ticker = threading.Thread(target=self._tick_on, name="aws-sandbox-ticker", daemon=True)
        self._listener: Listener | None = None
        self._uninstall: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        """Raises RuntimeError when another sandbox is open, OSError when the port is taken."""
        if not _process_world.acquire(blocking=False):
            raise RuntimeError("another AwsSandbox is open in this process")
        try:
            self._listener = Listener(AdminLayer(self._layer, self), self._port)
        except OSError:
            _process_world.release()
            raise
        SimulatedEcsBackend.simulation = self._simulation
        self._uninstall = moto_hooks.install()
        self._listener.start()
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._ticker.join()
        if self._listener and self._uninstall:
            self._listener.stop()
            with self._world_lock:
                self._uninstall()
            _process_world.release()

    @property
    def url(self) -> str:
        if self._listener is None:
            raise RuntimeError("the sandbox has not been entered")
        return self._listener.url

    @property
    def calls(self) -> CallLog:
        """Counts of all calls and the ordered writes since the start or the last reset."""
        return self._layer.log

    @property
    def gate(self) -> Gate | None:
        """Called around every write."""
        return self._layer.gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self._layer.gate = gate

    @property
    def reads(self) -> Reads | None:
        """Asked for the answer to each read."""
        return self._layer.reads

    @reads.setter
    def reads(self, reads: Reads | None) -> None:
        self._layer.reads = reads

    @property
    def refuse(self) -> Refusal:
        """Asked before each call is served."""
        return self._layer.refuse

    @refuse.setter
    def refuse(self, refuse: Refusal) -> None:
        self._layer.refuse = refuse

    @property
    def witness(self) -> Witness:
        """Told of each call before it takes effect; the world waits for it."""
        return self._layer.witness

    @witness.setter
    def witness(self, witness: Witness) -> None:
        self._layer.witness = witness

    @property
    def service_linked_role(self) -> ServiceLinkedRole:
        """How many first calls of an account find that ECS's service-linked role cannot be used yet."""
        return self._simulation.linked_role

    @property
    def analyzer(self) -> Analyzer:
        """How analyses of the Reachability Analyzer go."""
        return SimulatedEc2Backend.analyzer

    @property
    def task_faults(self) -> Faults:
        """What befalls the tasks of single services, by service name: may be changed at any time."""
        return self._simulation.faults

    def reset(self) -> None:
        """An empty world and an empty call log; gate, latencies, clock, task health and refusals stay."""
        with self._world_lock:
            moto_hooks.empty_world()
            self.service_linked_role.forget()
            self.task_faults.clear()
            self.analyzer.held = False
        self.calls.clear()

    def tick(self) -> None:
        """Brings every service up to the clock and makes the health checks that are due.

        The sandbox does so by itself every 20 ms. Not to be called by whom `task_health` waits for.
        """
        self._advance()
        check_tasks(self._world_lock, self.task_health)
        self._advance()

    def _advance(self) -> None:
        with self._world_lock:
            for backend in census.ecs_backends_in_use():
                backend.tick()

    def running_tasks(self) -> list[RunningTask]:
        """Every running ECS task of every account and region, by ARN."""
        with self._world_lock:
            self._advance()
            return census.running_tasks()

    def can_reach(self, task: RunningTask, host: str, port: int) -> Reachability:
        """Whether a task can connect to an RDS endpoint in the simulated network."""
        return self.reachable(task.task_arn, host, port)

    def reachable(self, task_arn: str, host: str, port: int) -> Reachability:
        """`can_reach` by task ARN."""
        with self._world_lock:
            return census.can_reach(task_arn, host, port)

    def admits(self, task: RunningTask, host: str, user: str) -> bool:
        """Whether RDS takes a token, signed with a task's role, for a database user at an endpoint."""
        return self.admitted(task.task_arn, host, user)

    def admitted(self, task_arn: str, host: str, user: str) -> bool:
        """`admits` by task ARN."""
        with self._world_lock:
            return census.admits(task_arn, host, user)

    def log(self, task: RunningTask, line: str) -> None:
        """A line that a task's container logs."""
        self.write_log(task.task_arn, line)

    def write_log(self, task_arn: str, line: str) -> None:
        """`log` by task ARN."""
        with self._world_lock:
            census.write_log(task_arn, line)

    def set_fargate_vcpus(self, region: str, value: float, account: str = DEFAULT_ACCOUNT) -> None:
        """The quota of Fargate's vCPUs. It is told, and does not keep tasks from starting."""
        with self._world_lock:
            quotas.set_fargate_vcpus(account, region, value)

    def assume_role(self, role_arn: str, issuer: str) -> str | None:
        """Why AWS refuses Teleport's token for a role, or None."""
        with self._world_lock:
            return web_identity.refusal(role_arn, issuer)

    def _latency_of(self, operation: str) -> float:
        return self.latencies.get(operation, self.latency)

    def _tick_on(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.tick()
            except Exception:
                log.exception("the ECS simulation failed at a tick")
