"""Writes of generated DatabaseServiceDeployments: the only objects of ours whose spec the operator writes."""

from rds_enrollment.api.common import FIELD_MANAGER
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.kubernetes import resources
from rds_enrollment.kubernetes.errors import ApiError, Request, translate
from rds_enrollment.kubernetes.rest import APPLY_PATCH, JSON_PATCH, Rest
from rds_enrollment.plan.steps.kubernetes import (
    ApplyDeployment,
    DeleteDeployment,
    KubernetesStep,
    SetDeploymentOwners,
)


async def apply(rest: Rest, step: KubernetesStep) -> None:
    """Carry out one planned write. Raises Outcome."""
    match step:
        case ApplyDeployment():
            await _apply(rest, step)
        case SetDeploymentOwners():
            await _set_owners(rest, step)
        case DeleteDeployment():
            await _delete(rest, step)
        case _:
            raise TypeError(f"no write for {step.name}")


async def _apply(rest: Rest, step: ApplyDeployment) -> None:
    request = _request("patch", step.namespace, step.deployment)
    query = {"fieldManager": FIELD_MANAGER, "force": "true"}
    try:
        await rest.request(
            request,
            "PATCH",
            _path(step.namespace, step.deployment),
            query=query,
            body=dict(step.manifest),
            content_type=APPLY_PATCH,
        )
    except ApiError as error:
        raise translate(error, request) from error


async def _set_owners(rest: Rest, step: SetDeploymentOwners) -> None:
    request = _request("patch", step.namespace, step.deployment)
    patch = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": step.resource_version},
        {"op": "add", "path": "/metadata/ownerReferences", "value": [dict(owner) for owner in step.owners]},
    ]
    path = _path(step.namespace, step.deployment)
    await rest.write(request, "PATCH", path, patch, content_type=JSON_PATCH)


async def _delete(rest: Rest, step: DeleteDeployment) -> None:
    request = _request("delete", step.namespace, step.deployment)
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": step.uid}}
    try:
        await rest.request(request, "DELETE", _path(step.namespace, step.deployment), body=body)
    except ApiError as error:
        if error.status != 404:
            raise translate(error, request) from error


def _request(verb: str, namespace: str, name: str) -> Request:
    return Request(verb, DATABASE_SERVICE_DEPLOYMENT.plural, f"{namespace}/{name}")


def _path(namespace: str, name: str) -> str:
    return resources.item(DATABASE_SERVICE_DEPLOYMENT.kind, namespace, name)
