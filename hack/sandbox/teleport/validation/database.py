"""Rules for `db` (Teleport api/types/database.go, CheckAndSetDefaults; lib/services, ValidateDatabase)."""

import re

from rds_enrollment.teleport.wire.database_pb2 import AWS, DatabaseV3

from hack.sandbox.teleport.errors import bad_parameter, not_implemented
from hack.sandbox.teleport.unknown import undeclared_text
from hack.sandbox.teleport.validation.metadata import ORIGIN_LABEL, check_metadata
from hack.sandbox.teleport.validation.rds_endpoint import is_rds_endpoint, parse_rds_endpoint

PROTOCOLS = ("mysql", "postgres")
_OTHER_PROTOCOLS = frozenset(
    {
        "cassandra",
        "clickhouse",
        "clickhouse-http",
        "cockroachdb",
        "dynamodb",
        "elasticsearch",
        "mongodb",
        "opensearch",
        "oracle",
        "redis",
        "snowflake",
        "spanner",
        "sqlserver",
    }
)

_NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
_ACCOUNT = re.compile(r"[0-9]{12}")
_HOST_PORT = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]+):[0-9]{1,5}")
_EXTERNAL_ID, _ASSUME_ROLE_ARN = 10, 11  # fields of types.AWS


def check_database(database: DatabaseV3) -> None:
    """Raises INVALID_ARGUMENT. Sets kind, version, origin, and AWS metadata that an RDS endpoint tells."""
    database.Kind, database.Version = "db", "v3"
    if not database.Metadata.Labels.get(ORIGIN_LABEL):
        database.Metadata.Labels[ORIGIN_LABEL] = "dynamic"
    check_metadata(database.Metadata)
    name = database.Metadata.Name
    if not _NAME.fullmatch(name):
        raise bad_parameter(f"database name {name!r} does not match {_NAME.pattern}")
    _check_protocol(name, database.Spec.Protocol)
    if not _HOST_PORT.fullmatch(database.Spec.URI):
        raise bad_parameter(f"database {name!r}: uri {database.Spec.URI!r} is not host:port")
    if is_rds_endpoint(database.Spec.URI):
        _fill_from_endpoint(database)
    _check_aws(name, database.Spec.AWS)


def _check_protocol(name: str, protocol: str) -> None:
    if protocol in _OTHER_PROTOCOLS:
        raise not_implemented(
            f"database {name!r}: the sandbox has the rules of {' and '.join(PROTOCOLS)} only"
        )
    if protocol not in PROTOCOLS:
        raise bad_parameter(f"database {name!r}: protocol {protocol!r} is not known")


def _fill_from_endpoint(database: DatabaseV3) -> None:
    endpoint = parse_rds_endpoint(database.Spec.URI)
    if endpoint is None:
        return
    aws = database.Spec.AWS
    aws.Region = aws.Region or endpoint.region
    aws.RDS.InstanceID = aws.RDS.InstanceID or endpoint.instance_id
    aws.RDS.ClusterID = aws.RDS.ClusterID or endpoint.cluster_id
    if endpoint.custom_endpoint and not aws.RDS.ClusterID:
        raise bad_parameter(
            f"database {database.Metadata.Name!r}: custom Aurora endpoint {endpoint.custom_endpoint!r} "
            "needs aws.rds.cluster_id"
        )


def _check_aws(name: str, aws: AWS) -> None:
    if aws.AccountID and not _ACCOUNT.fullmatch(aws.AccountID):
        raise bad_parameter(f"database {name!r}: AWS account id {aws.AccountID!r} has not 12 digits")
    if undeclared_text(aws, _EXTERNAL_ID) and not undeclared_text(aws, _ASSUME_ROLE_ARN):
        raise bad_parameter(f"database {name!r}: aws.external_id needs aws.assume_role_arn")
