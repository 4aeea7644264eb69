"""The condition of an enrolment that tells whether agents can connect to its databases."""

from collections.abc import Mapping, Sequence

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.database_health import Health, Reach, health_of
from rds_enrollment.plan.enrollment.registration import Registration
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.part import Part, held, satisfied, unseen
from rds_enrollment.plan.text import counted, listing

_CONDITION = ConditionType.DATABASES_REACHABLE

_SILENCE = {
    Reach.NOT_REPORTED: "No agent has reported on {} yet.",
    Reach.NOT_CHECKED: "No health_check_config in Teleport matches {}: have one match, or nobody checks.",
    Reach.TOO_OLD: "The agents of {} do not check their databases: Teleport does from version 18 on.",
}
"""Why nothing is known, the one to act on first."""


def reachable_part(world: EnrollmentWorld, registration: Registration | None, attempts: int) -> Part:
    """Informing: whether the agents can connect to every enrolled database."""
    if registration is None:
        return held(_CONDITION, ConditionType.DATABASES_ENROLLED)
    if isinstance(world.servers, Unseen):
        return unseen(_CONDITION, world.servers, attempts)
    health = health_of(world.servers, world.read_at)
    names = sorted({item.name for item in registration.entries if item.in_teleport})
    failing = _with(names, health, Reach.UNREACHABLE)
    told = _told_by_deployments(world, registration)
    if failing:
        message = listing([f"{name}: {health[name].error}" for name in failing], "; ", len(told)) + told
        return Part(_CONDITION, Verdict.no(Reason.UNREACHABLE, message), done=True)
    silence = _silence(names, health) if names else "No database is enrolled."
    if silence and told:
        return Part(_CONDITION, Verdict.no(Reason.UNREACHABLE, silence + told), done=True)
    if silence:
        return Part(_CONDITION, Verdict.unknown(Reason.NOT_REPORTED, silence), done=True)
    return satisfied(_CONDITION, f"Agents can connect to all of {counted(len(names), 'database')}.")


def _told_by_deployments(world: EnrollmentWorld, registration: Registration) -> str:
    """What a deployment in a VPC of the databases found to be in the way, with a space before it."""
    if isinstance(world.deployments, Unseen):
        return ""
    places = {(item.region, item.vpc_id) for item in registration.entries if item.in_teleport}
    for live in world.deployments:
        spec, conditions = live["spec"], live.get("status", {}).get("conditions", ())
        found = next((item for item in conditions if item["type"] == _CONDITION), None)
        if found and found["status"] == "False" and (spec["region"], spec["vpcId"]) in places:
            return f" DatabaseServiceDeployment {live['metadata']['name']}: {found['message']}"
    return ""


def _silence(names: Sequence[str], health: Mapping[str, Health]) -> str:
    """Why nothing is known of some; empty when something is known of all."""
    for reach, text in _SILENCE.items():
        if silent := _with(names, health, reach):
            return text.format(listing(silent))
    return ""


def _with(names: Sequence[str], health: Mapping[str, Health], reach: Reach) -> list[str]:
    unknown = Health(Reach.NOT_REPORTED)
    return [name for name in names if health.get(name, unknown).reach is reach]
