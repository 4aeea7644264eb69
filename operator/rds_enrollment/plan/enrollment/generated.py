"""DatabaseServiceDeployments as an enrolment reads and writes them: whose each is, and what ours should say."""

from typing import Any

from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.common import API_VERSION, GROUP, AdoptionPolicy, IntegrationRef
from rds_enrollment.api.deployment_template import DeploymentTemplate
from rds_enrollment.plan.enrollment.manifest import Json, applied_fields, has_leftovers, is_in_force
from rds_enrollment.plan.enrollment.world import WantedEnrollment

_KIND = "DatabaseServiceDeployment"
_OWNER_KIND = "RdsEnrollment"


def deployment_name(region: str, vpc_id: str) -> str:
    """Name of the generated deployment of a VPC."""
    return f"{region}-{vpc_id}"


def name_of(live: Json) -> str:
    """metadata.name."""
    return str(live["metadata"]["name"])


def namespace_of(live: Json) -> str:
    """metadata.namespace."""
    return str(live["metadata"]["namespace"])


def covers(live: Json, wanted: WantedEnrollment, region: str, vpc_id: str) -> bool:
    """Whether a deployment, whoever made it, serves this VPC through the enrolment's integration."""
    spec = live["spec"]
    reference = IntegrationRef.model_validate(spec["integrationRef"])
    return (spec["region"], spec["vpcId"], reference.key(namespace_of(live))) == (
        region,
        vpc_id,
        wanted.spec.integration_ref.key(wanted.owner.namespace),
    )


def is_generated(live: Json) -> bool:
    """Whether an enrolment made it, rather than a user."""
    return bool(enrolments(live)) or applied_fields(live) is not None


def is_going(live: Json) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in live["metadata"]


def owners(live: Json) -> tuple[Json, ...]:
    """metadata.ownerReferences."""
    return tuple(live["metadata"].get("ownerReferences", ()))


def enrolments(live: Json) -> tuple[Json, ...]:
    """The ownerReferences that name an RdsEnrollment."""
    return tuple(owner for owner in owners(live) if _is_enrolment(owner))


def is_owned_by(live: Json, uid: str) -> bool:
    """Whether the enrolment with this UID is an owner."""
    return any(owner["uid"] == uid for owner in enrolments(live))


def is_controlled_by_another(live: Json, uid: str) -> bool:
    """Whether another owner decides what it says."""
    return any(owner.get("controller") and owner["uid"] != uid for owner in owners(live))


def is_generated_by(live: Json, uid: str) -> bool:
    """Whether the enrolment with this UID decides what it says."""
    return is_owned_by(live, uid) and not is_controlled_by_another(live, uid)


def without_owner(live: Json, uid: str) -> tuple[Json, ...]:
    """The ownerReferences that remain when the enrolment with this UID goes."""
    return tuple(owner for owner in owners(live) if owner["uid"] != uid)


def owner_reference(wanted: WantedEnrollment, *, controller: bool) -> dict[str, Any]:
    """The ownerReference of the enrolment. A deployment has at most one controller."""
    return {
        "apiVersion": API_VERSION,
        "kind": _OWNER_KIND,
        "name": wanted.owner.name,
        "uid": wanted.uid,
        "controller": controller,
        "blockOwnerDeletion": True,
    }


def manifest(
    wanted: WantedEnrollment, template: DeploymentTemplate, region: str, vpc_id: str
) -> dict[str, Any]:
    """What server-side apply sends: only what the template says, so that the rest stays as others set it."""
    spec: dict[str, Any] = {
        "integrationRef": wanted.spec.integration_ref.model_dump(by_alias=True, exclude_none=True),
        "region": region,
        "vpcId": vpc_id,
        **_without_empty(
            _said(template, {"max_deployments", "per_vpc", "empty_vpc_grace_period"})
            | _said_of(template, vpc_id)
        ),
    }
    if wanted.spec.retains:
        spec["deletionPolicy"] = wanted.spec.deletion_policy.value
    if wanted.spec.adoption_policy is not AdoptionPolicy.NEVER:
        spec["adoptionPolicy"] = wanted.spec.adoption_policy.value
    if wanted.spec.tags:
        spec["tags"] = dict(wanted.spec.tags)
    return {
        "apiVersion": API_VERSION,
        "kind": _KIND,
        "metadata": {
            "name": deployment_name(region, vpc_id),
            "namespace": wanted.owner.namespace,
            "ownerReferences": [owner_reference(wanted, controller=True)],
        },
        "spec": spec,
    }


def _said_of(template: DeploymentTemplate, vpc_id: str) -> dict[str, Any]:
    """What the template says of one VPC."""
    override = next((item for item in template.per_vpc if item.vpc_id == vpc_id), None)
    return _said(override, {"vpc_id"}) if override else {}


def _said(agents: AgentSpec, left_out: set[str]) -> dict[str, Any]:
    return agents.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_unset=True, exclude=left_out
    )


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """An empty list or map says what is so by default, and the API server forgets who applied it: nobody could take it
    back."""
    return {name: value for name, value in fields.items() if value not in ([], {})}


def is_applied(wanted: Json, live: Json) -> bool:
    """Whether applying the manifest would change nothing."""
    spec_fields = (applied_fields(live) or {}).get("f:spec", {})
    return (
        is_in_force(wanted["spec"], live["spec"])
        and is_in_force(wanted["metadata"]["ownerReferences"], owners(live))
        and not has_leftovers(spec_fields, wanted["spec"])
    )


def unapplied(wanted: Json, live: Json) -> tuple[str, ...]:
    """Names of the fields that say something else than the manifest does."""
    applied = (applied_fields(live) or {}).get("f:spec", {})
    taken_back = [
        name.removeprefix("f:") for name in applied if name.removeprefix("f:") not in wanted["spec"]
    ]
    differing = [
        name for name, value in wanted["spec"].items() if not is_in_force(value, live["spec"].get(name))
    ]
    owners_differ = not is_in_force(wanted["metadata"]["ownerReferences"], owners(live))
    return (*differing, *taken_back, *(("ownerReferences",) if owners_differ else ()))


def _is_enrolment(owner: Json) -> bool:
    group, _, _ = str(owner["apiVersion"]).partition("/")
    return group == GROUP and owner["kind"] == _OWNER_KIND
