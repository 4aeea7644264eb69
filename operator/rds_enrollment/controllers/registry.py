"""One controller per kind."""

from collections.abc import Mapping

from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.aws_oidc_integration import AwsOidcIntegrationController
from rds_enrollment.controllers.database_service_deployment import DatabaseServiceDeploymentController
from rds_enrollment.controllers.rds_enrollment import RdsEnrollmentController
from rds_enrollment.runtime.reconciler import Reconciler


def controllers(adapters: Adapters) -> Mapping[str, Reconciler]:
    """The reconcilers by the name of their kind."""
    return {
        AwsOidcIntegrationController.kind.kind: AwsOidcIntegrationController(adapters),
        RdsEnrollmentController.kind.kind: RdsEnrollmentController(adapters),
        DatabaseServiceDeploymentController.kind.kind: DatabaseServiceDeploymentController(adapters),
    }
