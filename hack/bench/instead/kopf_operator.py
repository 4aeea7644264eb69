"""The job as a kopf operator in the usual style: handlers for create and update, timers, and statuses by kopf's patch.

`kopf run --module hack.bench.instead.kopf_operator`, with kopf's defaults. It serves the operator's own kinds, of whose
specs it reads what the examples use. Settings come from the environment: TELEPORT_ADDRESS, TELEPORT_IDENTITY (a path),
AWS_REGION, and RESYNC_SECONDS, how often the timers look.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import kopf
from kubernetes import client, config

from hack.bench.instead.aws_job import AwsJob
from hack.bench.instead.job import Job
from hack.bench.instead.teleport_job import TeleportJob
from hack.bench.wanted import task_role, vpc_of

GROUP, VERSION = "rds-enrollment.dev", "v1alpha1"
INTEGRATIONS, ENROLLMENTS, DEPLOYMENTS = "awsoidcintegrations", "rdsenrollments", "databaseservicedeployments"
RESYNC_SECONDS = float(os.environ["RESYNC_SECONDS"])
RETRY_SECONDS = 5.0
_ALREADY_EXISTS = 409


@cache
def job() -> Job:
    """What all handlers share."""
    teleport = TeleportJob(os.environ["TELEPORT_ADDRESS"], os.environ["TELEPORT_IDENTITY"])
    return Job(AwsJob(os.environ["AWS_REGION"]), teleport)


@cache
def kubernetes() -> Any:
    """kubernetes.client.CustomObjectsApi."""
    config.load_kube_config()  # type: ignore[no-untyped-call]
    return client.CustomObjectsApi()


@kopf.on.startup()
def connect(**_: Any) -> None:
    """Before anything is watched."""
    job()
    kubernetes()


@kopf.on.create(GROUP, VERSION, INTEGRATIONS)
@kopf.on.update(GROUP, VERSION, INTEGRATIONS)
@kopf.timer(GROUP, VERSION, INTEGRATIONS, interval=RESYNC_SECONDS, initial_delay=RESYNC_SECONDS)
def integrate(name: str, spec: Mapping[str, Any], body: Mapping[str, Any], patch: Any, **_: Any) -> None:
    """The integration of one AwsOidcIntegration."""
    job().integrate(spec.get("integrationName", name), spec["role"]["name"], [task_role("*")])
    _ready(body, patch)


@kopf.on.create(GROUP, VERSION, ENROLLMENTS)
@kopf.on.update(GROUP, VERSION, ENROLLMENTS)
@kopf.timer(GROUP, VERSION, ENROLLMENTS, interval=RESYNC_SECONDS, initial_delay=RESYNC_SECONDS)
def enroll(spec: Mapping[str, Any], body: Mapping[str, Any], patch: Any, **_: Any) -> None:
    """The databases of one RdsEnrollment, and a deployment for each VPC."""
    instances = job().aws.databases()
    for vpc in sorted({vpc_of(item) for item in instances}):
        _ensure_deployment(spec, vpc)
    job().enroll(instances)
    patch.status["discovered"] = patch.status["enrolled"] = len(instances)
    _ready(body, patch)


@kopf.on.create(GROUP, VERSION, DEPLOYMENTS)
@kopf.on.update(GROUP, VERSION, DEPLOYMENTS)
@kopf.timer(GROUP, VERSION, DEPLOYMENTS, interval=RESYNC_SECONDS, initial_delay=RESYNC_SECONDS)
def deploy(spec: Mapping[str, Any], body: Mapping[str, Any], patch: Any, **_: Any) -> None:
    """The agents of one DatabaseServiceDeployment. Tried again until they are connected."""
    vpc = spec["vpcId"]
    job().deploy(vpc, spec["subnets"]["selector"]["tags"], spec["securityGroups"]["selector"]["tags"])
    if not job().connected(vpc):
        raise kopf.TemporaryError("the agents are not connected yet", delay=RETRY_SECONDS)
    _ready(body, patch)


def _ensure_deployment(enrollment: Mapping[str, Any], vpc: str) -> None:
    region = job().aws.region
    deployment: dict[str, Any] = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "DatabaseServiceDeployment",
        "metadata": {"name": f"{region}-{vpc}"},
        "spec": {
            "integrationRef": dict(enrollment["integrationRef"]),
            "region": region,
            "vpcId": vpc,
            **enrollment["deployment"],
        },
    }
    kopf.adopt(deployment)
    namespace = deployment["metadata"]["namespace"]
    try:
        kubernetes().create_namespaced_custom_object(GROUP, VERSION, namespace, DEPLOYMENTS, deployment)
    except client.ApiException as error:
        if error.status != _ALREADY_EXISTS:
            raise


def _ready(body: Mapping[str, Any], patch: Any) -> None:
    """The condition, where it is not there already."""
    generation = body["metadata"]["generation"]
    for condition in body.get("status", {}).get("conditions", ()):
        if condition["status"] == "True" and condition["observedGeneration"] == generation:
            return
    patch.status["observedGeneration"] = generation
    patch.status["conditions"] = [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": "Everything is as it should be.",
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "observedGeneration": generation,
        }
    ]
