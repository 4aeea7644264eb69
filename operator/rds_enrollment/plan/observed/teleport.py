"""Teleport objects as the planning sees them: only the fields that it compares or reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rds_enrollment.api.databases import TlsMode
from rds_enrollment.plan.observed import Seen


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When agents may be upgraded (types.AgentUpgradeWindow): an hour of the day, on some days."""

    start_hour: int
    """In UTC, 0 to 23."""
    weekdays: frozenset[int] = frozenset()
    """As datetime counts them, Monday is 0; none is every day."""


@dataclass(frozen=True, slots=True)
class TeleportCluster:
    """The cluster behind the connection (proto.AuthService/Ping, and its proxy's GET /webapi/find)."""

    name: str
    version: str
    """Semantic version of the auth server, without a leading v."""
    proxy_address: str
    """host:port of the proxy's public address; empty when the server publishes none."""
    cloud: bool
    edition: str = ""
    """oss, ent or community, as the proxy tells it; empty when it could not be asked."""
    agent_version: str = ""
    """The version that the cluster's automatic updates give to agents, without a leading v; empty as above, or when
    the cluster tells none."""
    window: Seen[MaintenanceWindow | None] = None
    """None when agents may be upgraded at any time."""

    @property
    def enterprise(self) -> bool:
        """Whether it is Teleport Enterprise, as every cloud is: decides which image agents run."""
        return self.edition == "ent" if self.edition else self.cloud


@dataclass(frozen=True, slots=True)
class JoinRule:
    """One allow rule of an IAM join token (types.TokenRule)."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class JoinToken:
    """A provision token (types.ProvisionTokenV2, version v2)."""

    name: str
    join_method: str
    roles: frozenset[str]
    rules: frozenset[JoinRule]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration object (types.IntegrationV1). `role_arn` is empty for other sub kinds than aws-oidc."""

    name: str
    sub_kind: str
    role_arn: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntegrationProof:
    """Teleport's try to act in AWS through an integration (AWSOIDCService/Ping)."""

    account: str = ""
    """The account that it acted in; empty when it could not."""
    refusal: str = ""
    """Why it could not, in Teleport's and AWS's words."""


@dataclass(frozen=True, slots=True)
class RdsMetadata:
    """types.RDS: the RDS part of a database's AWS metadata."""

    instance_id: str = ""
    cluster_id: str = ""
    resource_id: str = ""
    iam_auth: bool = False
    subnets: tuple[str, ...] = ()
    vpc_id: str = ""
    security_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseTls:
    """types.DatabaseTLS: how agents verify the database's certificate."""

    mode: TlsMode = TlsMode.VERIFY_FULL
    ca_certificate: str = ""
    """PEM; empty: what agents download for RDS."""
    server_name: str = ""
    """The name expected in the certificate; empty: the host of the URI."""
    trust_system_cert_pool: bool = False


@dataclass(frozen=True, slots=True)
class Database:
    """A `db` object (types.DatabaseV3)."""

    name: str
    description: str
    labels: Mapping[str, str]
    protocol: str
    uri: str
    """host:port"""
    region: str
    account_id: str
    rds: RdsMetadata
    tls: DatabaseTls = DatabaseTls()


@dataclass(frozen=True, slots=True)
class Agent:
    """A Database Service's heartbeat (`db_service`, types.DatabaseServiceV1)."""

    host_id: str
    hostname: str
    matchers: tuple[Mapping[str, tuple[str, ...]], ...]
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """types.TargetHealth of a `db_server`: an agent's TCP check of the database's endpoint."""

    status: str
    """healthy, unhealthy, unknown, or empty when the agent is too old to report."""
    error: str
    message: str
    transition_reason: str = ""
    """initialized, disabled (no health_check_config matches), threshold_reached or internal_error."""


@dataclass(frozen=True, slots=True)
class RdsUserTask:
    """What Teleport's Discovery Service asks people to solve about RDS (teleport.usertasks.v1.UserTask)."""

    issue: str
    """E.g. rds-iam-auth-disabled."""
    account_id: str
    region: str
    databases: frozenset[str]
    """Identifiers of instances, and of clusters."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """One agent's proxy of one database (`db_server`, types.DatabaseServerV3)."""

    database: str
    host_id: str
    hostname: str
    version: str
    expires: datetime | None
    health: TargetHealth
