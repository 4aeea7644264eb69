"""The db object of a candidate, exactly as Teleport's wizard describes it.

Source: Teleport lib/srv/discovery/common/database.go and renaming.go (the functions that set a `status` label),
api/types/database.go for what the server accepts.
"""

import re
from collections.abc import Mapping

from rds_enrollment.api.common import GROUP, OWNER_MARK
from rds_enrollment.api.rds_enrollment import DatabaseKind
from rds_enrollment.plan.enrollment.candidates import PROTOCOLS, Candidate, EndpointType
from rds_enrollment.plan.observed.aws import Tags
from rds_enrollment.plan.observed.teleport import Database, RdsMetadata

NAME_TAGS = ("TeleportDatabaseName", "teleport.dev/database_name")
"""AWS tags that override a database's name, in order (Teleport api/types, AWSDatabaseNameOverrideLabels)."""
MAX_NAME = 240
"""Teleport sets no limit, but tsh keeps each database's certificate in a file named after it, and file names end
at 255 bytes, suffix included."""
ENDPOINT_TYPE_LABEL = "endpoint-type"
RESERVED_PREFIXES = ("teleport.dev/", "teleport.internal/", f"{GROUP}/")
"""Labels that only Teleport and this operator set: an AWS tag never becomes one of them."""

_NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_LABEL_KEY = re.compile(r"[a-zA-Z/.0-9_:*-]+")
_READER_SUFFIX = "-reader"


def database_name(candidate: Candidate) -> str:
    """The name: an override tag, else the identifier; a reader's ends in -reader."""
    base = overriding_name(candidate.tags) or candidate.resource.identifier
    return base + _READER_SUFFIX if candidate.endpoint_type is EndpointType.READER else base


def overriding_name(tags: Tags) -> str:
    """The name that an AWS tag asks for; empty when none does."""
    return next((tags[key] for key in NAME_TAGS if tags.get(key)), "")


def is_valid_name(name: str) -> bool:
    """Whether Teleport takes `name` for a database."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def unique_name(candidate: Candidate) -> str:
    """A value for the name tag that no other RDS resource asks for: the one Teleport's auto-discovery gives."""
    resource = candidate.resource
    kind = "rds-aurora" if resource.kind is DatabaseKind.CLUSTER else "rds"
    return f"{resource.identifier}-{kind}-{resource.region}-{resource.account}"


def wanted_database(candidate: Candidate, owner_mark: str) -> Database:
    """The db object. Its name may be one that Teleport refuses: see `is_valid_name`."""
    resource = candidate.resource
    is_cluster = resource.kind is DatabaseKind.CLUSTER
    return Database(
        name=database_name(candidate),
        description=_description(candidate),
        labels=_labels(candidate, owner_mark),
        protocol=PROTOCOLS[candidate.engine],
        uri=f"{candidate.host}:{candidate.port}",
        region=resource.region,
        account_id=resource.account,
        rds=RdsMetadata(
            instance_id="" if is_cluster else resource.identifier,
            cluster_id=resource.identifier if is_cluster else "",
            resource_id=resource.resource_id,
            iam_auth=candidate.iam_auth,
            subnets=candidate.subnets,
            vpc_id=candidate.vpc_id,
            security_groups=candidate.security_groups,
        ),
    )


def _description(candidate: Candidate) -> str:
    region = candidate.resource.region
    if candidate.endpoint_type is EndpointType.INSTANCE:
        return f"RDS instance in {region}"
    suffix = " (reader endpoint)" if candidate.endpoint_type is EndpointType.READER else ""
    return f"Aurora cluster in {region}{suffix}"


def _labels(candidate: Candidate, owner_mark: str) -> dict[str, str]:
    """Computed labels win over AWS tags, against Teleport's own order: agents and roles are matched by labels, so
    whoever may tag a database must not be able to move it to other agents or other people."""
    computed = {
        "account-id": candidate.resource.account,
        "region": candidate.resource.region,
        "vpc-id": candidate.vpc_id,
        "engine": candidate.engine,
        "engine-version": candidate.engine_version,
        ENDPOINT_TYPE_LABEL: candidate.endpoint_type.value,
        "status": candidate.status,
        "teleport.dev/cloud": "AWS",
        "teleport.dev/origin": "dynamic",
        OWNER_MARK: owner_mark,
    }
    return {**_tag_labels(candidate.tags), **computed}


def _tag_labels(tags: Tags) -> Mapping[str, str]:
    return {
        key: value
        for key, value in tags.items()
        if _LABEL_KEY.fullmatch(key) and not key.startswith(RESERVED_PREFIXES)
    }
