"""Steps: the external writes that a plan may name. One step is one write; its adapter applies it."""

from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.base import Step
from rds_enrollment.plan.steps.kubernetes import KubernetesStep
from rds_enrollment.plan.steps.teleport import TeleportStep

__all__ = ["AwsStep", "KubernetesStep", "Step", "TeleportStep"]
