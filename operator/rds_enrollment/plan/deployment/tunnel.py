"""TunnelConnected: whether as many agents are connected as are wanted; if not, what the log of a silent one says."""

from rds_enrollment.api.base import clip
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.agents import connected_tasks, running_tasks
from rds_enrollment.plan.deployment.tails import silent_tasks, told_by_log
from rds_enrollment.plan.deployment.telling import LOG_BYTES, explained, task_link, told
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.agent_log import LogFinding
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Task, TaskDefinition
from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.plan.part import Part, held, progressing, satisfied, unseen
from rds_enrollment.plan.text import first

_CONDITION = ConditionType.TUNNEL_CONNECTED
_NAMED = 2
_RULES_BYTES = 320
_PATIENCE = "If this lasts, read their logs (status.logsUrl)."


def tunnel_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Whether as many agents are connected as are wanted."""
    if isinstance(world.agents, Unseen):
        return unseen(_CONDITION, world.agents, attempts)
    connected = connected_tasks(wanted, world)
    count = f"{len(connected)} of {wanted.replicas} agents are connected"
    if len(connected) >= wanted.replicas:
        return satisfied(_CONDITION, f"{count} to Teleport.")
    if not running_tasks(world):
        return held(_CONDITION, "TasksRunning")
    silent = silent_tasks(wanted, world)
    shown = first([names.task_id(task.arn) for task in silent], _NAMED) or "none"
    happened = f"{count} to {wanted.scope.cluster.proxy_address}; running without a heartbeat: {shown}."
    found = told_by_log(world, silent[0]) if silent else LogFinding(None, "")
    if found.reason is not None:
        return progressing(_CONDITION, found.reason, _named(wanted, world, happened, silent[0], found))
    logged = f" The log of the first ends with: {clip(found.line, LOG_BYTES)}" if found.line else ""
    reason = Reason.AGENTS_NOT_CONNECTED
    message = told(wanted, f"{happened}{logged}", reason, _PATIENCE)
    return progressing(_CONDITION, reason, message)


def _named(
    wanted: WantedDeployment, world: DeploymentWorld, happened: str, task: Task, found: LogFinding
) -> str:
    reason = found.reason or Reason.AGENTS_NOT_CONNECTED
    return told(
        wanted,
        f"{happened} Its log: {clip(found.line, LOG_BYTES)}",
        reason,
        _rules(world) if reason is Reason.JOIN_DENIED else explained(wanted, world, reason),
        link=task_link(wanted, task),
    )


def _rules(world: DeploymentWorld) -> str:
    """Whom the token admits, and as whom the tasks come."""
    token, serving = world.token, world.serving
    if not isinstance(token, JoinToken) or not isinstance(serving, TaskDefinition):
        return ""
    rules = sorted(f"account {rule.account or 'any'}, {rule.arn or 'any role'}" for rule in token.rules)
    role = names.role_name(str(serving.body.get("taskRoleArn", "")))
    return clip(
        f"The tasks run as {role or 'no role'}; {token.name} admits {'; '.join(rules) or 'nobody'}.",
        _RULES_BYTES,
    )
