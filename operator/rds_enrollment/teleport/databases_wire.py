"""The `db` resource between its value and its wire message (types.DatabaseV3)."""

from sys import intern

from rds_enrollment.api.databases import TlsMode
from rds_enrollment.plan.observed.teleport import Database, DatabaseTls, RdsMetadata
from rds_enrollment.teleport.metadata_wire import new_metadata, replace_labels
from rds_enrollment.teleport.wire.database_pb2 import RDS, DatabaseTLS, DatabaseTLSMode, DatabaseV3

_KIND = "db"
_VERSION = "v3"
_TLS_NUMBERS = {
    TlsMode.VERIFY_FULL: DatabaseTLSMode.VERIFY_FULL,
    TlsMode.VERIFY_CA: DatabaseTLSMode.VERIFY_CA,
    TlsMode.INSECURE: DatabaseTLSMode.INSECURE,
}
_DEFAULT_TLS = DatabaseTls()
"""One for all: thousands of objects say nothing of TLS."""
_TLS_MODES = {number: mode for mode, number in _TLS_NUMBERS.items()}


def read_database(message: DatabaseV3) -> Database:
    """The value of a message. What thousands of objects have in common is kept once."""
    spec = message.Spec
    return Database(
        name=message.Metadata.Name,
        description=intern(message.Metadata.Description),
        labels={intern(key): intern(value) for key, value in message.Metadata.Labels.items()},
        protocol=intern(spec.Protocol),
        uri=spec.URI,
        region=intern(spec.AWS.Region),
        account_id=intern(spec.AWS.AccountID),
        rds=_read_rds(spec.AWS.RDS),
        tls=_read_tls(spec.TLS),
    )


def new_database(database: Database) -> DatabaseV3:
    """The message that creates `database`."""
    message = DatabaseV3(Kind=_KIND, Version=_VERSION, Metadata=new_metadata(database.name))
    write_database(message, database)
    return message


def write_database(message: DatabaseV3, database: Database) -> None:
    """Sets in `message` what `database` says, the whole label set included, and leaves every other field."""
    message.Metadata.Description = database.description
    replace_labels(message.Metadata, database.labels)
    spec = message.Spec
    spec.Protocol = database.protocol
    spec.URI = database.uri
    spec.AWS.Region = database.region
    spec.AWS.AccountID = database.account_id
    _write_rds(spec.AWS.RDS, database.rds)
    _write_tls(spec.TLS, database.tls)


def _read_tls(message: DatabaseTLS) -> DatabaseTls:
    if not message.ByteSize():
        return _DEFAULT_TLS
    return DatabaseTls(
        mode=_TLS_MODES.get(message.Mode, TlsMode.VERIFY_FULL),
        ca_certificate=message.CACert,
        server_name=message.ServerName,
        trust_system_cert_pool=message.TrustSystemCertPool,
    )


def _write_tls(message: DatabaseTLS, tls: DatabaseTls) -> None:
    message.Mode = _TLS_NUMBERS[tls.mode]
    message.CACert = tls.ca_certificate
    message.ServerName = tls.server_name
    message.TrustSystemCertPool = tls.trust_system_cert_pool


def _read_rds(message: RDS) -> RdsMetadata:
    return RdsMetadata(
        instance_id=message.InstanceID,
        cluster_id=message.ClusterID,
        resource_id=message.ResourceID,
        iam_auth=message.IAMAuth,
        subnets=tuple(map(intern, message.Subnets)),
        vpc_id=intern(message.VPCID),
        security_groups=tuple(map(intern, message.SecurityGroups)),
    )


def _write_rds(message: RDS, rds: RdsMetadata) -> None:
    message.InstanceID = rds.instance_id
    message.ClusterID = rds.cluster_id
    message.ResourceID = rds.resource_id
    message.IAMAuth = rds.iam_auth
    message.Subnets[:] = rds.subnets
    message.VPCID = rds.vpc_id
    message.SecurityGroups[:] = rds.security_groups
