"""One controller per kind."""

from collections.abc import Mapping
from typing import Any

from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.aws_oidc_integration import AwsOidcIntegrationController
from rds_enrollment.controllers.base import Controller
from rds_enrollment.controllers.database_service_deployment import DatabaseServiceDeploymentController
from rds_enrollment.controllers.frame import Frame
from rds_enrollment.controllers.rds_enrollment import RdsEnrollmentController
from rds_enrollment.runtime.reconciler import Reconciler


def controllers(adapters: Adapters) -> Mapping[str, Controller[Any, Any, Any, Any]]:
    """The controllers by the name of their kind."""
    found: list[Controller[Any, Any, Any, Any]] = [
        AwsOidcIntegrationController(adapters),
        RdsEnrollmentController(adapters),
        DatabaseServiceDeploymentController(adapters),
    ]
    return {controller.kind.kind: controller for controller in found}


def reconcilers(adapters: Adapters) -> Mapping[str, Reconciler]:
    """What reconciles, by the name of its kind."""
    return {kind: Frame(controller) for kind, controller in controllers(adapters).items()}
