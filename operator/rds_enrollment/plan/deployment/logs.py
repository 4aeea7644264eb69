"""The log group of a deployment that has one of its own: made before the tasks that write to it."""

from rds_enrollment.api.agents import Logs
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.part import Part, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.logs import (
    AssociateKmsKey,
    CreateLogGroup,
    DeleteLogGroup,
    DeleteRetentionPolicy,
    DisassociateKmsKey,
    PutRetentionPolicy,
    TagLogGroup,
    UntagLogGroup,
)

_CONDITION = ConditionType.TASK_DEFINITION_REGISTERED


def logs_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The log group's share of TaskDefinitionRegistered, which names it."""
    if not wanted.owns_log_group:
        return satisfied(_CONDITION, f"Agents log to {wanted.log_group}.")
    if isinstance(world.log_group, Unseen):
        return unseen(_CONDITION, world.log_group, attempts)
    group, logs = world.log_group, wanted.agents.logs or Logs()
    if group is None:
        return writing(_CONDITION, _creation(wanted, logs))
    if not (ownership.marked(group.tags, wanted.owner.mark) or wanted.adoption.takes(group.tags)):
        message = (
            f"Log group {group.arn} exists and {ownership.owner_text(group.tags)}, not {wanted.owner.mark}: its "
            f"retention and key are left as they are. Leave out spec.logs.retentionDays and kmsKeyId, or name another "
            f"group.{wanted.adoption.note}"
        )
        return refused(_CONDITION, Reason.OWNED_BY_ANOTHER, message)
    repairs = _repairs(wanted, logs, group)
    return writing(_CONDITION, *repairs) if repairs else satisfied(_CONDITION, f"Agents log to {group.arn}.")


def logs_removal(wanted: WantedDeployment, world: DeploymentWorld) -> Step | None:
    """The deletion of a log group of ours, None when there is none."""
    group = world.log_group
    if isinstance(group, LogGroup) and ownership.marked(group.tags, wanted.owner.mark):
        return DeleteLogGroup(condition=_CONDITION, region=wanted.region, group=group.name)
    return None


def _creation(wanted: WantedDeployment, logs: Logs) -> CreateLogGroup:
    return CreateLogGroup(
        condition=_CONDITION,
        region=wanted.region,
        group=wanted.log_group,
        kms_key_id=logs.kms_key_id or "",
        tags=wanted.tags,
    )


def _repairs(wanted: WantedDeployment, logs: Logs, group: LogGroup) -> list[Step]:
    repairs: list[Step] = []
    tags = ownership.drifted_tags(wanted.tags, group.tags)
    if tags:
        repairs.append(TagLogGroup(condition=_CONDITION, region=wanted.region, arn=group.arn, tags=tags))
    stale = ownership.stale_tags(wanted.former_tags.own, group.tags)
    if stale:
        repairs.append(
            UntagLogGroup(condition=_CONDITION, region=wanted.region, resource=group.arn, keys=stale)
        )
    if group.retention_days != logs.retention_days:
        repairs.append(_retention(wanted, logs.retention_days, group))
    if group.kms_key_id != (logs.kms_key_id or ""):
        repairs.append(_key(wanted, logs.kms_key_id, group))
    return repairs


def _retention(wanted: WantedDeployment, days: int | None, seen: LogGroup) -> Step:
    group, region = wanted.log_group, wanted.region
    changed = (f"retentionInDays {seen.retention_days} to {days}",)
    if days is None:
        return DeleteRetentionPolicy(condition=_CONDITION, region=region, group=group, changed=changed)
    return PutRetentionPolicy(condition=_CONDITION, region=region, group=group, days=days, changed=changed)


def _key(wanted: WantedDeployment, key: str | None, seen: LogGroup) -> Step:
    group, region = wanted.log_group, wanted.region
    changed = (f"kmsKeyId {seen.kms_key_id or None} to {key}",)
    if key is None:
        return DisassociateKmsKey(condition=_CONDITION, region=region, group=group, changed=changed)
    return AssociateKmsKey(condition=_CONDITION, region=region, group=group, kms_key_id=key, changed=changed)
