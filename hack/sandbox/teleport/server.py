"""The Teleport sandbox: an auth server over gRPC and mutual TLS on loopback, and the agents of its cluster."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rds_enrollment.teleport.wire.event_pb2 import Event, Watch
from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

from hack.sandbox.aws.tasks import Reachability, RunningTask, TaskSource
from hack.sandbox.gate import Gate, Reads, Write
from hack.sandbox.teleport.agents import AgentFleet, AgentTiming
from hack.sandbox.teleport.auth_service import AuthService
from hack.sandbox.teleport.authority import Authority
from hack.sandbox.teleport.aws_oidc_service import AssumeRole, AwsOidcService
from hack.sandbox.teleport.calls import CallLayer
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.event_streams import EventStreams
from hack.sandbox.teleport.integration_service import IntegrationService
from hack.sandbox.teleport.listener import LOOPBACK, Listener
from hack.sandbox.teleport.resources import Clock, Resources
from hack.sandbox.teleport.roles import BOT_ROLE, Role
from hack.sandbox.teleport.user_task_service import UserTaskService

BOT_USER = "bot-rds-enrollment-operator"


def utc_now() -> datetime:
    return datetime.now(UTC)


class _NoTasks:
    """The AWS of a cluster without agents."""

    def running_tasks(self) -> list[RunningTask]:
        return []

    def can_reach(self, task: RunningTask, host: str, port: int) -> Reachability:
        raise LookupError(f"{task.task_arn} is no task of this AWS: it has none")

    def admits(self, task: RunningTask, host: str, user: str) -> bool:
        raise LookupError(f"{task.task_arn} is no task of this AWS: it has none")

    def log(self, task: RunningTask, line: str) -> None:
        raise LookupError(f"{task.task_arn} is no task of this AWS: it has none")


class TeleportSandbox:
    """One Teleport cluster. A context manager; `stop` and `start` again keep port, identities and resources.

    All methods may be called from any thread.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        cluster_name: str = "example.teleport.sh",
        version: str = "18.0.0",
        proxy_address: str = "teleport.example.com:443",
        role: Role = BOT_ROLE,
        tasks: TaskSource | None = None,
        agent_timing: AgentTiming | None = None,
        latency: float = 0.0,
        latencies: Mapping[str, float] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Port 0 takes a free one. Without `tasks` there are no agents.

        `latency` is the seconds that each call takes, `latencies` those of single `package.Service/Method`s. `clock`
        drives expiry and agents; certificates follow the machine's clock.
        """
        self.latency = latency
        self.latencies = dict(latencies or {})
        self._role = role
        self._has_tasks = tasks is not None
        self._cluster = Cluster(cluster_name, version, proxy_address, clock, role=role)
        self._folder = tempfile.TemporaryDirectory(prefix="teleport-sandbox-")
        self.authority = Authority(cluster_name, utc_now())
        self.identity_file = self.authority.write_identity(Path(self._folder.name) / "identity", BOT_USER)
        self._calls = CallLayer(self._latency_of)
        self.events = EventStreams(self._cluster)
        """The streams of events, to be dropped and held."""
        self._aws_oidc = AwsOidcService(self._cluster)
        services = [
            self._calls.servable(AuthService(self._cluster, self.authority).rpcs()),
            self._calls.servable(IntegrationService(self._cluster).rpcs()),
            self._calls.servable(self._aws_oidc.rpcs()),
            self._calls.servable(UserTaskService(self._cluster).rpcs()),
            self._calls.streaming(EventStreams.name, Watch, Event, self.events.serve),
        ]
        self._listener = Listener(services, self.authority.server_context(), port)
        self.agents = AgentFleet(self._cluster, tasks or _NoTasks(), agent_timing or AgentTiming())

    def __enter__(self) -> Self:
        """Raises OSError when the port is taken."""
        try:
            self.start()
        except OSError:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Serve; agents begin to look for tasks. Raises OSError when the port is taken."""
        self._listener.start()
        if self._has_tasks:
            self.agents.start()

    def stop(self) -> None:
        """Close the port and every connection, as a cluster that is down."""
        self.agents.stop()
        self._listener.stop()

    def close(self) -> None:
        """Stop for good and remove the identity file."""
        self.stop()
        self._calls.close()
        self._folder.cleanup()

    def reset(self) -> None:
        """An empty cluster and an empty call log, the first role again; running tasks join anew.

        Gate, latencies, clock and what the cluster says about itself stay.
        """
        self._cluster.role = self._role
        self.agents.reset()
        self._cluster.resources.clear()
        self._calls.log.clear()

    @property
    def address(self) -> str:
        """host:port of the auth server."""
        return f"{LOOPBACK}:{self._listener.port}"

    @property
    def resources(self) -> Resources:
        """What the cluster stores, for seeding and for looking at it past the API: no rule, gate or log applies."""
        return self._cluster.resources

    @property
    def calls(self) -> Counter[str]:
        """Calls per `package.Service/Method` since the start or the last reset."""
        return self._calls.log.counts

    @property
    def writes(self) -> list[Write]:
        """Writes in the order of their arrival, refused ones too."""
        return self._calls.log.writes

    @property
    def gate(self) -> Gate | None:
        """Called around every write."""
        return self._calls.gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self._calls.gate = gate

    @property
    def reads(self) -> Reads | None:
        """Asked for the answer to each read but the streams."""
        return self._calls.reads

    @reads.setter
    def reads(self, reads: Reads | None) -> None:
        self._calls.reads = reads

    @property
    def assume_role(self) -> AssumeRole:
        """How AWS answers when Teleport acts through an integration."""
        return self._aws_oidc.assume_role

    @assume_role.setter
    def assume_role(self, assume_role: AssumeRole) -> None:
        self._aws_oidc.assume_role = assume_role

    @property
    def role(self) -> Role:
        """The role of the bot."""
        return self._cluster.role

    @role.setter
    def role(self, role: Role) -> None:
        self._cluster.role = role

    @property
    def cluster_name(self) -> str:
        """Certificates keep the first name when it is changed, as behind an address that leads elsewhere."""
        return self._cluster.name

    @cluster_name.setter
    def cluster_name(self, name: str) -> None:
        self._cluster.name = name

    @property
    def version(self) -> str:
        return self._cluster.version

    @version.setter
    def version(self, version: str) -> None:
        self._cluster.version = version

    @property
    def maintenance(self) -> AgentUpgradeWindow | None:
        """When agents may be upgraded; None: nobody has said."""
        return self._cluster.maintenance

    @maintenance.setter
    def maintenance(self, window: AgentUpgradeWindow | None) -> None:
        self._cluster.maintenance = window

    @property
    def proxy_address(self) -> str:
        return self._cluster.proxy_address

    @proxy_address.setter
    def proxy_address(self, address: str) -> None:
        self._cluster.proxy_address = address

    def _latency_of(self, rpc: str) -> float:
        return self.latencies.get(rpc, self.latency)
