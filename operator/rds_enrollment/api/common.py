"""What the three kinds share: names of the API, metadata, and the fields that every spec and status has."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from rds_enrollment.api.base import ApiModel, SpecModel, clip
from rds_enrollment.api.conditions import Conditions
from rds_enrollment.api.printing import Column, Scale
from rds_enrollment.api.roles import ManagementPolicy
from rds_enrollment.api.rules import (
    Rule,
    immutable,
    immutable_optional,
    list_atomic,
    list_map,
    validations,
)
from rds_enrollment.api.types import ObjectName, Tags, Text

GROUP: Final = "rds-enrollment.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "rds-enrollment.dev/v1alpha1"
CATEGORY = "teleport"

FINALIZER = f"{GROUP}/teardown"
ANNOTATION_PAUSED = f"{GROUP}/paused"
ANNOTATION_RECONCILE = f"{GROUP}/reconcile-requested-at"
ANNOTATION_CONFIRM_DOWNGRADE = f"{GROUP}/confirm-downgrade"
"""Of a DatabaseServiceDeployment: the version that its agents may go back to across a major version."""
ANNOTATION_CONFIRM_PRUNE = f"{GROUP}/confirm-prune"
"""Of an RdsEnrollment: status.pendingPrune.token, which approves that removal."""
ANNOTATION_CONFIRM_NAMING = f"{GROUP}/confirm-naming"
"""Of an RdsEnrollment: the naming strategy that enrolled databases may be renamed for."""
OWNER_MARK = f"{GROUP}/owner"
"""Key of the owner tag on AWS resources and of the owner label on Teleport resources."""
FIELD_MANAGER = "rds-enrollment-operator"

MAX_PLANNED_STEPS = 50
"""Length of status.plan."""
_DESCRIPTION_BYTES = 512
_HANDLED_BYTES = 256

NAME_RULE = Rule(
    "self.metadata.name.size() <= 63",
    "metadata.name must have at most 63 characters: it becomes part of a tag value in AWS",
)

Duration = Annotated[
    str,
    Field(
        pattern="^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$",
        min_length=2,
        max_length=16,
        json_schema_extra=validations(
            Rule(
                "duration(self) >= duration('10s') && duration(self) <= duration('24h')",
                "must be between 10s and 24h",
            )
        ),
    ),
]


def seconds(duration: Duration) -> int:
    """Length of "1h30m", "10m" or "45s" in seconds. Raises ValueError for anything else."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", duration)
    if not duration or match is None:
        raise ValueError(f"{duration!r} is not a duration such as 1h30m, 10m or 45s")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return (hours * 60 + minutes) * 60 + rest


class ObjectMeta(ApiModel):
    """The part of Kubernetes' metav1.ObjectMeta that the operator reads."""

    name: str
    namespace: str
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None
    finalizers: tuple[str, ...] = ()
    annotations: Mapping[str, str] = Field(default_factory=dict)
    labels: Mapping[str, str] = Field(default_factory=dict)


class Resource(ApiModel):
    """An object of one of the kinds, as the API server returns it."""

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    """What `kubectl get` shows."""
    SCALE: ClassVar[Scale | None] = None
    """What `kubectl scale` changes; None where that has no meaning."""

    api_version: Literal["rds-enrollment.dev/v1alpha1"] = API_VERSION
    metadata: ObjectMeta

    @property
    def deleting(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @property
    def paused(self) -> bool:
        return self.metadata.annotations.get(ANNOTATION_PAUSED) == "true"

    @property
    def reconcile_requested_at(self) -> str | None:
        """The annotation's text, as status.lastHandledReconcileAt can echo it; None without one."""
        requested = self.metadata.annotations.get(ANNOTATION_RECONCILE)
        return None if requested is None else clip(requested, _HANDLED_BYTES)


class IntegrationRef(SpecModel):
    """Reference to an AwsOidcIntegration."""

    model_config = ConfigDict(json_schema_extra=validations(immutable_optional("namespace")))

    name: Annotated[ObjectName, Field(json_schema_extra=immutable("integrationRef.name"))]
    """Name of an AwsOidcIntegration. Immutable."""
    namespace: ObjectName | None = None
    """Its namespace, which it must allow (spec.allowedNamespaces). Immutable. Default: this object's."""

    def key(self, namespace: str) -> tuple[str, str]:
        """Namespace and name, as an object of `namespace` means them."""
        return self.namespace or namespace, self.name


class AdoptionPolicy(StrEnum):
    """What of somebody else's an object may make its own."""

    NEVER = "Never"
    IF_TAGGED = "IfTagged"
    ALWAYS = "Always"


class DeletionPolicy(StrEnum):
    """What becomes of an object's things when it is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class CommonSpec(SpecModel):
    """Fields that every kind's spec has."""

    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    """Delete or Retain: what becomes of everything in AWS and Teleport when this object is deleted. Retain: it stays as
    it is and only loses its owner marks, also while the object is paused. Default: Delete."""

    adoption_policy: AdoptionPolicy = AdoptionPolicy.NEVER
    """Never, IfTagged or Always: whether what exists under the names of this object, and is not its own, becomes its
    own, to be changed and, in the end, deleted with it. IfTagged: what carries Teleport's three tags of this cluster
    and integration, as its wizard makes it, and no owner tag but one of this operator's whose object is gone. Always:
    whatever does not belong to another object of this operator. A database in Teleport is adopted when it is the same
    RDS resource, has no owner label, and was not made by a Discovery Service. Default: Never."""
    management_policy: ManagementPolicy = ManagementPolicy.MANAGE
    """Manage or Observe. Observe writes nothing but the status, whose plan lists what Manage would write; an object
    that is deleted while it says Observe leaves everything in AWS and Teleport as it is. Default: Manage."""
    tags: Tags = Field(default_factory=dict)
    """Tags for every AWS resource that is made for this object, at most 40, on top of the operator's own.
    Default: none."""
    resync_period: Duration = "10m"
    """How often AWS and Teleport are read again and drift is repaired, as hours, minutes and seconds such as
    1h30m, 10m or 45s; from 10s to 24h. Default: 10m."""

    @property
    def retains(self) -> bool:
        return self.deletion_policy is DeletionPolicy.RETAIN

    @property
    def observes(self) -> bool:
        """Whether nothing may be written for the object."""
        return self.management_policy is ManagementPolicy.OBSERVE

    @property
    def resync_seconds(self) -> int:
        return seconds(self.resync_period)


class PlannedStep(ApiModel):
    """One write that is not made."""

    name: Text
    """What it does, as one CamelCase word such as CreateRole."""
    description: Annotated[str, Field(max_length=_DESCRIPTION_BYTES)]
    """What it does to what, for people."""


class CommonStatus(ApiModel):
    """Fields that every kind's status has. Absent (None, empty) until observed."""

    observed_generation: Annotated[int, Field(ge=-1)] | None = None
    """The metadata.generation that the rest of the status is about; -1 before the first look."""
    conditions: Annotated[Conditions, Field(max_length=24, json_schema_extra=list_map("type"))] = ()
    """What is known about the object, one statement per type; Ready sums up."""
    teleport_cluster: Text | None = None
    """Name of the Teleport cluster that this object was first reconciled with. It never changes: an operator
    that is connected to another cluster writes nothing for this object."""
    plan: Annotated[
        tuple[PlannedStep, ...], Field(max_length=MAX_PLANNED_STEPS, json_schema_extra=list_atomic())
    ] = ()
    """With managementPolicy Observe: what Manage would write, in order, at most 50. The condition Ready counts all."""
    settled_digest: Annotated[str, Field(max_length=64)] | None = None
    """Digest of what was wanted when all of it was last in place: a write while the same is wanted corrects drift.
    Absent while something else is on its way."""
    teardown_started_at: AwareDatetime | None = None
    """When the operator began to remove what it made for the object, which is being deleted."""
    last_handled_reconcile_at: Annotated[str, Field(max_length=_HANDLED_BYTES)] | None = None
    """Value of the annotation rds-enrollment.dev/reconcile-requested-at when the last pass began."""

    def on_the_wire(self) -> dict[str, Any]:
        """As the API server takes it: JSON values without nulls."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
