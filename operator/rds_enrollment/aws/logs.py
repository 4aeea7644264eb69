"""Amazon CloudWatch Logs: the log groups of deployments that have one of their own."""

from contextlib import suppress
from typing import TYPE_CHECKING

from rds_enrollment.aws.errors import translated
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.steps import logs as steps

if TYPE_CHECKING:
    from rds_enrollment.aws.session import AwsAccount

_TAIL_EVENTS = 40
_EVENT_CHARACTERS = 2000
"""Of an event, which may have 256 KB, what is looked at."""


def get_log_group(account: "AwsAccount", region: str, name: str) -> LogGroup | None:
    """logs:DescribeLogGroups, which knows prefixes only, and logs:ListTagsForResource."""
    client = account.client("logs", region)
    with translated("logs:DescribeLogGroups", f"CloudWatch log group {name} in {region}"):
        pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        entries = (entry for page in pages for entry in page["logGroups"])
        entry = next((entry for entry in entries if entry.get("logGroupName") == name), None)
    if entry is None:
        return None
    # ListTagsForResource takes the ARN without the `:*` that DescribeLogGroups ends it with.
    arn = entry.get("arn", "").removesuffix(":*")
    with translated("logs:ListTagsForResource", f"CloudWatch log group {name} in {region}"):
        try:
            tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
        except client.exceptions.ResourceNotFoundException:
            return None
    return LogGroup(
        name=name,
        arn=arn,
        retention_days=entry.get("retentionInDays"),
        kms_key_id=entry.get("kmsKeyId", ""),
        tags=tags,
    )


def get_log_tail(account: "AwsAccount", region: str, group: str, stream: str) -> tuple[str, ...]:
    """logs:GetLogEvents: the last events of a stream, the oldest first; none where group or stream is not there."""
    client = account.client("logs", region)
    with translated("logs:GetLogEvents", f"CloudWatch log stream {group}/{stream} in {region}"):
        try:
            answer = client.get_log_events(
                logGroupName=group, logStreamName=stream, limit=_TAIL_EVENTS, startFromHead=False
            )
        except client.exceptions.ResourceNotFoundException:
            return ()
    return tuple(event.get("message", "")[:_EVENT_CHARACTERS] for event in answer["events"])


def create_log_group(account: "AwsAccount", step: steps.CreateLogGroup) -> None:
    """logs:CreateLogGroup. Raises Conflict when the name is taken."""
    client = account.client("logs", step.region)
    with translated("logs:CreateLogGroup", step.target):
        if step.kms_key_id:
            client.create_log_group(logGroupName=step.group, kmsKeyId=step.kms_key_id, tags=dict(step.tags))
        else:
            client.create_log_group(logGroupName=step.group, tags=dict(step.tags))


def tag_log_group(account: "AwsAccount", step: steps.TagLogGroup) -> None:
    """logs:TagResource. Tags that are not named stay."""
    with translated("logs:TagResource", step.target):
        account.client("logs", step.region).tag_resource(resourceArn=step.arn, tags=dict(step.tags))


def untag_log_group(account: "AwsAccount", step: steps.UntagLogGroup) -> None:
    """logs:UntagResource."""
    with translated("logs:UntagResource", step.target):
        account.client("logs", step.region).untag_resource(resourceArn=step.resource, tagKeys=list(step.keys))


def put_retention_policy(account: "AwsAccount", step: steps.PutRetentionPolicy) -> None:
    """logs:PutRetentionPolicy."""
    with translated("logs:PutRetentionPolicy", step.target):
        client = account.client("logs", step.region)
        client.put_retention_policy(logGroupName=step.group, retentionInDays=step.days)


def delete_retention_policy(account: "AwsAccount", step: steps.DeleteRetentionPolicy) -> None:
    """logs:DeleteRetentionPolicy."""
    with translated("logs:DeleteRetentionPolicy", step.target):
        account.client("logs", step.region).delete_retention_policy(logGroupName=step.group)


def associate_kms_key(account: "AwsAccount", step: steps.AssociateKmsKey) -> None:
    """logs:AssociateKmsKey."""
    with translated("logs:AssociateKmsKey", step.target):
        client = account.client("logs", step.region)
        client.associate_kms_key(logGroupName=step.group, kmsKeyId=step.kms_key_id)


def disassociate_kms_key(account: "AwsAccount", step: steps.DisassociateKmsKey) -> None:
    """logs:DisassociateKmsKey."""
    with translated("logs:DisassociateKmsKey", step.target):
        account.client("logs", step.region).disassociate_kms_key(logGroupName=step.group)


def delete_log_group(account: "AwsAccount", step: steps.DeleteLogGroup) -> None:
    """logs:DeleteLogGroup. One that is gone is deleted."""
    with translated("logs:DeleteLogGroup", step.target):
        client = account.client("logs", step.region)
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_log_group(logGroupName=step.group)
