"""Deployments as the API server returns them, and what a server-side apply makes of them."""

import copy
from collections.abc import Mapping
from typing import Any

from rds_enrollment.plan.steps.kubernetes import ApplyDeployment, SetDeploymentOwners

from tests.unit.plan.enrollment.build import OTHER_UID, REGION, VPC

OTHER_OWNER: Mapping[str, Any] = {
    "apiVersion": "rds-enrollment.dev/v1alpha1",
    "kind": "RdsEnrollment",
    "name": "other",
    "uid": OTHER_UID,
    "controller": True,
    "blockOwnerDeletion": True,
}


def by_hand(name: str = "mine", *, region: str = REGION, vpc: str = VPC, **metadata: Any) -> dict[str, Any]:
    """A deployment that a user wrote."""
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "DatabaseServiceDeployment",
        "metadata": {
            "name": name,
            "namespace": "teleport",
            "uid": f"uid-of-{name}",
            "resourceVersion": "7",
            "generation": 1,
            "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}],
            **metadata,
        },
        "spec": {
            "integrationRef": {"name": "prod-aws"},
            "region": region,
            "vpcId": vpc,
            "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
            "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
            "replicas": 2,
        },
    }


def applied(step: ApplyDeployment) -> dict[str, Any]:
    """What a fresh server-side apply makes: the manifest, the CRD's defaults, and who set what."""
    live = copy.deepcopy(dict(step.manifest))
    live["spec"] = {"replicas": 2, "resyncPeriod": "10m", "tags": {}, **live["spec"]}
    live["metadata"] |= {
        "uid": f"uid-of-{step.deployment}",
        "resourceVersion": "1",
        "generation": 1,
        "managedFields": [
            {
                "manager": "rds-enrollment-operator",
                "operation": "Apply",
                "apiVersion": "rds-enrollment.dev/v1alpha1",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": _fields(step.manifest["spec"])},
            }
        ],
    }
    return live


def owned(live: Mapping[str, Any], step: SetDeploymentOwners) -> dict[str, Any]:
    """The deployment after its owners were set."""
    changed = copy.deepcopy(dict(live))
    changed["metadata"]["ownerReferences"] = [dict(owner) for owner in step.owners]
    return changed


def ready(live: Mapping[str, Any], status: str = "True", generation: int = 1) -> dict[str, Any]:
    """The deployment with a Ready condition."""
    told = copy.deepcopy(dict(live))
    condition = {
        "type": "Ready",
        "status": status,
        "reason": "TasksStopped",
        "message": "TasksRunning: no image",
        "observedGeneration": generation,
    }
    told["status"] = {"conditions": [condition]}
    return told


def _fields(value: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, nested in value.items():
        if isinstance(nested, Mapping):
            fields[f"f:{key}"] = {".": {}, **_fields(nested)}
        elif isinstance(nested, list):
            fields[f"f:{key}"] = {".": {}, **{f'v:"{item}"': {} for item in nested}}
        else:
            fields[f"f:{key}"] = {}
    return fields
