"""When two db objects are the same by meaning, and when they stand for the same database."""

from collections.abc import Iterator
from typing import Any

from rds_enrollment.plan.enrollment.blueprint import ENDPOINT_TYPE_LABEL
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType, RdsResource
from rds_enrollment.plan.observed.teleport import Database

Target = tuple[str, ...]
"""One way to say which endpoint an object is about."""

NO_ACCOUNT = ""
"""Of an object that somebody registered by hand."""

_FIELDS = ("description", "labels", "protocol", "uri", "region", "account_id", "tls")
_RDS_FIELDS = ("instance_id", "cluster_id", "resource_id", "vpc_id")
_RDS_SETS = ("subnets", "security_groups")


def differences(existing: Database, wanted: Database) -> tuple[str, ...]:
    """Names of the fields in which `existing` is not what is wanted.

    The order of subnets and groups carries no meaning. RDS fields that are not wanted are not compared: the server
    derives some from the URI (Teleport api/types/database.go, CheckAndSetDefaults).
    """
    return () if existing is wanted or existing == wanted else tuple(_differences(existing, wanted))


def targets(database: Database) -> frozenset[Target]:
    """The endpoint that an object is about: its address, and its RDS resource with the type of endpoint.

    Two objects that share one of them stand for the same database. A cluster may have many custom endpoints: those
    are told apart by their address alone.
    """
    found: set[Target] = {_address_target(database.account_id, database)}
    endpoint_type = database.labels.get(ENDPOINT_TYPE_LABEL, "")
    if database.rds.resource_id and endpoint_type not in ("", EndpointType.CUSTOM):
        found.add(
            _resource_target(database.account_id, database.region, database.rds.resource_id, endpoint_type)
        )
    return frozenset(found)


def endpoint_targets(candidate: Candidate) -> frozenset[Target]:
    """`targets` of the object that a candidate would have."""
    resource = candidate.resource
    address = "uri", resource.account, f"{candidate.host}:{candidate.port}".lower()
    if candidate.endpoint_type is EndpointType.CUSTOM:
        return frozenset({address})
    endpoint = _resource_target(
        resource.account, resource.region, resource.resource_id, candidate.endpoint_type.value
    )
    return frozenset({address, endpoint})


def claimed_targets(database: Database) -> frozenset[Target]:
    """`targets`, and the address alone: an object that somebody registered by hand may name no account."""
    return targets(database) | {_address_target(NO_ACCOUNT, database)}


def resource_of(database: Database) -> Target:
    """The RDS resource that an object is about, whichever of its endpoints."""
    return database.account_id, database.region, database.rds.resource_id


def resource_target(resource: RdsResource) -> Target:
    """`resource_of` the objects that stand for an endpoint of this RDS resource."""
    return resource.account, resource.region, resource.resource_id


def _address_target(account: str, database: Database) -> Target:
    return "uri", account, database.uri.lower()


def _resource_target(account: str, region: str, resource_id: str, endpoint_type: str) -> Target:
    return "rds", account, region, resource_id, endpoint_type


def _differences(existing: Database, wanted: Database) -> Iterator[str]:
    for name in _FIELDS:
        if _value(existing, name) != _value(wanted, name):
            yield name
    for name in _RDS_FIELDS:
        if _value(wanted.rds, name) and _value(existing.rds, name) != _value(wanted.rds, name):
            yield name
    for name in _RDS_SETS:
        if set(_value(existing.rds, name)) != set(_value(wanted.rds, name)):
            yield name
    if existing.rds.iam_auth != wanted.rds.iam_auth:
        yield "iam_auth"


def _value(holder: object, name: str) -> Any:
    return getattr(holder, name)
