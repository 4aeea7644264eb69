"""Writes to Amazon CloudWatch Logs."""

from collections.abc import Mapping
from dataclasses import dataclass

from rds_enrollment.plan.steps.aws import AwsStep, UntagStep


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagLogGroup(UntagStep):
    """logs:UntagResource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroupStep(AwsStep):
    """A write to a CloudWatch log group."""

    group: str

    @property
    def target(self) -> str:
        return f"CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLogGroup(LogGroupStep):
    """logs:CreateLogGroup. `kms_key_id` is empty for CloudWatch's own encryption."""

    kms_key_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLogGroup(AwsStep):
    """logs:TagResource. Tags that are not named stay."""

    arn: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"tags of {self.arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRetentionPolicy(LogGroupStep):
    """logs:PutRetentionPolicy."""

    days: int

    @property
    def target(self) -> str:
        return f"retention of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRetentionPolicy(LogGroupStep):
    """logs:DeleteRetentionPolicy: events never expire."""

    @property
    def target(self) -> str:
        return f"retention of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociateKmsKey(LogGroupStep):
    """logs:AssociateKmsKey."""

    kms_key_id: str

    @property
    def target(self) -> str:
        return f"KMS key of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociateKmsKey(LogGroupStep):
    """logs:DisassociateKmsKey: CloudWatch's own encryption."""

    @property
    def target(self) -> str:
        return f"KMS key of CloudWatch log group {self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLogGroup(LogGroupStep):
    """logs:DeleteLogGroup, with everything that was logged."""
