"""RdsEnrollment: RDS databases as db objects in Teleport."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.base import ApiModel, SpecModel
from rds_enrollment.api.common import (
    NAME_RULE,
    CommonSpec,
    CommonStatus,
    IntegrationRef,
    Resource,
)
from rds_enrollment.api.network import SecurityGroups, Subnets
from rds_enrollment.api.printing import AGE, MESSAGE, READY, REASON, Column
from rds_enrollment.api.rules import Rule, exactly_one, list_atomic, list_set, validations
from rds_enrollment.api.types import Count, ObjectName, Region, Replicas, Text, VpcId

MAX_STATUS_ITEMS = 100
"""Length of status.vpcs and status.databases; the counts are over all."""
MESSAGE_BYTES = 256
"""Length of a message in status.databases."""

DbIdentifier = Annotated[str, Field(pattern="^[a-z](-?[a-z0-9])*$", max_length=63)]
"""DBInstanceIdentifier or DBClusterIdentifier (Amazon RDS API): RDS keeps them in lower case."""


class DatabaseKind(StrEnum):
    """What an RDS identifier names."""

    INSTANCE = "Instance"
    CLUSTER = "Cluster"


class Endpoint(StrEnum):
    """Which address of a database is enrolled."""

    PRIMARY = "Primary"
    READER = "Reader"


class DatabaseState(StrEnum):
    """What became of a discovered database."""

    ENROLLED = "Enrolled"
    PENDING = "Pending"
    """Its db object is about to be written, or Teleport was not read."""
    SKIPPED = "Skipped"
    """Left out on purpose, such as an engine that Teleport does not serve; no fault."""
    CONFLICTING = "Conflicting"
    """Its name is taken in Teleport by an object that is not ours."""
    FAILED = "Failed"
    """Teleport refused the write, or could not be reached."""


class AllDatabases(SpecModel):
    """Every database of the regions; there is nothing to set."""


class DatabaseIdentifier(SpecModel):
    """One RDS instance or Aurora cluster."""

    kind: DatabaseKind
    """Instance for an RDS DB instance, Cluster for an Aurora cluster."""
    name: DbIdentifier
    """The identifier in RDS: up to 63 lower-case letters, digits and single hyphens; a letter first."""
    region: Region | None = None
    """Looks in this region only; it must be one of spec.regions. Default: in all of spec.regions."""


class Databases(SpecModel):
    """Which databases are enrolled."""

    model_config = ConfigDict(json_schema_extra=exactly_one("all", "identifiers"))

    all: AllDatabases | None = None
    """Every MySQL, MariaDB, PostgreSQL and Aurora database of the regions: write `all: {}`. Give either all
    or identifiers."""
    identifiers: (
        Annotated[
            tuple[DatabaseIdentifier, ...],
            Field(min_length=1, max_length=500, json_schema_extra=list_atomic()),
        ]
        | None
    ) = None
    """Databases chosen one by one, 1 to 500. Give either all or identifiers."""


class DeploymentTemplate(AgentSpec):
    """What each generated DatabaseServiceDeployment gets."""

    subnets: Subnets
    """Subnets in which tasks run. With a selector, each VPC gets those of its own that match."""
    security_groups: SecurityGroups
    """Security groups of the tasks. With a selector, each VPC gets those of its own that match."""
    replicas: Replicas | None = None
    """Tasks per deployment, 1 to 100. Not set: the number is left alone (2 in a new deployment), and
    kubectl scale of a generated deployment lasts."""
    max_deployments: Annotated[int, Field(ge=1, le=100)] = 10
    """Most deployments that this enrolment may generate, 1 to 100; beyond it none is added, and
    DeploymentsReady says so. Default: 10."""


_REGIONS_OF_IDENTIFIERS = Rule(
    "!has(self.databases.identifiers)"
    " || self.databases.identifiers.all(database, !has(database.region) || database.region in self.regions)",
    "the region of an identifier must be one of spec.regions",
    ".databases.identifiers",
)


class RdsEnrollmentSpec(CommonSpec):
    """What is wanted."""

    model_config = ConfigDict(json_schema_extra=validations(_REGIONS_OF_IDENTIFIERS))

    integration_ref: IntegrationRef
    """The AwsOidcIntegration whose account holds the databases."""
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=40, json_schema_extra=list_set())]
    """AWS regions in which databases are looked for, 1 to 40, such as us-west-1."""
    databases: Databases
    """Which databases are enrolled: all of them, or a list of identifiers."""
    endpoints: Annotated[
        tuple[Endpoint, ...],
        Field(
            min_length=1,
            max_length=2,
            json_schema_extra=list_set()
            | validations(
                Rule("'Primary' in self", "endpoints must contain Primary; Reader comes on top of it")
            ),
        ),
    ] = (Endpoint.PRIMARY,)
    """Addresses that are enrolled, each as a database of its own: Primary, and for Aurora clusters with
    replicas Reader. Default: [Primary]."""
    deployment: DeploymentTemplate | None = None
    """Generates one DatabaseServiceDeployment for each VPC in which a database is enrolled. Not set: none is
    generated, and agents must run already."""


class EnrolledVpc(ApiModel):
    """A VPC in which databases are enrolled."""

    vpc_id: VpcId
    """The VPC."""
    region: Region
    """Its AWS region."""
    databases: Count
    """Databases enrolled there."""
    deployment: ObjectName | None = None
    """Name of the DatabaseServiceDeployment for it; absent when there is none."""


class DiscoveredDatabase(ApiModel):
    """A discovered database and what became of it."""

    name: Text
    """Name of the db object in Teleport."""
    identifier: Text
    """Identifier of the instance or cluster in RDS."""
    region: Region
    """Its AWS region."""
    vpc_id: VpcId | None = None
    """Its VPC; absent when RDS names none."""
    state: DatabaseState
    """What became of it."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, as one CamelCase word."""
    message: Annotated[str, Field(max_length=MESSAGE_BYTES)] = ""
    """Why, for people."""


class RdsEnrollmentStatus(CommonStatus):
    """What was observed."""

    discovered: Count | None = None
    """Endpoints of the chosen databases that were found in AWS."""
    enrolled: Count | None = None
    """Those that are in Teleport as wanted."""
    skipped: Count | None = None
    """Those left out on purpose, such as an engine that Teleport does not serve."""
    conflicting: Count | None = None
    """Those whose name is taken in Teleport by an object that is not ours."""
    reachable: Count | None = None
    """Enrolled ones that an agent reports as reachable."""
    vpcs: Annotated[
        tuple[EnrolledVpc, ...], Field(max_length=MAX_STATUS_ITEMS, json_schema_extra=list_atomic())
    ] = ()
    """VPCs in which databases are enrolled, at most 100."""
    databases: Annotated[
        tuple[DiscoveredDatabase, ...], Field(max_length=MAX_STATUS_ITEMS, json_schema_extra=list_atomic())
    ] = ()
    """Databases, the troubled ones first, at most 100; the counts are over all."""


class RdsEnrollment(Resource):
    """Enrols RDS instances and Aurora clusters in Teleport, and runs agents in their VPCs."""

    model_config = ConfigDict(json_schema_extra=validations(NAME_RULE))
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        READY,
        REASON,
        Column("Integration", ".spec.integrationRef.name"),
        Column("Regions", ".spec.regions"),
        Column("Enrolled", ".status.enrolled", type="integer"),
        Column("Discovered", ".status.discovered", type="integer"),
        AGE,
        Column("Skipped", ".status.skipped", type="integer", wide=True),
        Column("Conflicting", ".status.conflicting", type="integer", wide=True),
        Column("Reachable", ".status.reachable", type="integer", wide=True),
        MESSAGE,
    )

    kind: Literal["RdsEnrollment"] = "RdsEnrollment"
    spec: RdsEnrollmentSpec
    """What is wanted."""
    status: RdsEnrollmentStatus = Field(default_factory=RdsEnrollmentStatus)
    """What was observed; written by the operator only."""
