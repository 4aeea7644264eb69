"""The condition of an enrolment's deployments, summed up from their own Ready conditions."""

from dataclasses import replace

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.enrollment import generated
from rds_enrollment.plan.enrollment.deployments import Coverage
from rds_enrollment.plan.enrollment.manifest import Json
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Blocked, Waiting
from rds_enrollment.plan.part import Part, held, progressing, satisfied, unseen, writing
from rds_enrollment.plan.text import counted, listing

_CONDITION = ConditionType.DEPLOYMENTS_READY


def deployments_part(
    wanted: WantedEnrollment, world: EnrollmentWorld, coverage: Coverage | None, attempts: int
) -> Part:
    """Whether every VPC with enrolled databases has a deployment that is Ready."""
    if coverage is None:
        if isinstance(world.deployments, Unseen):
            return unseen(_CONDITION, world.deployments, attempts)
        return held(_CONDITION, ConditionType.DATABASES_ENROLLED)
    obstacle = _obstacle(wanted, coverage)
    if obstacle:
        return Part(
            _CONDITION, Verdict.no(obstacle.reason, obstacle.message), coverage.steps, outcome=obstacle
        )
    if coverage.steps:
        return writing(_CONDITION, *coverage.steps)
    if wanted.spec.deployment is None:
        message = "spec.deployment is not set: none is generated, agents must run already."
        return Part(_CONDITION, Verdict.ok(message, Reason.NO_DEPLOYMENT_TEMPLATE), done=True)
    return _with_grace(_summed_up(coverage), wanted.spec, world, coverage)


def _obstacle(wanted: WantedEnrollment, coverage: Coverage) -> Blocked | None:
    beyond = [str(item.vpc) for item in coverage.vpcs if item.beyond_limit]
    if beyond and wanted.spec.deployment:
        return Blocked(
            Reason.TOO_MANY_DEPLOYMENTS,
            f"spec.deployment.maxDeployments is {wanted.spec.deployment.max_deployments}: no deployment is made for "
            f"{listing(beyond)}. Raise it, or choose fewer databases.",
        )
    taken = [
        generated.deployment_name(item.vpc.region, item.vpc.vpc_id)
        for item in coverage.vpcs
        if item.name_taken
    ]
    if taken:
        return Blocked(
            Reason.NAME_TAKEN,
            f"DatabaseServiceDeployment {listing(taken)} exists for another VPC or integration. Delete or rename it.",
        )
    return None


def _with_grace(part: Part, spec: RdsEnrollmentSpec, world: EnrollmentWorld, coverage: Coverage) -> Part:
    """Look again when the first grace period is over."""
    if spec.deployment is None or not coverage.emptied or not part.done:
        return part
    since = min(item.empty_since for item in coverage.emptied if item.empty_since)
    left = spec.deployment.grace_seconds - (world.read_at - since).total_seconds()
    names = listing([str(item.vpc) for item in coverage.emptied])
    message = f"{part.verdict.message} Without databases, and going: {names}."
    verdict = replace(part.verdict, message=message)
    wait = Waiting(Reason.SUCCEEDED, message, after=min(max(left, 0.0), spec.resync_seconds))
    return replace(part, verdict=verdict, outcome=wait)


def _summed_up(coverage: Coverage) -> Part:
    lives = [item.live for item in coverage.vpcs if item.live is not None]
    if not lives:
        return satisfied(_CONDITION, "No VPC needs a deployment.")
    lagging = [text for live in lives if (text := _not_ready(live))]
    if lagging:
        return progressing(_CONDITION, Reason.DEPLOYMENTS_NOT_READY, listing(lagging, "; "))
    return satisfied(_CONDITION, f"Ready: {counted(len(lives), 'deployment')} ({listing(_names(lives))}).")


def _names(lives: list[Json]) -> list[str]:
    return sorted(generated.name_of(live) for live in lives)


def _not_ready(live: Json) -> str:
    """Why a deployment is not Ready; empty when it is."""
    name = generated.name_of(live)
    if generated.is_going(live):
        return f"{name} is being deleted"
    conditions = live.get("status", {}).get("conditions", ())
    ready = next((item for item in conditions if item["type"] == ConditionType.READY), None)
    if ready is None or ready.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return f"{name} was not looked at yet"
    return "" if ready["status"] == "True" else f"{name} ({ready['reason']}): {ready['message']}"
