"""The `db` resource between its value and its wire message (types.DatabaseV3)."""

from rds_enrollment.plan.observed.teleport import Database, RdsMetadata
from rds_enrollment.teleport.metadata_wire import new_metadata, replace_labels
from rds_enrollment.teleport.wire.database_pb2 import RDS, DatabaseV3

_KIND = "db"
_VERSION = "v3"


def read_database(message: DatabaseV3) -> Database:
    """The value of a message."""
    spec = message.Spec
    return Database(
        name=message.Metadata.Name,
        description=message.Metadata.Description,
        labels=dict(message.Metadata.Labels),
        protocol=spec.Protocol,
        uri=spec.URI,
        region=spec.AWS.Region,
        account_id=spec.AWS.AccountID,
        rds=_read_rds(spec.AWS.RDS),
        tls_server_name=spec.TLS.ServerName,
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
    spec.TLS.ServerName = database.tls_server_name


def _read_rds(message: RDS) -> RdsMetadata:
    return RdsMetadata(
        instance_id=message.InstanceID,
        cluster_id=message.ClusterID,
        resource_id=message.ResourceID,
        iam_auth=message.IAMAuth,
        subnets=tuple(message.Subnets),
        vpc_id=message.VPCID,
        security_groups=tuple(message.SecurityGroups),
    )


def _write_rds(message: RDS, rds: RdsMetadata) -> None:
    message.InstanceID = rds.instance_id
    message.ClusterID = rds.cluster_id
    message.ResourceID = rds.resource_id
    message.IAMAuth = rds.iam_auth
    message.Subnets[:] = rds.subnets
    message.VPCID = rds.vpc_id
    message.SecurityGroups[:] = rds.security_groups
