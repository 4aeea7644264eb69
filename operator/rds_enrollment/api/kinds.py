"""The three kinds and their names in the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import Resource
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeployment
from rds_enrollment.api.rds_enrollment import RdsEnrollment


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its names, and the model of its objects."""

    kind: str
    plural: str
    singular: str
    short_name: str
    """Also the kind's word in owner marks."""
    model: type[Resource]


AWS_OIDC_INTEGRATION = Kind(
    "AwsOidcIntegration", "awsoidcintegrations", "awsoidcintegration", "awsoidc", AwsOidcIntegration
)
RDS_ENROLLMENT = Kind("RdsEnrollment", "rdsenrollments", "rdsenrollment", "rdsenroll", RdsEnrollment)
DATABASE_SERVICE_DEPLOYMENT = Kind(
    "DatabaseServiceDeployment",
    "databaseservicedeployments",
    "databaseservicedeployment",
    "dbsvc",
    DatabaseServiceDeployment,
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.kind: kind for kind in (AWS_OIDC_INTEGRATION, RDS_ENROLLMENT, DATABASE_SERVICE_DEPLOYMENT)}
)
"""By name of the kind."""
