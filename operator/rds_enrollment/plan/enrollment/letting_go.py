"""The end of an enrolment that leaves everything as it is."""

from collections.abc import Iterable

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.enrollment import generated
from rds_enrollment.plan.enrollment.manifest import Json
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.part import Part, removed, writing
from rds_enrollment.plan.steps.kubernetes import SetDeploymentOwners

_CONDITION = ConditionType.DEPLOYMENTS_READY


def disowned(deployments: Iterable[Json], owner: Owner, uid: str) -> tuple[Part, ...]:
    """Generated deployments stop naming the enrolment: Kubernetes' garbage collector would delete them after it, and
    they would take down their agents."""
    steps = [
        SetDeploymentOwners(
            condition=_CONDITION,
            namespace=owner.namespace,
            deployment=generated.name_of(live),
            resource_version=live["metadata"]["resourceVersion"],
            owners=generated.without_owner(live, uid),
        )
        for live in deployments
        if generated.is_owned_by(live, uid)
    ]
    done = removed(_CONDITION, "No deployment names this enrolment as its owner.")
    return (writing(_CONDITION, *steps) if steps else done,)
