"""What an enrolment wants, and what a pass has seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.observed.teleport import Database, DatabaseServer, RdsUserTask
from rds_enrollment.plan.ownership import Owner


@dataclass(frozen=True, slots=True, order=True)
class Vpc:
    """A VPC of the integration's account."""

    region: str
    vpc_id: str

    def __str__(self) -> str:
        return f"{self.vpc_id} ({self.region})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEnrollment:
    """One RdsEnrollment as its user wrote it."""

    owner: Owner
    uid: str
    """metadata.uid, for the ownerReference of generated deployments."""
    account: str
    """The AWS account that the databases are in."""
    spec: RdsEnrollmentSpec
    teleport_cluster: str
    """Name of the Teleport cluster that the operator is connected to."""
    confirmed_prune: str = ""
    """Token of the removal that somebody approves."""
    confirmed_naming: str = ""
    """Naming strategy that enrolled databases may be renamed for."""
    docs_url: str = ""
    """Of the site of the docs, for messages; empty where none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentWorld:
    """Each field is what was read, or Unseen."""

    read_at: datetime
    """When it was read (aware): heartbeats that expired before count for nothing."""
    inventories: Mapping[str, Seen[RdsInventory]] = field(default_factory=dict)
    """By region. A region of the spec that is absent was not seen."""
    databases: Seen[tuple[Database, ...]] = field(default_factory=Unseen)
    """All db objects in Teleport, whoever owns them."""
    servers: Seen[tuple[DatabaseServer, ...]] = field(default_factory=Unseen)
    """All db_server heartbeats, one per database and agent."""
    user_tasks: Seen[tuple[RdsUserTask, ...]] = field(default_factory=Unseen)
    """Teleport's open user tasks about RDS."""
    deployments: Seen[tuple[Mapping[str, Any], ...]] = field(default_factory=Unseen)
    """All DatabaseServiceDeployments that the operator serves, as the API server returns them."""

    empty_since: Mapping[Vpc, datetime] = field(default_factory=dict)
    """VPCs with a deployment and without databases, and since when, as the last pass has told."""
    surveys: list[tuple[WantedEnrollment, Any]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    """What was computed from this look, so that plan and status compute it once: see `survey`."""

    def inventory(self, region: str) -> Seen[RdsInventory]:
        return self.inventories.get(region, Unseen())
