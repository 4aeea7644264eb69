"""Errors of the ECS API that the simulation raises. Codes: botocore's ECS model; texts as AWS words them."""

from moto.core.exceptions import ServiceException


class EcsError(ServiceException):
    """An ECS error: `EcsError(code, message)`."""


def invalid_parameter(message: str) -> EcsError:
    return EcsError("InvalidParameterException", message)


def client_error(message: str) -> EcsError:
    return EcsError("ClientException", message)


def service_not_found() -> EcsError:
    return EcsError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> EcsError:
    return EcsError("ServiceNotActiveException", "Service was not ACTIVE.")


def cluster_not_found() -> EcsError:
    return EcsError("ClusterNotFoundException", "Cluster not found.")


def cluster_contains_services() -> EcsError:
    message = "The Cluster cannot be deleted while Services are active."
    return EcsError("ClusterContainsServicesException", message)


def cluster_contains_tasks() -> EcsError:
    return EcsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
