"""What a diagnosis shows of one deployment, for people and for programs."""

from dataclasses import dataclass

from rds_enrollment.plan.diagnosis.login import LoginResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One condition, as it stands now."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """One of the last tasks that failed."""

    id: str
    stopped_at: str
    reason: str
    message: str
    hint: str
    console_url: str
    logs_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """What one agent reports of a database: a TCP check. `status` is empty when it reports none."""

    host: str
    status: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HopView:
    """One thing that a connection passes, or, `blocks`, the one that it does not."""

    id: str
    detail: str
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView:
    """A login that was tried through Teleport: as `user` to the database `name` of the server. `result` is a
    LoginResult; `said` and `advice` are empty after a login."""

    user: str
    name: str
    result: str
    said: str
    advice: str

    @property
    def failed(self) -> bool:
        return self.result not in (LoginResult.LOGGED_IN, LoginResult.NOT_TRIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseView:
    """The way to one database. `way`: open, blocked, ambiguous, or unknown where the network was not seen."""

    name: str
    address: str
    way: str
    message: str
    agents: tuple[AgentView, ...]
    hops: tuple[HopView, ...]
    assumptions: tuple[str, ...]
    reached: bool
    """As the agents say; as the model of the VPC says where none reports."""
    login: LoginView | None = None
    """None where none was asked for."""

    @property
    def is_well(self) -> bool:
        return self.reached and not (self.login and self.login.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentReport:
    """Everything now. `healthy`: it is Ready, and the databases that were asked about are reached, and let in who was
    to be let in."""

    namespace: str
    name: str
    region: str
    vpc_id: str
    healthy: bool
    wanted: int
    running: int | None
    connected: int | None
    agent_version: str
    console_url: str
    logs_url: str
    conditions: tuple[Statement, ...]
    tasks: tuple[FailedTask, ...]
    databases: tuple[DatabaseView, ...]
