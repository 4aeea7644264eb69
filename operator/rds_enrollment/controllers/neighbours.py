"""The other deployments of a Teleport cluster, from their objects."""

from datetime import UTC, datetime

from pydantic import ValidationError

from rds_enrollment.api.conditions import Condition, find_condition
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeployment
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.kubernetes.client import Object, Objects
from rds_enrollment.plan import names
from rds_enrollment.plan.conditions import is_true
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.observed.kubernetes import Claim, Neighbour

_LEFT_TO_OTHERS = frozenset({Reason.AGENT_NEWER_THAN_CLUSTER, Reason.UPDATED_BY_TELEPORT})
"""What agents have in these cases stays, although it is not the cluster's version."""


def parsed(raw: Object) -> DatabaseServiceDeployment | None:
    """An object that is not valid is not served, and claims nothing."""
    try:
        return DatabaseServiceDeployment.model_validate(raw)
    except ValidationError:
        return None


def claim_of(resource: DatabaseServiceDeployment) -> Claim:
    """What the object stakes by being there. One that the API server has not dated yet comes last."""
    metadata = resource.metadata
    created = metadata.creation_timestamp or datetime.max.replace(tzinfo=UTC)
    return Claim(created, metadata.namespace, metadata.name)


def rollout_failed(resource: DatabaseServiceDeployment) -> bool:
    """Whether the last rollout of its service went back, or failed with nothing to go back to."""
    deployed = _deployed(resource)
    return deployed is not None and deployed.reason in (Reason.ROLLED_BACK, Reason.ROLLOUT_FAILED)


def neighbour_of(raw: Object, teleport_cluster: str) -> Neighbour | None:
    """None for what has nothing to do with the cluster."""
    resource = parsed(raw)
    if resource is None or resource.status.teleport_cluster != teleport_cluster:
        return None
    deployed = _deployed(resource)
    reason = deployed.reason if deployed else ""
    pinned = resource.spec.version is not None and resource.spec.version.pinned is not None
    idle = pinned or resource.paused or resource.deleting or resource.spec.observes
    rolling = deployed is not None and reason == Reason.ROLLING_OUT
    return Neighbour(
        claim=claim_of(resource),
        version=resource.status.agent_version or "",
        follows=not idle and reason not in _LEFT_TO_OTHERS,
        ready=is_true(resource.status.conditions, ConditionType.READY),
        rolling_since=deployed.last_transition_time if deployed is not None and rolling else None,
    )


def observed_roles(raw: Object) -> tuple[str, ...]:
    """ARNs of the roles that a deployment observes. One that goes as well needs them until its agents are gone."""
    resource = parsed(raw)
    if resource is None or (resource.deleting and resource.status.service_arn is None):
        return ()
    observed = {role.name for role in resource.roles if not role.managed}
    seen = (resource.status.task_role_arn, resource.status.execution_role_arn)
    return tuple(arn for arn in seen if arn and names.role_name(arn) in observed)


async def claims_beside(objects: Objects, wanted: WantedDeployment) -> tuple[Claim, ...]:
    """What other objects ask for the same service. One's integration may be of another account, in which the VPC is not
    the same. Raises Outcome."""
    found: list[Claim] = []
    for raw in await objects.list(DATABASE_SERVICE_DEPLOYMENT.kind):
        other = parsed(raw)
        if other is None or claim_of(other) == wanted.claim or other.spec.observes:
            continue
        if (other.spec.region, other.spec.vpc_id) != (wanted.region, wanted.vpc_id):
            continue
        reference = other.spec.integration_ref.key(other.metadata.namespace)
        integration = await objects.get(AWS_OIDC_INTEGRATION.kind, *reference)
        if integration is not None and integration["spec"]["accountId"] == wanted.scope.account:
            found.append(claim_of(other))
    return tuple(found)


async def neighbours_of(objects: Objects, wanted: WantedDeployment) -> tuple[Neighbour, ...]:
    """The other deployments of the Teleport cluster. Raises Outcome."""
    listed = await objects.list(DATABASE_SERVICE_DEPLOYMENT.kind)
    found = (neighbour_of(raw, wanted.scope.cluster.name) for raw in listed)
    return tuple(item for item in found if item is not None and item.claim != wanted.claim)


def _deployed(resource: DatabaseServiceDeployment) -> Condition | None:
    return find_condition(resource.status.conditions, ConditionType.SERVICE_DEPLOYED)
