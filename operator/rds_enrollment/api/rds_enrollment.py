"""RdsEnrollment: RDS databases as db objects in Teleport."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from rds_enrollment.api.base import ApiModel
from rds_enrollment.api.common import (
    NAME_RULE,
    CommonSpec,
    CommonStatus,
    IntegrationRef,
    Resource,
)
from rds_enrollment.api.databases import (
    Databases,
    Endpoint,
    IamAuthentication,
    Labels,
    Naming,
    PrunePolicy,
    TagLabels,
    Tls,
)
from rds_enrollment.api.deployment_template import DeploymentTemplate
from rds_enrollment.api.printing import AGE, MESSAGE, READY, REASON, Column
from rds_enrollment.api.rules import Rule, list_atomic, list_set, validations
from rds_enrollment.api.types import Count, ObjectName, Region, Text, VpcId

MAX_STATUS_ITEMS = 100
"""Length of status.vpcs and status.databases; the counts are over all."""
MESSAGE_BYTES = 256
"""Length of a message in status.databases."""


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
    GONE = "Gone"
    """No longer in RDS, or no longer chosen; its db object stays, by spec.prunePolicy or until it is approved."""


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
    """Which databases are enrolled: all of them, a list of identifiers, or those that a selector chooses."""
    endpoints: Annotated[
        tuple[Endpoint, ...],
        Field(
            min_length=1,
            max_length=3,
            json_schema_extra=list_set()
            | validations(
                Rule(
                    "'Primary' in self", "endpoints must contain Primary; Reader and Custom come on top of it"
                )
            ),
        ),
    ] = (Endpoint.PRIMARY,)
    """Addresses that are enrolled, each as a database of its own: Primary, and of Aurora clusters Reader (where
    there are replicas) and Custom (each custom endpoint). Default: [Primary]."""
    naming: Naming = Field(default_factory=Naming)
    """Names of the databases in Teleport. Default: their identifiers in RDS."""
    labels: Labels = Field(default_factory=dict)
    """Labels for every database of this enrolment, at most 50; they win over AWS tags. Default: none."""
    tag_labels: TagLabels = Field(default_factory=TagLabels)
    """Which AWS tags become labels. A tag never replaces a label that is computed from RDS. Default: all."""
    tls: Tls = Field(default_factory=Tls)
    """How agents verify the databases' certificates. Default: in full, against Amazon's authorities."""
    iam_authentication: IamAuthentication = IamAuthentication.WARN
    """Warn or Require. Databases that have IAM authentication switched off are enrolled and reported with Warn, and
    skipped with Require. Default: Warn."""
    prune_policy: PrunePolicy = PrunePolicy.DELETE
    """Delete or Retain: what becomes of the db object of a database that is gone from RDS or no longer chosen. When
    many would go at once, the annotation rds-enrollment.dev/confirm-prune must approve it. Default: Delete."""
    deployment: DeploymentTemplate | None = None
    """Generates one DatabaseServiceDeployment for each VPC in which a database is enrolled. Not set: none is
    generated, and agents must run already."""


class EnrolledVpc(ApiModel):
    """A VPC in which databases are enrolled, or were until lately."""

    vpc_id: VpcId
    """The VPC."""
    region: Region
    """Its AWS region."""
    databases: Count
    """Databases enrolled there."""
    deployment: ObjectName | None = None
    """Name of the DatabaseServiceDeployment for it; absent when there is none."""
    empty_since: AwareDatetime | None = None
    """When it was found without databases; its deployment goes after spec.deployment.emptyVpcGracePeriod."""


class PendingPrune(ApiModel):
    """db objects that stay in Teleport until their removal is approved."""

    token: Annotated[str, Field(max_length=64)]
    """The value of the annotation rds-enrollment.dev/confirm-prune that approves exactly this removal."""
    databases: Count
    """How many there are; status.databases lists them first, in state Gone."""


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
    pending_prune: PendingPrune | None = None
    """A removal that waits for approval; absent when none does."""
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
